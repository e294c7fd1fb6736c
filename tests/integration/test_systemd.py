# SPDX-License-Identifier: Apache-2.0
"""Tests of systemd's protocols: notifications of the exporter, its watchdog, and passed sockets."""
import contextlib
import ctypes
import os
import pathlib
import re
import signal
import socket
import tempfile
import time

from case import SceneCase, main
from exporter import PORT, Exporter, Link
from process import libc, wait_until
from scene import MAIN, Program

ACTIVATE = "/usr/bin/systemd-socket-activate"
REPLAY = pathlib.Path(__file__).parents[1] / "data/web.replay"
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
SECONDS = 30
WAITS = ("7", "73", "232")  # poll on x86_64, ppoll on 64-bit Arm, epoll_wait on x86_64 (asm/unistd.h)
# The exporter pings twice per interval.
WATCHDOG_SECONDS = 1.0
# The collector's shortest deadline, the time after which it counts as hanging, and one interval.
HANG_SECONDS = 1 + 5 + WATCHDOG_SECONDS


class Manager:
    """The socket at which a manager receives a service's notifications."""

    def __init__(self, address: str, inside: contextlib.AbstractContextManager):
        self.name = address.replace("\0", "@")
        with inside:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(address)

    def hear(self, seconds: float = SECONDS) -> dict[str, str]:
        """Returns the next datagram, or nothing after the time limit."""
        self.socket.settimeout(seconds)
        try:
            lines = self.socket.recv(4096).decode().split("\n")
        except (TimeoutError, BlockingIOError):
            return {}
        return dict(line.split("=", 1) for line in lines)


