# SPDX-License-Identifier: Apache-2.0
"""Tests of the flags that change labels: optional labels, process names, ports, filters, the cap on series."""
import json
import os
import tempfile
from collections import Counter

from actor import Actor, connect_pairs
from case import SceneCase, main, own_sockets
from exporter import PORT
from process import wait_until
from sockets import show_rows

CONTAINER = "0123456789abcdef" * 4


class Labels(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")
        self.listener = self.web.listen(port=80)
        connect_pairs(self.client, self.web, self.listener, 2, 80)
        self.owners = {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 2,
            ("established", "client", "ephemeral"): 2,
        }

    def values(self, label: str, process: str = "web", flags: tuple[str, ...] = ()) -> Counter:
        """Makes the usual comparison, and returns the label's values for the process."""
        exposition = self.check(self.owners, self.start_exporter(f"--collector.label={label}", *flags))
        return exposition.sum_by("tcp_connections", label, keep=lambda labels: labels["process"] == process)

    def test_pid(self) -> None:
        other = self.scene.actor("web")
        other.listen(port=80, address="127.0.0.2")
        self.owners[("listen", "web", "80")] += 1
        self.assertEqual(self.values("pid"), {(str(self.web.pid),): 3, (str(other.pid),): 1})

    def test_pid_of_a_waiting_connection_is_its_listeners(self) -> None:
        self.client.connect(port=80)
        self.owners[("established", "web", "80")] += 1
        self.owners[("established", "client", "ephemeral")] += 1
        self.assertEqual(self.values("pid"), {(str(self.web.pid),): 4})

    def test_user(self) -> None:
        self.web.become(uid=65534)
        self.assertEqual(self.values("user"), {("nobody",): 3})

    def test_user_without_a_name(self) -> None:
        self.web.become(uid=54321)
        self.assertEqual(self.values("user"), {("54321",): 3})

    def test_exe(self) -> None:
        self.assertEqual(self.values("exe"), {(os.path.realpath("/proc/self/exe"),): 3})

    def test_netns(self) -> None:
        self.assertEqual(self.values("netns"), {(str(os.fstat(self.scene.networks["main"]).st_ino),): 3})

    def test_local_address(self) -> None:
        self.web.listen(port=80, address="::1")
        self.owners[("listen", "web", "80")] += 1
        self.assertEqual(self.values("local_address"), {("127.0.0.1",): 3, ("::1",): 1})

    def test_family(self) -> None:
        self.web.listen(port=80, address="::1")
        self.owners[("listen", "web", "80")] += 1
        self.assertEqual(self.values("family"), {("ipv4",): 3, ("ipv6",): 1})

    def test_several_labels(self) -> None:
        exporter = self.start_exporter("--collector.label=pid", "--collector.label=user", "--collector.label", "family")
        exposition = self.check(self.owners, exporter)
        got = exposition.sum_by("tcp_connections", "process", "pid", "user", "family")
        self.assertEqual(got[("web", str(self.web.pid), "root", "ipv4")], 3)

    def place(self, actor: Actor, group: str) -> str:
        """Moves the actor to a new control group. Returns its slice."""
        root = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, root)
        self.scene.run("mount", "-t", "cgroup2", "none", root)
        slice_ = f"{root}/tcpexportertest{os.getpid()}.slice"
        self.addCleanup(self.scene.run, "sh", "-c", f"cd {slice_} && rmdir -p {group} && rmdir {slice_}")
        self.scene.run("mkdir", "-p", f"{slice_}/{group}")
        self.addCleanup(self.move, actor, root)
        self.move(actor, f"{slice_}/{group}")
        return slice_

    def move(self, actor: Actor, path: str) -> None:
        self.scene.run("sh", "-c", f"echo {actor.pid} > {path}/cgroup.procs")

    def test_unit(self) -> None:
        self.place(self.web, "web.service")
        self.assertEqual(self.values("unit"), {("web.service",): 3})

    def test_unit_of_a_users_service(self) -> None:
        self.place(self.web, "user@1000.service/app.slice/web.service")
        self.assertEqual(self.values("unit"), {("web.service",): 3})

    def test_unit_from_a_cgroup_namespace_of_its_own(self) -> None:
        """The path has the form of containers on cgroup v2."""
        slice_ = self.place(self.web, "web.service")
        own = f"{slice_}/exporter.scope"
        self.scene.run("mkdir", own)
        self.addCleanup(self.scene.run, "rmdir", own)
        script = self.write_script(f'echo $$ > {own}/cgroup.procs && exec unshare --cgroup {self.binary} "$@"')
        exporter = self.start_exporter("--collector.label=unit", binary=script)
        units = exporter.metrics().sum_by("tcp_connections", "process", "unit")
        self.assertEqual({unit for process, unit in units if process == "web"}, {"web.service"})

    def test_container(self) -> None:
        self.place(self.web, f"docker-{CONTAINER}.scope")
        self.assertEqual(self.values("container"), {(CONTAINER,): 3})

    def test_conmon_is_in_no_container(self) -> None:
        self.place(self.web, f"libpod-conmon-{CONTAINER}.scope")
        self.assertEqual(self.values("container"), {("",): 3})


