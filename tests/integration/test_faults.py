# SPDX-License-Identifier: Apache-2.0
"""Tests of faults around the exporter. After each fault a scrape is right, or it fails, is counted, and does not harm a
later scrape."""
import os
import resource
import signal
import time
from collections import Counter

from actor import connect_pairs
from case import SceneCase, main
from exporter import PORT, Exporter, Link
from process import wait_until

FDS = 10_000  # of a process that dies with all of them; half of the usual limit
SECONDS = 20
# Enough for both programs to occur on a busy machine. Two suffice on a quiet machine.
SEEN_SECONDS = 60
FDS_PER_CONNECTION = 3  # the client's socket, and a pair of sockets between the acceptor and the HTTP server


def limit_descriptors(exporter: Exporter, limit: int | None) -> None:
    """Limits the exporter to descriptors below this number. None: the limit of the start."""
    hard = resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE, (hard if limit is None else limit, hard))


def errors_of(exposition) -> Counter:
    """Returns the failed snapshots by cause, for causes that occurred."""
    return +Counter({cause: int(count) for (cause,), count in
                     exposition.sum_by("tcp_exporter_scrape_errors_total", "cause").items()})  # fmt: skip


class FaultCase(SceneCase):
    compares = False  # a twin would share the fault

    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        client = self.scene.actor("client")
        connect_pairs(client, self.web, self.web.listen(port=80), 10, 80)

    def assert_whole(self, exposition) -> None:
        counts = exposition.sum_by("tcp_connections", "process", "state")
        self.assertEqual(counts[("web", "established")], 10)
        self.assertEqual(counts[("client", "established")], 10)


class Descriptors(FaultCase):
    def take_all_descriptors(self, exporter: Exporter) -> None:
        """The limit allows no new descriptor, and connections use the free numbers below it."""
        limit = 1 + max(int(number) for number in os.listdir(f"/proc/{exporter.pid}/fd"))
        limit += -(limit - exporter.open_fds()) % FDS_PER_CONNECTION
        limit_descriptors(exporter, limit)
        for _ in range((limit - exporter.open_fds()) // FDS_PER_CONNECTION):
            link = Link(self.scene, exporter.address, PORT, exporter.network)
            self.addCleanup(link.close)
            link.connect()
        self.assertTrue(wait_until(lambda: exporter.open_fds() == limit, SECONDS))

    def test_a_scrape_without_one_to_spare(self) -> None:
        exporter = self.start_exporter()
        with exporter.link() as link:
            self.assert_whole(link.metrics())
            self.take_all_descriptors(exporter)
            reply = link.ask("/metrics")
            self.assertEqual(reply.status, 503)
            self.assertRegex(reply.body.decode(), "(?i)too many open files")
            self.assertEqual(link.ask("/readyz").status, 503)
            self.assertEqual(link.ask("/healthz").status, 200)
            limit_descriptors(exporter, None)
            exposition = link.metrics()
            self.assert_whole(exposition)
            self.assertEqual(errors_of(exposition), Counter(descriptors=1))
            self.assertEqual(link.ask("/readyz").status, 200)

    def test_connections_take_the_last(self) -> None:
        exporter = self.start_exporter()
        with exporter.link() as link:
            link.metrics()
            before = exporter.open_fds()
            limit_descriptors(exporter, before + 2 * FDS_PER_CONNECTION)
            links = [Link(self.scene, exporter.address, PORT, exporter.network) for _ in range(40)]
            for each in links:
                each.connect()
            self.assertTrue(wait_until(lambda: exporter.open_fds() >= before + 2 * FDS_PER_CONNECTION, SECONDS))
            self.assertEqual(link.ask("/healthz").status, 200)
            for each in links:
                each.close()
            self.assertTrue(wait_until(lambda: exporter.open_fds() <= before, SECONDS))
            self.assert_whole(link.metrics())
            self.assertTrue(wait_until(lambda: self.answers(exporter), SECONDS))

    def answers(self, exporter: Exporter) -> bool:
        """The exporter accepts and closes the waiting connections of clients that have left. Meanwhile a connection
        can find no descriptor, and is closed without an answer."""
        try:
            return exporter.ask("/metrics").status == 200
        except ConnectionError:
            return False


class Logs(FaultCase):
    def start_with(self, redirections: str) -> Exporter:
        return self.start_exporter("--log.level=debug",
                                   binary=self.write_script(f'exec {self.binary} "$@" {redirections}'))

    def test_a_full_disk(self) -> None:
        exporter = self.start_with("2>/dev/full")
        for _ in range(10):
            self.assert_whole(exporter.metrics())

    def test_no_streams_at_all(self) -> None:
        """The next opened file must not become the file of the log."""
        exporter = self.start_with("<&- >&- 2>&-")
        for _ in range(10):
            self.assert_whole(exporter.metrics())
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{exporter.pid}/fd/{number}"), "/")

    def test_a_reader_that_went_away(self) -> None:
        exporter = self.start_with("2> >(exec true)")
        for _ in range(10):
            self.assert_whole(exporter.metrics())


class Signals(FaultCase):
    def test_a_storm_of_reloads(self) -> None:
        exporter = self.start_exporter()
        for _ in range(20):
            for _ in range(50):
                exporter.program.signal(signal.SIGHUP)
            self.assert_whole(exporter.metrics())

    def test_an_end_during_the_start(self) -> None:
        """A signal ends the process before its handler is installed. Afterwards the exporter ends itself."""
        codes = set()
        for delay_ms in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256):
            program = self.scene.start(self.binary, f"--collector.backend={self.backend}",
                                       f"--web.listen-address=127.0.0.1:{PORT}")  # fmt: skip
            time.sleep(delay_ms / 1000)
            program.signal(signal.SIGTERM)
            codes.add(program.wait(SECONDS))
        self.assertLessEqual(codes, {0, 128 + signal.SIGTERM})
        self.assertIn(0, codes)


