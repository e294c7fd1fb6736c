# SPDX-License-Identifier: Apache-2.0
"""Tests of the choice of a backend by rights, and of its messages."""
from actor import connect_pairs
from case import main
from exporter import Exporter, without_limit
from rights import SETPRIV, RightsCase, as_nobody


class Backends(RightsCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 3, 80)
        self.owners = {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("established", "client", "ephemeral"): 3,
        }

    def expect(self, exporter: Exporter, backend: str) -> None:
        exposition = self.check(self.owners, exporter)
        self.assertEqual(exposition.sum_by("tcp_exporter_backend_info", "backend"), {(backend,): 1})

    def warnings(self, exporter: Exporter) -> str:
        lines = without_limit(exporter.program.output().stderr).decode().splitlines()
        return "".join(line for line in lines if "level=warn" in line)

    def test_auto_takes_bpf(self) -> None:
        exporter = self.start("auto")
        self.expect(exporter, "bpf")
        self.assertEqual(self.warnings(exporter), "")

    def test_auto_without_the_right_to_load_programs(self) -> None:
        exporter = self.start("auto", "--bounding-set=-bpf,-sys_admin")
        self.expect(exporter, "procfs")
        self.assertRegex(self.warnings(exporter), "backend=bpf .*needs CAP_BPF and CAP_PERFMON")

    def test_auto_without_the_right_to_read_kernel_memory(self) -> None:
        exporter = self.start("auto", "--bounding-set=-perfmon,-sys_admin")
        self.expect(exporter, "procfs")
        self.assertRegex(self.warnings(exporter), "backend=bpf .*needs CAP_BPF and CAP_PERFMON")

    def test_bpf_with_two_capabilities(self) -> None:
        self.expect(self.start("bpf", *as_nobody("bpf", "perfmon")), "bpf")

    def test_bpf_where_it_does_not_load(self) -> None:
        output = self.scene.output_of(SETPRIV, "--bounding-set=-bpf,-sys_admin", self.binary, "--collector.backend=bpf")
        self.assertEqual((output.code, output.stdout), (1, b""))
        self.assertRegex(output.stderr.decode(), "cannot load the BPF program: .*needs CAP_BPF and CAP_PERFMON")

    def test_bpf_in_a_rootless_container(self) -> None:
        output = self.scene.output_of("unshare", "--user", "--map-root-user", self.binary, "--collector.backend=bpf")
        self.assertEqual((output.code, output.stdout), (1, b""))
        self.assertIn("cannot load the BPF program: ", output.stderr.decode())
        self.assertIn("CAP_PERFMON in the host's user namespace", output.stderr.decode())

    def test_auto_without_the_owners_of_closed_connections(self) -> None:
        """One warning names the flag and the remedy, and the exporter serves without them."""
        exporter = self.start("auto", "--bounding-set=-bpf,-sys_admin", flags=("--collector.closed-owners",))
        self.expect(exporter, "procfs")
        warning = ('msg="a flag has no effect with this backend" flag=--collector.closed-owners backend=procfs '
                   'remedy="make the backend bpf work, or leave out the flag"')
        self.assertEqual(self.warnings(exporter).count(warning), 1)

    def test_procfs_has_no_owners_of_closed_connections(self) -> None:
        output = self.scene.output_of(self.binary, "--collector.backend=procfs", "--collector.closed-owners")
        self.assertEqual((output.code, output.stdout), (2, b""))
        self.assertEqual(output.stderr.decode(), "tcp_exporter: --collector.closed-owners does not work here: the "
                                                 "backend \"procfs\" has no owners of closed connections to read\n")

    def test_last_words_where_bpf_does_not_load(self) -> None:
        for level, expected in (("debug", 1), ("info", 0)):
            output = self.scene.output_of(SETPRIV, "--bounding-set=-bpf,-sys_admin", self.binary,
                                          "--collector.backend=bpf", f"--log.level={level}")
            self.assertEqual(output.stderr.decode().count('words="libbpf: '), expected)

    def test_feature_of_the_build(self) -> None:
        self.assertRegex(self.scene.output_of(self.binary, "--version").stdout.decode(), "features: .*bpf")


if __name__ == "__main__":
    main()