class Procfs(SceneCase):
    backend = "auto"  # BPF sees only processes of the exporter's PID namespace, so auto must choose procfs

    def test_processes_come_from_the_procfs_that_was_named(self) -> None:
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        inner, outer = self.scene.nested_init("systemd"), self.scene.actor("outer")
        inner.mount_proc(path=folder)
        inner.listen(port=80)
        inner.fork("service").listen(port=81)
        outer.listen(port=82)
        exporter = self.start_exporter(f"--path.procfs={folder}", "--collector.label=pid")
        got = exporter.metrics().sum_by("tcp_connections", "process", "pid", "local_port")
        self.assertEqual({key: n for key, n in got.items() if key[2] in ("80", "81", "82")}, {
            ("service", "2", "80"): 1,
            ("service", "2", "81"): 1,
            ("(unknown)", "", "82"): 1,
        })  # fmt: skip


class ProcessNames(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web = self.scene.actor("web")
        web.listen(port=80)
        web.exec("/usr/bin/env", "-i", "/bin/sleep", "1000", "0")

    def shown(self, *flags: str) -> list[str]:
        names = self.start_exporter(*flags).metrics().sum_by("tcp_connections", "process", "local_port")
        return [process for process, port in names if port == "80"]

    def test_comm(self) -> None:
        self.assertEqual(self.shown("--collector.process-name=comm"), ["sleep"])

    def test_exe(self) -> None:
        self.assertEqual(self.shown("--collector.process-name=exe"), [os.path.basename(os.path.realpath("/bin/sleep"))])

    def test_a_long_command_line(self) -> None:
        """Patterns see the whole command line. The label has its beginning."""
        java = self.scene.actor("java")
        java.listen(port=81)
        java.exec("/usr/bin/env", "-i", "/bin/sleep", "1000", zeros=3)
        flags = "--collector.process-name=cmdline", "--collector.process.include=.*1000( 0+){3}"
        names = self.start_exporter(*flags).metrics().sum_by("tcp_connections", "process")
        self.assertEqual(set(names), {(("/bin/sleep 1000 " + "0" * 256)[:256],)})

    def test_command_lines_that_would_fill_the_memory(self) -> None:
        """Command lines of 1.9 MB are whole until the limit of 8 MiB. Further lines are cut to their beginnings."""
        for port in range(81, 89):
            java = self.scene.actor("java")
            java.listen(port=port)
            java.exec("/usr/bin/env", "-i", "/bin/sleep", "1000", zeros=19)
        flags = "--collector.process-name=cmdline", "--collector.process.include=.{10000}.*"
        exposition = self.start_exporter(*flags).metrics()
        self.assertEqual(exposition.sum_by("tcp_connections", "state")["listen",], 5)

    def test_cmdline(self) -> None:
        self.assertEqual(self.shown("--collector.process-name=cmdline"), ["/bin/sleep 1000 0"])


class NamePatterns(SceneCase):
    """Processes whose kernel name is that of an interpreter."""

    PATTERNS = (
        r".*/java .*-Dservice=(?<name>\S+).*",
        r".*/java .*-jar (?:\S*/)?(\S+)\.jar.*",
        r"gunicorn: \w+ \[(.+?)\].*",
        r"\S*python[\d.]* (?:-\S+ )*(?:\S*/)?(\S+)\.py.*",
        r"(a+)+b",  # it backtracks without end at 100,000 "a"
    )
    FLAGS = ("--collector.process-name=cmdline", *(f"--collector.process-name-pattern={text}" for text in PATTERNS))
    NAMES = {"8001": "billing", "8002": "search", "8003": "kafka-ui", "8004": "shop", "8005": "blog",
             "8006": "import_orders", "8007": "a" * 256}  # fmt: skip

    def start_server(self, port: int, name: str, *arguments: str) -> None:
        """A server whose command line starts with `name`, goes on with "-e sleep" and ends with the arguments."""
        server = self.scene.actor("server")
        server.listen(port=port)
        server.exec("/bin/bash", "-c", 'exec -a "$0" /usr/bin/perl -e sleep -- "$@"', name, *arguments)

    def setUp(self) -> None:
        super().setUp()
        self.start_server(8001, "/usr/bin/java", "-Xmx2g", "-Dservice=billing", "com.example.Main")
        self.start_server(8002, "/usr/bin/java", "-Dservice=search", "-jar", "/srv/other.jar")
        self.start_server(8003, "/usr/bin/java", "-jar", "/opt/kafka/kafka-ui.jar", "--server.port=8003")
        self.start_server(8004, "gunicorn: master [shop]")
        self.start_server(8005, "gunicorn: master [blog]")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        script = os.path.join(folder.name, "import_orders.py")
        with open(script, "w", encoding="ascii") as file:
            file.write("import signal\nsignal.pause()\n")
        batch = self.scene.actor("batch")
        batch.listen(port=8006)
        batch.exec("/usr/bin/python3", "-u", script, "--password=secret")
        self.start_server(8007, "a" * 100_000)

    def check_names(self, expected: dict[str, str], *flags: str) -> None:
        """Compares the process name by port, once each server has become its program."""
        exporter = self.start_exporter(*self.FLAGS, *flags)

        def names() -> dict[str, str]:
            got = exporter.metrics().sum_by("tcp_connections", "process", "local_port")
            return {port: process for process, port in got if port.startswith("800")}

        wait_until(lambda: names() == expected, 10)
        self.assertEqual(names(), expected)

    def test_patterns(self) -> None:
        self.check_names(self.NAMES)

    def test_filters_see_the_names(self) -> None:
        flags = "--collector.process.include=billing|shop|import_.*", "--collector.process.exclude=shop"
        self.check_names({port: self.NAMES[port] for port in ("8001", "8006")}, *flags)

    def test_the_table(self) -> None:
        self.check_names(self.NAMES)  # the programs run
        table = self.output_of_binary("--print-table=json", *self.FLAGS)
        names = {str(row["local_port"]): row["process"] for row in json.loads(table.stdout)}
        self.assertEqual({port: names[port][:256] for port in self.NAMES}, self.NAMES)
        record = self.output_of_binary("--print-table=replay", *self.FLAGS)
        self.assertIn(b"-Dservice=billing", record.stdout)  # a record has the whole command line

    def test_a_pattern_that_cannot_name(self) -> None:
        for pattern in "(", "java":
            output = self.output_of_binary(f"--collector.process-name-pattern={pattern}")
            self.assertEqual((output.code, output.stderr.count(b"\n")), (2, 1), output)
            self.assertIn(f'--collector.process-name-pattern: "{pattern}" is not a regular expression'.encode(), output.stderr)


class Ports(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.scene.sysctl("ipv4.ip_local_port_range", "40000 40099")
        self.scene.sysctl("ipv4.ip_local_reserved_ports", "40010-40019")
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")
        listener = self.web.listen(port=80)
        self.web.listen(port=40050)  # served, though ephemeral
        self.web.bind(port=40060)  # bound, and in no table
        self.bound = [40060] if self.counts_bound_ports else []
        self.ours, _ = connect_pairs(self.client, self.web, listener, 3, 80)
        self.client.connect(port=40050)

    def test_served(self) -> None:
        exporter = self.start_exporter()
        self.await_states(Counter(listen=2, established=8))
        exposition, rows = self.quiet_scrape(exporter)
        self.check_totals(exposition, self.oracle(rows, reserved=range(40010, 40020), bound=self.bound))
        self.check_owners(exposition, own_sockets(exporter) + Counter({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("listen", "web", "40050"): 1,
            ("established", "web", "40050"): 1,
            ("established", "client", "ephemeral"): 4,
        }))  # fmt: skip
        self.assertEqual(exposition.value("tcp_ephemeral_ports_limit"), 90)

    def test_a_port_with_two_peers_is_used_once(self) -> None:
        source = min(set(range(40020, 40040)) - {row.local_port for row in self.rows()})
        for port in 80, 40050:
            self.client.connect(port=port, source=source)
        self.assertEqual(sum(row.local_port == source for row in self.rows()), 2)
        exposition, rows = self.quiet_scrape(self.start_exporter())
        self.check_totals(exposition, self.oracle(rows, reserved=range(40010, 40020), bound=self.bound))

    def test_all(self) -> None:
        exposition = self.start_exporter("--collector.local-port=all").metrics()
        got = exposition.sum_by("tcp_connections", "local_port", keep=lambda labels: labels["process"] == "client")
        ports = Counter((str(self.client.port(sock=sock)),) for sock in self.ours)
        self.assertEqual(got & ports, ports)
        self.assertEqual(sum(got.values()), 4)

    def test_none(self) -> None:
        exporter = self.start_exporter("--collector.local-port=none")
        exposition = exporter.metrics()
        for family in "tcp_connections", "tcp_accept_queue_length", "tcp_receive_queue_bytes":
            self.assertFalse([key for key in exposition.family(family).samples if "local_port" in dict(key)])
        got = exposition.sum_by("tcp_connections", "state", "process")
        made = {("listen", "web"): 2, ("established", "web"): 4, ("established", "client"): 4}
        self.assertEqual({key: n for key, n in got.items() if key[1] in ("web", "client")}, made)

    def test_outbound_by_remote_port(self) -> None:
        got = self.start_exporter().metrics().sum_by("tcp_outbound_connections", "state", "process", "remote_port")
        self.assertEqual(got, {
            ("established", "client", "80"): 3,
            ("established", "client", "40050"): 1,
            ("established", "(unknown)", str(PORT)): 1,
        })  # fmt: skip


class Filters(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        for i, name in enumerate(("web-a", "web-b", "database")):
            self.scene.actor(name).listen(port=80 + i)

    def names(self, *flags: str) -> set[str]:
        exposition = self.start_exporter(*flags).metrics()
        self.assertEqual(exposition.value("tcp_sockets", state="listen"), 4, "totals cover every socket")
        return {process for (process,) in exposition.sum_by("tcp_connections", "process")}

    def test_include(self) -> None:
        self.assertEqual(self.names("--collector.process.include=web-.*"), {"web-a", "web-b"})

    def test_the_whole_name_has_to_match(self) -> None:
        self.assertEqual(self.names("--collector.process.include=web|data"), set())

    def test_exclude(self) -> None:
        names = self.names("--collector.process.exclude=web-.*")
        self.assertEqual(names, {"database", "tcp_exporter", "(unknown)"})

    def test_both(self) -> None:
        flags = ("--collector.process.include=web-.*", "--collector.process.exclude=.*-b")
        self.assertEqual(self.names(*flags), {"web-a"})


class Folding(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.client = self.scene.actor("client")
        self.leaky = self.scene.actor("leaky")
        ours, _ = connect_pairs(self.client, self.leaky, self.leaky.listen(port=79), 5, 79)
        self.client.shutdown(sock=ours[0])
        for i in range(10):
            web = self.scene.actor(f"web{i}")
            connect_pairs(self.client, web, web.listen(port=8000 + i), i, 8000 + i)

    def test_sums_are_exact(self) -> None:
        exposition, rows = self.quiet_scrape(self.start_exporter("--collector.max-series=33"))
        oracle = self.oracle(rows)
        for family, expected in {
            "tcp_connections": oracle.connections(),
            "tcp_outbound_connections": oracle.outbound(),
            "tcp_accept_queue_limit": oracle.queue_limit(),
            "tcp_accept_queue_length": oracle.queue_length(),
        }.items():
            samples = exposition.family(family).samples
            self.assertLessEqual(len(samples), 33, family)
            self.assertEqual(sum(samples.values()), sum(expected.values()), f"{family}: {samples}\n{show_rows(rows)}")
        self.check_counts("tcp_connections", exposition.sum_by("tcp_connections", "state"), oracle.states(), rows)
        self.assertGreater(exposition.value("tcp_exporter_folded_series"), 0)

    def test_close_wait_stays(self) -> None:
        exposition = self.start_exporter("--collector.max-series=33").metrics()
        got = exposition.sum_by("tcp_connections", "state", "process", "local_port")
        self.assertEqual(got[("close_wait", "leaky", "79")], 1)
        self.assertGreater(got[("established", "(other)", "other")], 0)

    def test_without_the_need_nothing_is_folded(self) -> None:
        exposition = self.start_exporter().metrics()
        self.assertEqual(exposition.value("tcp_exporter_folded_series"), 0)
        self.assertNotIn("(other)", {process for (process,) in exposition.sum_by("tcp_connections", "process")})


if __name__ == "__main__":
    main()
