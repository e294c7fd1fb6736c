# SPDX-License-Identifier: Apache-2.0
"""Tests of the seccomp filter: a library in the exporter makes the forbidden system calls, one by one."""
import os
import pathlib
import re
import signal

from case import main
from exporter import Exporter
from process import wait_until
from rights import RightsCase, as_nobody, statuses

REPLAY = pathlib.Path(__file__).parents[1] / "data/web.replay"
LIBRARY = os.environ["TCP_EXPORTER_TEST_TRIP"]
SECONDS = 20
# A death by signal has the exit code 128 + signal.
KILLED = 128 + signal.SIGSYS
REFUSED, DONE = "EPERM", "done"
# With and without the filter, to prove that the filter refuses the call.
CALLS = {
    "execve": (KILLED, 0), "ptrace": (KILLED, DONE), "unshare": (KILLED, DONE),
    "fork": (REFUSED, DONE), "write": (REFUSED, DONE), "truncate": (REFUSED, DONE), "inet": (REFUSED, DONE),
    "unix": (REFUSED, DONE), "route": (REFUSED, DONE), "connect": (REFUSED, DONE), "code": (REFUSED, DONE),
    "bpf": (REFUSED, DONE), "kill": (REFUSED, DONE), "setns": (REFUSED, "EINVAL"), "read": (DONE, DONE),
}  # fmt: skip


class SeccompCase(RightsCase):
    def start(self, *arguments, **options) -> Exporter:
        """Starts the exporter, and waits until the filter is installed, which is shortly after the first answer."""
        exporter = super().start(*arguments, **options)
        self.assertTrue(wait_until(lambda: b"seccomp filter" in exporter.program.output().stderr, SECONDS))
        return exporter


class Trip(SeccompCase):
    def trip(self, name: str, *flags: str, backend: str = "auto") -> str | int:
        """Returns the result of the call, or the exit code."""
        exporter = self.start(backend, *self.rights(), flags=flags, LD_PRELOAD=LIBRARY, TRIP=name)
        exporter.program.signal(signal.SIGUSR1)
        return self.result_of(exporter)

    def rights(self) -> tuple[str, ...]:
        """setpriv drops no capability, so that no call is refused without a capability."""
        return ("--no-new-privs",)

    def result_of(self, exporter: Exporter) -> str | int:
        def told() -> list[str]:
            return re.findall("trip: (.*)", exporter.program.output().stderr.decode())

        self.assertTrue(wait_until(lambda: told() or exporter.program.wait(0) is not None, SECONDS))
        code = exporter.program.wait(0)
        if code is not None:
            return code
        self.assertEqual(exporter.ask("/metrics").status, 200, "it goes on to serve")
        exporter.stop()
        return told()[0]

    def end_well(self, exporter: Exporter) -> None:
        if exporter.program.wait(0) not in (0, KILLED):
            super().end_well(exporter)

    def test_with_the_filter(self) -> None:
        results = {name: self.trip(name, f"--collector.replay={REPLAY}") for name in CALLS}
        self.assertEqual(results, {name: expected for name, (expected, _) in CALLS.items()})

    def test_without(self) -> None:
        flags = (f"--collector.replay={REPLAY}", "--no-security.seccomp")
        results = {name: self.trip(name, *flags) for name in CALLS if name != "bpf"}
        expected = {name: expected for name, (_, expected) in CALLS.items() if name != "bpf"}
        self.assertEqual(results, expected)

    def test_bpf_programs_after_the_start(self) -> None:
        """The filter allows the backend's reads, and refuses to load programs."""
        self.assertEqual(self.trip("bpf", backend="bpf"), REFUSED)

    def test_reading_of_maps(self) -> None:
        """Notes about closed connections are looked up where the kernel's tables cannot be walked."""
        self.assertEqual(self.trip("lookup", backend="bpf"), REFUSED)
        self.assertEqual(self.trip("lookup", "--collector.closed-owners", backend="bpf"), "EBADF")
        self.assertEqual(self.trip("bpf", "--collector.closed-owners", backend="bpf"), REFUSED)

    def test_daemons_that_know_users(self) -> None:
        flags = (f"--collector.replay={REPLAY}", "--collector.label=user")
        self.assertEqual(self.trip("unix", *flags), REFUSED, "a recorded table has the names")
        self.assertEqual(self.trip("unix", "--collector.label=user", backend="procfs"), DONE)
        self.assertEqual(self.trip("inet", "--collector.label=user", backend="procfs"), REFUSED)


class Log(SeccompCase):
    def test_what_is_in_force(self) -> None:
        for flags, rights, word, mode in ((), (), "on", "2"), (("--no-security.seccomp",), (), "off", "0"), \
                ((), as_nobody(), "on", "2"):  # fmt: skip
            exporter = self.start("procfs", *rights, flags=flags)
            log = exporter.program.output().stderr.decode()
            self.assertIn(f'msg="seccomp filter" seccomp={word}\n', log)
            threads = statuses(exporter.pid)
            self.assertEqual([status["Seccomp"] for status in threads], [mode] * len(threads))
            exporter.stop()
        self.assertRegex(self.scene.output_of(self.binary, "--version").stdout.decode(), "features: .*seccomp.*\n")


if __name__ == "__main__":
    main()
