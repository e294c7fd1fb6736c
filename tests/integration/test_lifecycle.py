# SPDX-License-Identifier: Apache-2.0
"""Tests of the start, the stop, and the resources in use after many scrapes."""
import contextlib
import http.client
import os
import signal
import socket
import time

from actor import connect_pairs
from case import SceneCase, main
from exporter import Exporter, Link
from process import wait_until

# Much longer than usual, for a busy machine, and shorter than a turn of the exporter's loops (loop.c).
STOP_SECONDS = 4.0
# The leak check of a sanitized build comes on top.
LEAK_CHECK_SECONDS = 4.0
RESIDENT_SLACK_KIB = 512
# Of four connections. More at once, as on a busy machine, need more memory than the slack.
FEW_DESCRIPTORS = 12
# A timer of the exporter would run more often.
REST_SECONDS = 3
# A sanitizer's allocator keeps freed memory for a while. There the leak check finds leaks.
SANITIZED_SLACK_KIB = 8192


def is_sanitized(binary: str) -> bool:
    with open(binary, "rb") as file:
        return b"__asan_init" in file.read()


class Stop(SceneCase):
    def crowd(self) -> None:
        """Makes enough processes for a slow scrape."""
        self.scene.actor("hive").swarm(count=600, prefix="bee", base=11000)

    def stop(self, exporter: Exporter, number: int = signal.SIGTERM) -> None:
        begin = time.monotonic()
        output = exporter.stop(number)
        duration = time.monotonic() - begin
        self.assertEqual(output.code, 0, output)
        limit = STOP_SECONDS + (LEAK_CHECK_SECONDS if is_sanitized(self.binary) else 0)
        self.assertLess(duration, limit, output)

    def test_at_rest(self) -> None:
        for number in signal.SIGTERM, signal.SIGINT:
            exporter = self.start_exporter()
            exporter.metrics()
            self.stop(exporter, number)

    def test_with_a_log_that_nobody_reads(self) -> None:
        """Scrapes and the stop work although the reader of standard error is stopped."""
        script = self.write_script(f'exec "{self.binary}" "$@" 2>"$0.log"')
        os.mkfifo(f"{script}.log")
        stuck = os.open(f"{script}.log", os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, stuck)
        with contextlib.suppress(BlockingIOError):
            while os.write(stuck, bytes(4096)):
                pass
        exporter = self.start_exporter("--log.level=debug", binary=script)
        for _ in range(20):
            exporter.metrics()
        self.stop(exporter)

    def test_priorities_for_a_journal(self) -> None:
        """Lines begin with their priority if systemd reports that standard error is the journal's."""
        stat = "$(stat -Lc %d:%i /proc/self/fd/2)"
        for stream, priority in (stat, "<[46]>"), ("1:1", ""):
            script = self.write_script(f'exec env "JOURNAL_STREAM={stream}" "{self.binary}" "$@"')
            exporter = self.start_exporter(binary=script)
            lines = exporter.stop().stderr.decode().splitlines()
            self.assertTrue(lines)
            for line in lines:
                self.assertRegex(line, rf"\A{priority}ts=")

    def test_with_connections_that_say_nothing(self) -> None:
        exporter = self.start_exporter()
        with exporter.link() as idle, exporter.link() as silent, exporter.link() as slow:
            idle.metrics()
            silent.connect()
            slow.connect()
            slow.sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Sl")
            time.sleep(0.1)
            self.stop(exporter)

    def end_of(self, link: Link) -> str:
        """Returns the result of a request that was in flight at the stop."""
        try:
            response = link.getresponse()
            body = response.read()
        except (ConnectionError, http.client.HTTPException) as error:
            return type(error).__name__
        if response.status == 200 and not body.endswith(b"\n"):
            self.fail(f"an answer cut short: {body[-200:]!r}")
        return str(response.status)

    def test_with_a_scrape_in_flight(self) -> None:
        self.crowd()
        ends = []
        for delay in 0.0, 0.002, 0.005, 0.01, 0.02, 0.05:
            exporter = self.start_exporter()
            with exporter.link() as link:
                link.request("GET", "/metrics")
                time.sleep(delay)
                self.stop(exporter)
                ends.append(self.end_of(link))
        self.assertLessEqual(set(ends), {"200", "503"}, "a request that came in is answered")

    def test_with_the_signal_and_a_request_at_the_same_time(self) -> None:
        exporter = self.start_exporter()
        with exporter.link() as link:
            link.ask("/healthz")
            exporter.program.signal(signal.SIGSTOP)
            link.request("GET", "/metrics")
            exporter.program.signal(signal.SIGTERM)
            exporter.program.signal(signal.SIGCONT)
            self.stop(exporter)

    def test_with_many_scrapes_in_flight(self) -> None:
        self.crowd()
        exporter = self.start_exporter()
        with contextlib.ExitStack() as stack:
            links = [stack.enter_context(exporter.link()) for _ in range(30)]
            for link in links:
                link.request("GET", "/metrics")
            time.sleep(0.02)
            self.stop(exporter)

    def test_another_can_start_at_once(self) -> None:
        for _ in range(3):
            exporter = self.start_exporter()
            with exporter.link() as link:
                link.metrics()
                exporter.stop()  # the exporter closes first, so its end stays in TIME_WAIT


class Rest(SceneCase):
    def rests(self, exporter: Exporter) -> bool:
        before = exporter.context_switches()
        time.sleep(REST_SECONDS)
        return exporter.context_switches() == before

    def test_between_scrapes(self) -> None:
        """No thread runs between scrapes, nor for an idle open connection."""
        exporter = self.start_exporter()
        with exporter.link() as link:
            link.metrics()
            rested = wait_until(lambda: self.rests(exporter), 10 * REST_SECONDS)
            self.assertTrue(rested, "a thread wakes again and again")


class Flat(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 100, 80)
        self.exporter = self.start_exporter(ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=16")
        for _ in range(50):
            self.exporter.metrics()
        self.fds, self.resident = self.exporter.open_fds(), self.exporter.resident_kib()

    def check_flat(self) -> None:
        """Connections that were reset close within a moment."""
        closed = wait_until(lambda: self.exporter.open_fds() <= self.fds, 5)
        self.assertTrue(closed, f"fds: {self.exporter.open_fds()}, before {self.fds}")
        slack = SANITIZED_SLACK_KIB if is_sanitized(self.binary) else RESIDENT_SLACK_KIB
        self.assertLess(self.exporter.resident_kib(), self.resident + slack)

    def test_a_hundred_scrapes(self) -> None:
        for i in range(100):
            reply = self.exporter.ask("/metrics", headers={"Accept-Encoding": "gzip"} if i % 2 else {})
            self.assertEqual(reply.status, 200)
        self.check_flat()

    def few_are_open(self) -> bool:
        return self.exporter.open_fds() <= self.fds + FEW_DESCRIPTORS

    def leave_early(self) -> None:
        for i in range(100):
            self.assertTrue(wait_until(self.few_are_open, 5))
            with self.exporter.link() as link:
                link.connect()
                # Some before the end of the request, some with the answer on its way.
                link.sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"[: 20 if i % 4 == 0 else None])
                if i % 4 == 2:
                    time.sleep(0.001)
                if i % 4 == 3:
                    link.sock.shutdown(socket.SHUT_WR)

    def test_clients_that_leave_early(self) -> None:
        self.leave_early()
        self.resident = self.exporter.resident_kib()  # with the memory of some connections
        self.leave_early()
        self.assertEqual(self.exporter.metrics().sum_by("tcp_connections", "process")[("web",)], 101)
        self.check_flat()


if __name__ == "__main__":
    main()
