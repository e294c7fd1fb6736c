# SPDX-License-Identifier: Apache-2.0
"""Which backend runs with which rights, and what is said about it."""
import os
import tempfile

from actor import connect_pairs
from case import SceneCase, main
from exporter import Exporter

NOBODY = "65534"
SETPRIV = "/usr/bin/setpriv"


class Backends(SceneCase):
    compares = False

    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 3, 80)
        self.owners = {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("established", "client", "ephemeral"): 3,
        }

    def start(self, backend: str, *rights: str) -> Exporter:
        """An exporter that setpriv(1) starts with these rights."""
        script = self.write_script(f'exec {SETPRIV} {" ".join(rights)} {self.binary} "$@"' if rights
                                   else f'exec {self.binary} "$@"')  # fmt: skip
        exporter = self.start_exporter(binary=script, backend=backend)
        exporter.name = "tcp_exporter"
        return exporter

    def write_script(self, text: str) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "start")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)
        return path

    def expect(self, exporter: Exporter, backend: str) -> None:
        exposition = self.check(self.owners, exporter)
        self.assertEqual(exposition.sum_by("tcp_exporter_backend_info", "backend"), {(backend,): 1})

    def warnings(self, exporter: Exporter) -> str:
        return "".join(line for line in exporter.program.output().stderr.decode().splitlines() if "level=warn" in line)

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
        rights = ("--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all,+bpf,+perfmon",
                  "--ambient-caps=-all,+bpf,+perfmon", "--bounding-set=-all,+bpf,+perfmon")  # fmt: skip
        self.expect(self.start("bpf", *rights), "bpf")

    def test_bpf_where_it_does_not_load(self) -> None:
        output = self.scene.output_of(SETPRIV, "--bounding-set=-bpf,-sys_admin", self.binary, "--collector.backend=bpf")
        self.assertEqual((output.code, output.stdout), (1, b""))
        self.assertRegex(output.stderr.decode(), "cannot load the BPF program: .*needs CAP_BPF and CAP_PERFMON")


if __name__ == "__main__":
    main()
