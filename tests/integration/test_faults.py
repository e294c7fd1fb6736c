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

FDS = 10_000  # of a process that dies with them all; half of what these machines give a process
SECONDS = 20
# For both programs to be seen often enough on a busy machine; two suffice on a quiet one.
SEEN_SECONDS = 60
FDS_PER_CONNECTION = 3  # the client's socket, and a pair of sockets between the acceptor and the HTTP server


def limit_descriptors(exporter: Exporter, limit: int | None) -> None:
    """Lets the exporter have descriptors below that number only; None: as many as at the start."""
    hard = resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE, (hard if limit is None else limit, hard))


def errors_of(exposition) -> Counter:
    """Failed snapshots by cause; only causes that occurred."""
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
        """No new one is allowed, and connections take the numbers that are free between the others."""
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
            self.assert_whole(exporter.metrics())


class Logs(FaultCase):
    def start_with(self, redirections: str) -> Exporter:
        return self.start_exporter("--log.level=debug",
                                   binary=self.write_script(f'exec {self.binary} "$@" {redirections}'))

    def test_a_full_disk(self) -> None:
        exporter = self.start_with("2>/dev/full")
        for _ in range(10):
            self.assert_whole(exporter.metrics())

    def test_no_streams_at_all(self) -> None:
        """What is opened next must not become what the log is written to."""
        exporter = self.start_with("<&- >&- 2>&-")
        for _ in range(10):
            self.assert_whole(exporter.metrics())
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{exporter.pid}/fd/{number}"), "/dev/null")

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
        """Before it knows what to do at a signal, the signal ends it; from then on it ends by itself."""
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
        """Rather no start than all sockets without an owner."""
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
        """Two programs with the same PID in turn: neither is ever credited with what is the other's."""
        exporter = self.start_exporter()  # first: it shall not get their PID
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
