# SPDX-License-Identifier: Apache-2.0
"""Tests of hostile and slow clients: scrapes are served in time, and no attack leaves a resource in use."""
import contextlib
import http.client
import socket
import statistics
import threading
import time
from typing import Callable

import mob
from actor import connect_pairs
from case import SceneCase, main
from exporter import Exporter, Reply
from mob import GET, HEALTH
from process import wait_until
from test_lifecycle import is_sanitized

SCRAPES = 11  # their median counts
SCRAPE_PAUSE = 0.02
# A successful attack delays scrapes by its connections' time limits, which are at least 10 s. A scrape needs some
# milliseconds, and the bound leaves room for a busy machine and for sanitizers.
SERVED_SECONDS = 2
# Connections that the exporter serves at once by default, three descriptors each; those that end come on top, and once
# more one descriptor of each, which is closed a moment after the other two. Further clients that only have to read
# their last bytes, and what it has open at rest.
CONNECTIONS, ENDING, IDLE = 104, 32, 64
DESCRIPTORS_MAX = 4 * (CONNECTIONS + ENDING) + IDLE
MEMORY_SLACK_KIB = 32 * 1024
SANITIZED_SLACK_KIB = 256 * 1024
REQUEST_SECONDS = 10
REQUESTS = 40  # for metrics at once, by default
BODIES_MAX = 64 << 20  # bytes of unfinished answers above which new requests end stalled ones


