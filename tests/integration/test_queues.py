# SPDX-License-Identifier: Apache-2.0
"""Tests of accept queues, of queued bytes, and of the age of CLOSE_WAIT."""
import time
from collections import Counter

from actor import Actor, connect_pairs
from case import SceneCase, main
from exporter import Exporter

CLOCK_TICK = 0.02  # the largest tick of the kernel's clock for segments


class AcceptQueue(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("hung")
        self.client = self.scene.actor("client")

    def queue(self, family: str, exposition, process: str = "hung", port: str = "80") -> float:
        return exposition.value(f"tcp_accept_queue_{family}", process=process, local_port=port)

    def test_waiting_connections_belong_to_the_listener(self) -> None:
        self.web.listen(port=80, backlog=40)
        waiting = [self.client.connect(port=80) for _ in range(12)]
        for sock in waiting[:5]:
            self.client.shutdown(sock=sock)
        exposition = self.check({
            ("listen", "hung", "80"): 1,
            ("established", "hung", "80"): 7,
            ("close_wait", "hung", "80"): 5,
            ("established", "client", "ephemeral"): 7,
            ("fin_wait2", "client", "ephemeral"): 5,
        })  # fmt: skip
        self.assertEqual(self.queue("length", exposition), 12)
        self.assertEqual(self.queue("limit", exposition), 40)

    def test_a_full_queue(self) -> None:
        self.web.listen(port=80, backlog=3)
        for _ in range(4):  # the kernel accepts one more than the limit
            self.client.connect(port=80)
        for _ in range(3):
            self.client.connect(port=80, wait=False)
        exposition = self.check({
            ("listen", "hung", "80"): 1,
            ("established", "hung", "80"): 4,
            ("established", "client", "ephemeral"): 4,
            ("syn_sent", "client", "ephemeral"): 3,
        })  # fmt: skip
        self.assertEqual(self.queue("length", exposition), 4)
        self.assertEqual(self.queue("limit", exposition), 3)

    def test_accepted_and_waiting_together(self) -> None:
        listener = self.web.listen(port=80)
        connect_pairs(self.client, self.web, listener, 6, 80)
        for _ in range(3):
            self.client.connect(port=80)
        exposition = self.check({
            ("listen", "hung", "80"): 1,
            ("established", "hung", "80"): 9,
            ("established", "client", "ephemeral"): 9,
        })  # fmt: skip
        self.assertEqual(self.queue("length", exposition), 3)

    def test_unread_bytes_in_the_accept_queue(self) -> None:
        self.web.listen(port=80)
        for _ in range(2):
            self.client.send(sock=self.client.connect(port=80), count=500)
        exposition = self.check({
            ("listen", "hung", "80"): 1,
            ("established", "hung", "80"): 2,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip
        self.assertEqual(exposition.value("tcp_receive_queue_bytes", process="hung", local_port="80"), 1000)

    def test_one_port_with_two_listeners_sums_up(self) -> None:
        for address, backlog in ("127.0.0.1", 10), ("127.0.0.2", 20):
            self.web.listen(port=80, address=address, backlog=backlog)
            self.client.connect(port=80, address=address)
        exposition = self.check({
            ("listen", "hung", "80"): 2,
            ("established", "hung", "80"): 2,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip
        self.assertEqual(self.queue("length", exposition), 2)
        self.assertEqual(self.queue("limit", exposition), 30)


class ReusePort(SceneCase):
    def test_the_queue_of_a_hung_worker_is_its_own(self) -> None:
        client = self.scene.actor("client")
        workers = [self.scene.actor(name) for name in ("busy", "hung")]
        listeners = [worker.listen(port=80, reuse=True, backlog=100) for worker in workers]
        for _ in range(40):
            client.connect(port=80)
        self.await_states(Counter(listen=2, established=80))
        accepted = len(workers[0].accept_all(listener=listeners[0]))
        self.assertTrue(0 < accepted < 40, f"the kernel gave {accepted} of 40 connections to one of two listeners")
        exposition = self.check({
            ("listen", "busy", "80"): 1,
            ("listen", "hung", "80"): 1,
            ("established", "busy", "80"): accepted,
            ("established", "hung", "80"): 40 - accepted,
            ("established", "client", "ephemeral"): 40,
        })  # fmt: skip
        lengths = exposition.sum_by("tcp_accept_queue_length", "process", "local_port")
        self.assertEqual(lengths, {("hung", "80"): 40 - accepted})
        limits = exposition.sum_by("tcp_accept_queue_limit", "process", "local_port")
        self.assertEqual(limits[("busy", "80")], 100)
        self.assertEqual(limits[("hung", "80")], 100)

    def test_time_wait_goes_to_the_oldest(self) -> None:
        client = self.scene.actor("client")
        workers = [self.scene.actor(name) for name in ("older", "younger")]
        listeners = [worker.listen(port=80, reuse=True) for worker in reversed(workers)][::-1]
        ours = [client.connect(port=80) for _ in range(20)]
        self.await_states(Counter(listen=2, established=40))
        for worker, listener in zip(workers, listeners):
            for sock in worker.accept_all(listener=listener):
                worker.close(sock=sock)
        for sock in ours:
            client.close_second(sock=sock)
        self.check({("listen", "older", "80"): 1, ("listen", "younger", "80"): 1, ("time_wait", "older", "80"): 20})


class Bytes(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")
        self.ours, self.theirs = connect_pairs(self.client, self.web, self.web.listen(port=80), 3, 80)

    def unread(self, exposition, process: str = "web", port: str = "80") -> float:
        return exposition.value("tcp_receive_queue_bytes", process=process, local_port=port)

    def owners(self, server: str, client: str) -> dict:
        return {("listen", "web", "80"): 1, (server, "web", "80"): 3, (client, "client", "ephemeral"): 3}

    def test_unread_bytes(self) -> None:
        for sock, count in zip(self.ours, (1, 20, 300)):
            self.client.send(sock=sock, count=count)
        exposition = self.check(self.owners("established", "established"))
        self.assertEqual(self.unread(exposition), 321)
        self.assertEqual(self.unread(exposition, "client", "ephemeral"), 0)

    def test_a_fin_is_no_unread_byte(self) -> None:
        for sock in self.ours:
            self.client.shutdown(sock=sock)
        exposition = self.check(self.owners("close_wait", "fin_wait2"))
        self.assertEqual(self.unread(exposition), 0)

    def test_a_fin_that_was_read(self) -> None:
        for ours, theirs in zip(self.ours, self.theirs):
            self.client.shutdown(sock=ours)
            self.assertEqual(self.web.receive(sock=theirs, count=1), 0)
        exposition = self.check(self.owners("close_wait", "fin_wait2"))
        self.assertEqual(self.unread(exposition), 0)

    def test_unread_bytes_before_a_fin(self) -> None:
        self.client.send(sock=self.ours[1], count=7)
        for sock in self.ours:
            self.client.shutdown(sock=sock)
        self.web.receive(sock=self.theirs[2], count=1)
        exposition = self.check(self.owners("close_wait", "fin_wait2"))
        self.assertEqual(self.unread(exposition), 7)

    def test_unread_bytes_in_last_ack_and_closing(self) -> None:
        for ours, theirs in zip(self.ours[:2], self.theirs[:2]):
            self.client.send(sock=ours, count=7)
            self.web.fill(sock=theirs)
        self.client.shutdown(sock=self.ours[0])
        self.await_states(Counter(listen=1, established=4, close_wait=1, fin_wait2=1))
        self.web.shutdown(sock=self.theirs[0])  # LAST_ACK
        self.web.shutdown(sock=self.theirs[1])
        self.client.shutdown(sock=self.ours[1])  # CLOSING
        exposition = self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 1,
            ("last_ack", "web", "80"): 1,
            ("closing", "web", "80"): 1,
            ("established", "client", "ephemeral"): 1,
            ("fin_wait2", "client", "ephemeral"): 2,
        })  # fmt: skip
        self.assertEqual(self.unread(exposition), 14)

    def test_a_peer_that_does_not_read(self) -> None:
        written = sum(self.web.fill(sock=sock) for sock in self.theirs)
        exposition = self.check(self.owners("established", "established"))
        waiting = exposition.value("tcp_send_queue_bytes", process="web", local_port="80")
        self.assertEqual(waiting + self.unread(exposition, "client", "ephemeral"), written)
        self.assertGreater(waiting, 0)

    def test_the_backlog_of_a_listener_is_no_byte(self) -> None:
        for _ in range(5):
            self.client.connect(port=80)
        exposition = self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 8,
            ("established", "client", "ephemeral"): 8,
        })  # fmt: skip
        self.assertEqual(exposition.sum_by("tcp_receive_queue_bytes"), {})
        self.assertEqual(exposition.sum_by("tcp_send_queue_bytes"), {})


class CloseWaitAge(SceneCase):
    def test_the_age_counts_from_the_oldest_fin(self) -> None:
        web, client = self.scene.actor("web"), self.scene.actor("client")
        ours, _ = connect_pairs(client, web, web.listen(port=80), 2, 80)
        exporter = self.start_exporter()
        first = self.shut(client, ours[0])
        time.sleep(1)
        self.check_age(exporter, first)
        self.shut(client, ours[1])  # a younger one changes nothing
        time.sleep(0.5)
        self.check_age(exporter, first)

    def shut(self, client: Actor, sock: int) -> tuple[float, float]:
        """Sends the FIN. Returns a time before it and a time after it."""
        before = time.monotonic()
        client.shutdown(sock=sock)
        return before, time.monotonic()

    def check_age(self, exporter: Exporter, sent: tuple[float, float], process: str = "web") -> None:
        least = time.monotonic() - sent[1] - CLOCK_TICK
        age = exporter.metrics().value("tcp_close_wait_oldest_seconds", process=process, local_port="80")
        most = time.monotonic() - sent[0] + CLOCK_TICK
        self.assertTrue(least <= age <= most, f"age {age}, must be within {least} and {most}")

    def test_a_connection_that_nobody_accepted(self) -> None:
        web, client = self.scene.actor("hung"), self.scene.actor("client")
        web.listen(port=80)
        exporter = self.start_exporter()
        sent = self.shut(client, client.connect(port=80))
        time.sleep(0.6)
        self.check_age(exporter, sent, "hung")

    def test_no_close_wait_no_age(self) -> None:
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 2, 80)
        ages = self.start_exporter().metrics().sum_by("tcp_close_wait_oldest_seconds", "process")
        self.assertEqual(ages, {})


if __name__ == "__main__":
    main()