class Procfs(FaultCase):
    def test_another_mount_covers_it(self) -> None:
        exporter = self.start_exporter()
        self.scene.run("mount", "-t", "tmpfs", "none", "/proc")
        self.assert_whole(exporter.metrics())
        self.scene.run("umount", "/proc")
        self.assert_whole(exporter.metrics())

    def test_there_is_none(self) -> None:
        """The exporter does not start if no socket would have an owner."""
        self.scene.run("mount", "-t", "tmpfs", "none", "/proc")
        for flags in (), ("--print-table",):
            output = self.output_of_binary(f"--web.listen-address=127.0.0.1:{PORT}", *flags)
            self.assertEqual(output.code, 1)
            self.assertIn(b'"/proc\\" is not a procfs' if not flags else b'"/proc" is not a procfs', output.stderr)


class Deaths(FaultCase):
    def test_a_process_with_many_descriptors(self) -> None:
        exporter = self.start_exporter()
        for round_number in range(8):
            hoarder = self.scene.actor("hoarder")
            hoarder.listen(port=8080)
            hoarder.hoard(count=FDS)
            links = [Link(self.scene, exporter.address, PORT, exporter.network) for _ in range(2)]
            for link in links:
                link.connect()
                link.request("GET", "/metrics")
            time.sleep(round_number * 0.002)
            hoarder.die()
            for link in links:
                self.assertEqual(link.getresponse().status, 200)
                link.close()
            exposition = exporter.metrics()
            self.assert_whole(exposition)
            self.assertEqual(errors_of(exposition), Counter())

    def test_a_pid_that_is_used_again_and_again(self) -> None:
        """Two programs have the same PID in turn. No socket of one is attributed to the other."""
        exporter = self.start_exporter()  # first, so that it does not get their PID
        self.web.alternate(names=["alpha", "beta"], ports=[8001, 8002])
        seen: Counter = Counter()
        end = time.monotonic() + SEEN_SECONDS
        while sum(seen.values()) < 300 or min(seen["alpha"], seen["beta"]) <= 5:
            self.assertLess(time.monotonic(), end, seen)
            exposition = exporter.metrics()
            self.assert_whole(exposition)
            owners = exposition.sum_by("tcp_connections", "process", "local_port")
            for name, port in ("alpha", "8001"), ("beta", "8002"):
                seen[name] += int(owners.get((name, port), 0))
            self.assertNotIn(("alpha", "8002"), owners)
            self.assertNotIn(("beta", "8001"), owners)


if __name__ == "__main__":
    main()