class Notify(SceneCase):
    compares = False

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.replay = self.folder / "table.replay"
        self.replay.write_bytes(REPLAY.read_bytes())

    def manager(self, address: str = "") -> Manager:
        manager = Manager(address or str(self.folder / "notify"), self.scene.network())
        self.addCleanup(manager.socket.close)
        return manager

    def start(self, manager: Manager, *flags: str, **environment: str) -> Exporter:
        return self.start_exporter(f"--collector.replay={self.replay}", *flags, backend="replay",
                                   NOTIFY_SOCKET=manager.name, **environment)  # fmt: skip

    def test_life(self) -> None:
        for address in "", "\0tcp_exporter/notify":
            manager = self.manager(address)
            exporter = self.start(manager)
            self.check_ready(manager)
            for _ in range(2):
                begin = time.monotonic()
                exporter.program.signal(signal.SIGHUP)
                heard = manager.hear()
                self.assertEqual(heard.pop("RELOADING"), "1")
                self.assertTrue(begin <= int(heard["MONOTONIC_USEC"]) / 1e6 <= time.monotonic(), heard)
                self.check_ready(manager)
            self.assertEqual(exporter.ask("/metrics").status, 200)
            self.assertEqual(exporter.stop().code, 0)
            self.assertEqual(manager.hear().get("STOPPING"), "1")
            self.assertEqual(manager.hear(0), {}, "nobody asked for pings")

    def check_ready(self, manager: Manager) -> None:
        heard = manager.hear()
        self.assertEqual(heard, {"READY": "1", "STATUS": f"Serving on 127.0.0.1:{PORT}, backend replay"})

    def test_not_ready_while_it_cannot_serve(self) -> None:
        manager = self.manager()
        self.scene.actor("rival").listen(port=PORT)
        output = self.output_with(f"NOTIFY_SOCKET={manager.name}", f"--web.listen-address=127.0.0.1:{PORT}")
        self.assertEqual(output.code, 1, output)
        self.assertEqual(manager.hear(0), {})

    def output_with(self, environment: str, *flags: str):
        return self.scene.output_of("/usr/bin/env", environment, self.binary, *flags)

    def test_nobody_to_tell(self) -> None:
        for name, reason in ("vsock:2:1234", "not supported"), ("/" + "x" * 120, "too long"):
            output = self.output_with(f"NOTIFY_SOCKET={name}")
            self.assertEqual(output.code, 1, output)
            self.assertRegex(output.stderr.decode(), f"cannot start.* NOTIFY_SOCKET .*{name}.*: .*{reason}")

    # The watchdog

    def watched(self, *flags: str, **environment: str) -> tuple[Manager, Exporter]:
        manager = self.manager()
        usec = str(int(WATCHDOG_SECONDS * 1e6))
        exporter = self.start(manager, *flags, WATCHDOG_USEC=usec, **environment)
        self.check_ready(manager)
        return manager, exporter

    def check_pings(self, manager: Manager, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.assertEqual(manager.hear(WATCHDOG_SECONDS), {"WATCHDOG": "1"})

    def silent_from(self, manager: Manager, timeout: float) -> bool:
        """Returns True if the pings stop within this time."""
        return wait_until(lambda: manager.hear(2 * WATCHDOG_SECONDS) == {}, timeout, 0)

    def test_pings(self) -> None:
        manager, exporter = self.watched()
        self.check_pings(manager, 3 * WATCHDOG_SECONDS)
        exposition = exporter.metrics()
        codes = exposition.sum_by("tcp_exporter_http_requests_total", "code")
        self.assertEqual(codes[("400",)], 0, "to be asked whether it is alive is no request")
        fds = exporter.open_fds()
        self.check_pings(manager, 2 * WATCHDOG_SECONDS)
        self.assertTrue(wait_until(lambda: exporter.open_fds() <= fds, SECONDS), "a ping leaves a descriptor open")
        heard = []
        for _ in range(10):
            exporter.program.signal(signal.SIGHUP)
            time.sleep(WATCHDOG_SECONDS / 4)
            while datagram := manager.hear(0):
                heard += datagram
        self.assertGreater(heard.count("WATCHDOG"), 4, "pings go on while it is asked to reload over and over")

    def test_no_pings_for_another_process(self) -> None:
        manager, _ = self.watched(WATCHDOG_PID="1")
        self.assertEqual(manager.hear(2 * WATCHDOG_SECONDS), {})

    def test_a_collector_that_hangs(self) -> None:
        manager, exporter = self.watched()
        self.replay.unlink()
        os.mkfifo(self.replay)
        with exporter.link() as link:
            link.request("GET", "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
            self.check_pings(manager, HANG_SECONDS / 3)
            self.assertTrue(self.silent_from(manager, 2 * HANG_SECONDS), "it goes on to say that it is well")
            self.assertIn(b"watchdog not notified", exporter.program.output().stderr)
            # A write to the other end releases it.
            os.close(os.open(self.replay, os.O_WRONLY))
            self.assertTrue(wait_until(lambda: manager.hear(WATCHDOG_SECONDS) != {}, SECONDS), "it is well again")

    def test_a_loop_that_hangs(self) -> None:
        self.check_hang("MHD-")

    # With a web configuration one thread accepts and decrypts connections, another answers them.

    def test_an_acceptor_that_hangs(self) -> None:
        self.check_hang("tcp_exporter", self.web_config())

    def test_a_loop_behind_an_acceptor_that_hangs(self) -> None:
        self.check_hang("MHD-", self.web_config())

    def web_config(self) -> str:
        config = self.folder / "web.yml"
        config.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n", encoding="utf-8")
        return f"--web.config.file={config}"

    def check_hang(self, name: str, *flags: str) -> None:
        manager, exporter = self.watched(*flags)
        self.check_pings(manager, 2 * WATCHDOG_SECONDS)
        thread = self.thread_of(exporter, name)
        self.ptrace(PTRACE_SEIZE, thread)
        self.ptrace(PTRACE_INTERRUPT, thread)
        try:
            self.assertTrue(self.silent_from(manager, SECONDS), "it goes on to say that it is well")
        finally:
            os.waitpid(thread, 0x40000000)  # __WALL
            self.ptrace(PTRACE_DETACH, thread)
        self.assertTrue(wait_until(lambda: manager.hear(WATCHDOG_SECONDS) != {}, SECONDS), "it is well again")
        exporter.stop()

    def thread_of(self, exporter: Exporter, prefix: str) -> int:
        """Returns the thread of this name that waits for sockets."""
        tasks = pathlib.Path(f"/proc/{exporter.pid}/task")
        found: list[int] = []

        def find() -> bool:
            found[:] = [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().startswith(prefix)
                        and (task / "syscall").read_text().split()[0] in WAITS]  # fmt: skip
            return found != []

        self.assertTrue(wait_until(find, SECONDS), f"no thread {prefix} waits")
        return found[0]

    def ptrace(self, request: int, thread: int) -> None:
        result = libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None)
        self.assertEqual(result, 0, os.strerror(ctypes.get_errno()))


class Sockets(SceneCase):
    compares = False

    def activate(self, *arguments: str) -> Program:
        return self.scene.start(ACTIVATE, *arguments, self.binary, f"--collector.replay={REPLAY}",
                                "--web.systemd-socket")  # fmt: skip

    def link(self, port: int, address: str = "127.0.0.1") -> Link:
        return Link(self.scene, address, port, MAIN)

    def answers(self, port: int, address: str = "127.0.0.1") -> bool:
        with contextlib.closing(self.link(port, address)) as link:
            try:
                return link.ask("/readyz").status == 200
            except ConnectionRefusedError:
                return False

    def test_several(self) -> None:
        program = self.activate("-l", "127.0.0.1:8001", "-l", "[::1]:8002")
        self.assertTrue(wait_until(lambda: self.answers(8001), SECONDS), program.output())
        self.assertTrue(self.answers(8002, "::1"))
        self.assertFalse(self.answers(PORT), "it serves there only")
        stderr = program.output().stderr.decode()
        self.assertEqual(re.findall("msg=listening address=(.*)", stderr), ["127.0.0.1:8001", "[::1]:8002"])
        program.signal(signal.SIGTERM)
        self.assertEqual(program.wait(SECONDS), 0, program.output())

    def check_refusal(self, words: str, *argv: str) -> None:
        output = self.scene.output_of(*argv, self.binary, f"--collector.replay={REPLAY}", "--web.systemd-socket")
        self.assertEqual(output.code, 1, output)
        self.assertRegex(output.stderr.decode(), f"cannot start.*{words}")

    def test_none(self) -> None:
        self.check_refusal("no sockets were passed .*a .socket unit", "/usr/bin/env")
        self.check_refusal("no sockets were passed", "/usr/bin/env", "LISTEN_FDS=1", "LISTEN_PID=1")

    def test_others(self) -> None:
        """The shell passes the descriptors, because systemd-socket-activate waits for a connection."""
        shell = ("/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@" 3</dev/null', "sh", "/usr/bin/env")
        self.check_refusal("descriptor 3: not a listening stream socket", *shell, "LISTEN_FDS=1")
        self.check_refusal("17 inherited sockets: at most 16", *shell, "LISTEN_FDS=17")

    def test_a_socket_that_does_not_listen(self) -> None:
        program = self.activate("-d", "-l", "127.0.0.1:8001")

        def speak() -> bool:
            with self.scene.network(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", ("127.0.0.1", 8001))
            return program.wait(0.1) is not None

        self.assertTrue(wait_until(speak, SECONDS), program.output())
        self.assertEqual(program.wait(0), 1)
        self.assertRegex(program.output().stderr.decode(), "not a listening stream socket")


if __name__ == "__main__":
    main()
