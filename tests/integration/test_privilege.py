# SPDX-License-Identifier: Apache-2.0
"""Tests of the rights of the started exporter, and of the sockets that it sees with each right."""
import pathlib
import tempfile

from actor import connect_pairs
from case import main
from exporter import Exporter, without_limit
from rights import NOBODY, SETPRIV, RightsCase, as_nobody, statuses

# linux/capability.h
NUMBERS = {"dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21, "perfmon": 38, "bpf": 39}
REPLAY = pathlib.Path(__file__).parents[1] / "data/web.replay"
ALL_NETNS = "--collector.netns=all"


def bits(names: set[str]) -> str:
    """Returns a set of capabilities as proc(5) writes it."""
    return f"{sum(1 << NUMBERS[name] for name in names):016x}"


class Kept(RightsCase):
    """The exporter drops all rights except those that it needs."""

    def check_kept(self, exporter: Exporter, names: set[str], bounding: set[str] = frozenset()) -> None:
        exporter.metrics()
        threads = statuses(exporter.pid)
        self.assertGreaterEqual(len(threads), 4, "main, collector, watchdog, endpoint")
        expected = {"CapPrm": bits(names), "CapEff": bits(names), "CapInh": bits(set()), "CapAmb": bits(set()),
                    "CapBnd": bits(bounding), "NoNewPrivs": "1"}  # fmt: skip
        for status in threads:
            self.assertEqual({name: status[name] for name in expected}, expected, status["Name"])
        log = exporter.program.output().stderr.decode()
        kept = ",".join(sorted(names, key=NUMBERS.get)) or "none"
        self.assertIn(f'msg="privileges dropped" kept={kept}\n', log)

    def web_config(self) -> str:
        """Writes a web configuration, with which the exporter has more threads."""
        file = tempfile.NamedTemporaryFile("w", suffix=".yml")
        self.addCleanup(file.close)
        file.write("rate_limit:\n  interval: 1ms\n  burst: 1000\n")
        file.flush()
        return file.name

    def test_root(self) -> None:
        cases = [
            ("bpf", (), set()),
            ("bpf", ("--collector.label=user", "--collector.label=unit"), set()),
            ("bpf", ("--collector.label=exe",), {"sys_ptrace"}),
            ("bpf", ("--collector.process-name=exe",), {"sys_ptrace"}),
            ("bpf", (ALL_NETNS,), set()),
            ("bpf", ("--collector.closed-owners",), set()),
            ("procfs", (), {"dac_read_search", "sys_ptrace"}),
            ("procfs", (ALL_NETNS,), {"dac_read_search", "sys_ptrace", "sys_admin"}),
            ("auto", (f"--collector.replay={REPLAY}",), set()),
            ("bpf", (f"--web.config.file={self.web_config()}",), set()),
        ]
        for backend, flags, names in cases:
            with self.subTest(backend=backend, flags=flags):
                exporter = self.start(backend, flags=flags)
                self.check_kept(exporter, names)
                exporter.stop()

    def test_an_ordinary_user(self) -> None:
        """Without the right to clear the bounding set, no_new_privs prevents new rights."""
        unit = {"bpf", "perfmon", "sys_ptrace", "dac_read_search"}
        for backend, names in ("auto", set()), ("procfs", {"dac_read_search", "sys_ptrace"}):
            with self.subTest(backend=backend):
                exporter = self.start(backend, *as_nobody(*unit))
                self.check_kept(exporter, names, bounding=unit)
                exporter.stop()

    def test_hidden_processes(self) -> None:
        """Facts from procfs need a right if hidepid shows processes to their own users only."""
        unit = {"bpf", "perfmon", "sys_ptrace"}
        for hidepid, flags, names in (2, ("--collector.label=unit",), {"sys_ptrace"}), (2, (), set()), \
                (0, ("--collector.label=unit",), set()):  # fmt: skip
            with self.subTest(hidepid=hidepid, flags=flags):
                self.scene.run("mount", "-o", f"remount,hidepid={hidepid}", "/proc")
                exporter = self.start("bpf", *as_nobody(*unit), flags=flags)
                self.check_kept(exporter, names, bounding=unit)
                exporter.stop()

    def test_table(self) -> None:
        self.scene.actor("web").listen(port=80)
        for backend in "bpf", "procfs":
            output = self.scene.output_of(self.binary, f"--collector.backend={backend}", "--print-table")
            self.assertEqual((output.code, without_limit(output.stderr)), (0, b""))
            self.assertRegex(output.stdout.decode(), "LISTEN .* web")


class Visible(RightsCase):
    """The table of rights in docs/performance.md, as an ordinary user."""

    def setUp(self) -> None:
        super().setUp()
        self.actors = {name: self.scene.actor(name) for name in ("root's", "other's", "nobody's")}
        self.actors["other's"].become(uid=NOBODY - 1)
        self.actors["nobody's"].become(uid=NOBODY)
        for port, actor in enumerate(self.actors.values(), 8000):
            connect_pairs(actor, actor, actor.listen(port=port), 1, port)

    def seen(self, *rights: str, backend: str = "procfs", flags: tuple[str, ...] = ()) -> set[str]:
        """Rights decide which owners are known. Totals are right with any rights."""
        exporter = self.start(backend, *rights, flags=flags)
        exposition, rows = self.quiet_scrape(exporter)
        self.check_totals(exposition, self.oracle(rows))
        owners = exposition.sum_by("tcp_connections", "process")
        self.assertEqual(sum(owners.values()), len(rows))
        exporter.stop()
        return {name for (name,) in owners if name in self.actors}

    def test_procfs(self) -> None:
        self.assertEqual(self.seen(*as_nobody()), {"nobody's"})
        self.assertEqual(self.seen(*as_nobody("sys_ptrace")), {"nobody's"})
        self.assertEqual(self.seen(*as_nobody("dac_read_search")), {"nobody's"})
        self.assertEqual(self.seen(*as_nobody("sys_ptrace", "dac_read_search")), set(self.actors))

    def test_root_without_any(self) -> None:
        """The exporter knows its own user's processes, except those with more rights."""
        self.assertEqual(self.seen("--bounding-set=-all"), set())
        self.assertEqual(self.seen("--bounding-set=-all,+sys_ptrace"), {"root's"})

    def test_bpf(self) -> None:
        self.assertEqual(self.seen(*as_nobody("bpf", "perfmon"), backend="bpf"), set(self.actors))

    def test_bpf_and_executables(self) -> None:
        for more, count in ((), 1), (("sys_ptrace",), 3):
            exporter = self.start("bpf", *as_nobody("bpf", "perfmon", *more), flags=("--collector.label=exe",))
            exes = exporter.metrics().sum_by("tcp_connections", "process", "exe")
            told = {process for process, exe in exes if process in self.actors and exe}
            self.assertEqual(len(told), count, exes)
            exporter.stop()

    def owners_of_all_networks(self, backend: str, *names: str) -> dict[tuple[str, ...], float]:
        exporter = self.start(backend, *as_nobody(*names), flags=(ALL_NETNS,))
        owners = exporter.metrics().sum_by("tcp_connections", "process", "local_port")
        exporter.stop()
        return owners

    def test_all_networks(self) -> None:
        """Without one of the rights that it needs, procfs does not start. It would leave out sockets."""
        self.scene.add_network("inner").listen(port=8080)
        names = ("dac_read_search", "sys_admin", "sys_ptrace")
        for missing in "sys_admin", "sys_ptrace":
            less = as_nobody(*(name for name in names if name != missing))
            output = self.scene.output_of(SETPRIV, *less, self.binary, "--collector.backend=procfs", ALL_NETNS)
            self.assertEqual(output.code, 1, output)
            self.assertIn("needs CAP_SYS_ADMIN and CAP_SYS_PTRACE", output.stderr.decode())
        self.assertEqual(self.owners_of_all_networks("procfs", *names)[("inner", "8080")], 1)

    def test_all_networks_by_bpf(self) -> None:
        """The exporter enters no other namespace."""
        self.scene.add_network("inner").listen(port=8080)
        self.assertEqual(self.owners_of_all_networks("bpf", "bpf", "perfmon")[("inner", "8080")], 1)


if __name__ == "__main__":
    main()