class Hostile(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.hole = self.scene.add_black_hole()
        # Enough for answers that fill a socket's buffers.
        self.scene.actor("hive").swarm(count=150, prefix="bee", base=11000)
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 200, 80)
        self.exporter = self.start_exporter("--web.listen-address=192.0.2.1:10793",
                                            ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=16")
        for _ in range(5):
            self.exporter.metrics()
        self.fds, self.resident = self.exporter.open_fds(), self.exporter.resident_kib()

    def scrape(self) -> float:
        begin = time.monotonic()
        self.exporter.metrics()
        duration = time.monotonic() - begin
        time.sleep(SCRAPE_PAUSE)
        return duration

    def scrape_median(self) -> float:
        return statistics.median(self.scrape() for _ in range(SCRAPES))

    def check_recovered(self) -> None:
        recovered = wait_until(lambda: self.exporter.open_fds() <= self.fds, 20)
        self.assertTrue(recovered, f"fds: {self.exporter.open_fds()}, before {self.fds}")
        slack = SANITIZED_SLACK_KIB if is_sanitized(self.binary) else MEMORY_SLACK_KIB
        self.assertLess(self.exporter.resident_kib(), self.resident + slack)

    def test_a_good_client_is_served_in_time(self) -> None:
        for attack in mob.ATTACKS:
            with self.subTest(attack.__name__):
                self.resist(attack)
        errors = self.exporter.metrics().sum_by("tcp_exporter_scrape_errors_total", "cause")
        self.assertEqual(errors, {})

    def resist(self, attack: Callable) -> None:
        quiet = self.scrape_median()
        with self.attack(attack):
            during = self.scrape_median()
            fds = self.exporter.open_fds()
        print(f"{attack.__name__}: {during * 1000:.1f} ms, quiet {quiet * 1000:.1f} ms, {fds} fds", flush=True)
        self.assertLessEqual(fds, self.fds + DESCRIPTORS_MAX)
        self.check_recovered()
        self.assertLess(during, SERVED_SECONDS)

    @contextlib.contextmanager
    def attack(self, attack: Callable):
        process = self.scene.spawn(attack)
        try:
            time.sleep(0.3)
            yield
            self.assertIsNone(process.wait(0), "the attack ended by itself")
        finally:
            process.kill()


class Limits(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.scene.actor("hive").swarm(count=150, prefix="bee", base=11000)
        self.exporter = self.start_exporter()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def connect(self, source: str = mob.STRANGER, begin: bytes = b"", buffer: int = 0) -> socket.socket:
        with self.scene.network():
            sock = mob.connect(source, buffer)
        self.stack.callback(mob.reset, sock)
        sock.sendall(begin)
        return sock

    def answer(self, sock: socket.socket) -> Reply:
        response = http.client.HTTPResponse(sock)
        response.begin()
        return Reply(response.status, response.headers, response.read())

    def ends(self, sock: socket.socket) -> bool:
        """Returns True if the exporter has closed the connection."""
        sock.settimeout(0)
        try:
            return sock.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def test_a_request_has_ten_seconds(self) -> None:
        begin = time.monotonic()
        silent, slow = self.connect(), self.connect(begin=GET[:-4])
        late = self.connect(begin=HEALTH)
        self.assertEqual(self.answer(late).status, 200)
        while not self.ends(silent) and time.monotonic() < begin + 2 * REQUEST_SECONDS:
            slow.sendall(b"x")
            silent.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                status = silent.recv(12, socket.MSG_PEEK)
                break
        self.assertEqual(status, b"HTTP/1.1 408")
        self.assertAlmostEqual(time.monotonic() - begin, REQUEST_SECONDS, delta=2)
        reply = self.answer(slow)
        self.assertEqual((reply.status, reply.headers["Connection"]), (408, "close"))
        self.assertRegex(reply.body, rb"\A[^\n]+\n\Z")
        late.sendall(HEALTH)  # a connection that had an answer can be idle for longer
        self.assertEqual(self.answer(late).status, 200)
        codes = self.exporter.metrics().sum_by("tcp_exporter_http_requests_total", "code")
        self.assertEqual(codes[("408",)], 2)

    def test_the_place_of_another(self) -> None:
        """With all slots in use, the oldest connection of the network with the most connections is dropped."""
        friend = self.connect("127.0.0.1", HEALTH)
        self.answer(friend)
        strangers = [self.connect() for _ in range(CONNECTIONS - 1)]
        self.exporter.ask("/healthz")
        self.assertTrue(wait_until(lambda: self.ends(strangers[0]), 5))
        for _ in range(10):
            self.exporter.ask("/healthz")
        self.assertFalse(any(self.ends(sock) for sock in strangers[20:]))
        friend.sendall(HEALTH)
        self.assertEqual(self.answer(friend).status, 200)

    def test_pipelined_answers_are_all_there(self) -> None:
        sock = self.connect(begin=(GET + HEALTH * 4) * 10)
        stream = sock.makefile("rb")
        for i in range(50):
            self.assertRegex(stream.readline(), rb"\AHTTP/1.1 200 ")
            head = dict(line.split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
            body = stream.read(int(head[b"Content-Length"]))
            self.assertEqual(body == b"ok\n", i % 5 > 0)

    def test_a_reader_that_is_stopped(self) -> None:
        """A client that pauses receives its whole answer when it continues to read."""
        sock = self.connect(begin=GET, buffer=4096)
        time.sleep(0.5)
        for _ in range(3):
            self.assertEqual(self.exporter.ask("/metrics").status, 200)
        self.assertTrue(self.answer(sock).body.endswith(b"\n"))

    def test_ten_thousand_requests(self) -> None:
        statuses: list[int] = []

        def ask() -> None:
            with self.exporter.link() as link:
                statuses.extend(link.ask("/healthz" if i % 10 else "/metrics").status for i in range(500))

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(statuses), set(statuses)), (10000, {200}))


class Large(SceneCase):
    """Answers that are too large for the buffers between the exporter and a client that does not read."""

    def setUp(self) -> None:
        super().setUp()
        actor = self.scene.actor("large")
        actor.raise_limit()
        actor.connect_to_itself(listener=actor.listen(port=80, backlog=4096), count=3000)
        self.exporter = self.start_exporter("--collector.local-port=all", "--collector.max-series=1000000")

    def ask_without_reading(self, source: str) -> socket.socket:
        with self.scene.network():
            sock = mob.connect(source, 4096)
        self.addCleanup(sock.close)
        sock.sendall(GET)
        return sock

    def in_flight(self) -> float:
        """Asks for metrics from a network that is always admitted. Does not count itself."""
        return self.exporter.metrics().value("tcp_exporter_http_requests_in_flight") - 1

    def test_a_place_for_each_network(self) -> None:
        """A client that uses all requests for metrics does not block other clients, nor itself forever."""
        for _ in range(REQUESTS):
            self.ask_without_reading(mob.STRANGER)
        self.assertTrue(wait_until(lambda: self.in_flight() == REQUESTS, 10), "no answer is stuck: they are too small")
        self.assertTrue(wait_until(lambda: self.is_served(mob.STRANGER), 5), "those who do not read keep their places")

    def is_served(self, source: str) -> bool:
        with self.scene.network(), mob.connect(source) as sock:
            sock.sendall(GET)
            response = http.client.HTTPResponse(sock)
            response.begin()
            return response.status == 200

    def test_snapshots_that_nobody_reads(self) -> None:
        """Clients of many networks, which do not read their different answers, do not keep them in memory."""
        size = len(self.exporter.ask("/metrics").body)
        count = 2 * BODIES_MAX // size
        self.assertIn(count, range(2, CONNECTIONS), size)
        for i in range(count):
            self.ask_without_reading(f"127.0.1.{i}").recv(1, socket.MSG_PEEK)  # the next gets another snapshot
        self.assertTrue(wait_until(lambda: self.in_flight() * size <= BODIES_MAX, 30))


if __name__ == "__main__":
    main()
