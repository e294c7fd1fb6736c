# SPDX-License-Identifier: Apache-2.0
"""Tests of --collector.closed-owners: connections that no process holds belong to the process that closed them."""
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from actor import Actor, connect_pairs
from case import SceneCase, main

# Connections that a process closes as fast as it can.
BURST = 3000


class ClosedCase(SceneCase):
    compares = False  # procfs cannot know
    flags = ("--collector.closed-owners",)

    def setUp(self) -> None:
        super().setUp()
        self.server, self.client = self.scene.actor("server"), self.scene.actor("client")
        self.listener = self.server.listen(port=80, backlog=2 * BURST)

    def pairs(self, count: int, **where) -> tuple[list[int], list[int]]:
        return connect_pairs(self.client, self.server, self.listener, count, 80, **where)

    def close_first(self, first: Actor, ours: list[int], second: Actor, theirs: list[int]) -> None:
        """Closes connections so that the first has the TIME_WAITs."""
        for mine, other in zip(ours, theirs):
            first.close(sock=mine)
            second.close_second(sock=other)


class Closed(ClosedCase):
    def test_the_client_that_closes_first(self) -> None:
        exporter = self.start_exporter()
        ours, theirs = self.pairs(3)
        self.close_first(self.client, ours, self.server, theirs)
        self.check({("listen", "server", "80"): 1, ("time_wait", "client", "ephemeral"): 3}, exporter)

    def test_the_worker_that_closes_what_its_master_listens_for(self) -> None:
        exporter = self.start_exporter()
        worker = self.server.fork("worker")
        ours, theirs = connect_pairs(self.client, worker, self.listener, 2, 80)
        self.close_first(worker, theirs, self.client, ours)
        self.check({("listen", "server", "80"): 1, ("time_wait", "worker", "80"): 2}, exporter)

    def test_a_process_that_has_ended(self) -> None:
        exporter = self.start_exporter()
        _, theirs = self.pairs(2)
        self.client.die()
        self.check({
            ("listen", "server", "80"): 1,
            ("close_wait", "server", "80"): 2,
            ("fin_wait2", "client", "ephemeral"): 2,
        }, exporter)  # fmt: skip
        for sock in theirs:
            self.server.close(sock=sock)
        self.check({("listen", "server", "80"): 1, ("time_wait", "client", "ephemeral"): 2}, exporter)

    def test_a_connection_that_was_closed_before_the_start(self) -> None:
        ours, theirs = self.pairs(2)
        self.close_first(self.client, ours[:1], self.server, theirs[:1])
        exporter = self.start_exporter()
        self.close_first(self.client, ours[1:], self.server, theirs[1:])
        self.check({
            ("listen", "server", "80"): 1,
            ("time_wait", "(none)", "ephemeral"): 1,
            ("time_wait", "client", "ephemeral"): 1,
        }, exporter)  # fmt: skip

    def test_ipv6_and_mapped_addresses(self) -> None:
        self.listener = self.server.listen(port=81, address="::")
        exporter = self.start_exporter()
        for address in "::1", "127.0.0.1", "::ffff:127.0.0.1":
            for closer in "client", "server":
                ours, theirs = connect_pairs(self.client, self.server, self.listener, 1, 81, address=address)
                if closer == "client":
                    self.close_first(self.client, ours, self.server, theirs)
                else:
                    self.close_first(self.server, theirs, self.client, ours)
        self.check({
            ("listen", "server", "80"): 1,
            ("listen", "server", "81"): 1,
            ("time_wait", "client", "ephemeral"): 3,
            ("time_wait", "server", "81"): 3,
        }, exporter)  # fmt: skip

    def test_multipath_tcp(self) -> None:
        """The kernel closes its TCP sockets, and chooses the end that waits."""
        listener = self.server.listen(port=81, protocol=socket.IPPROTO_MPTCP)
        self.client.die()
        clients = [self.scene.actor(f"client{i}") for i in range(3)]
        exporter = self.start_exporter()
        for client in clients:
            ours, theirs = connect_pairs(client, self.server, listener, 1, 81, protocol=socket.IPPROTO_MPTCP)
            self.close_first(client, ours, self.server, theirs)
        self.await_states(Counter(listen=2, time_wait=3))
        seen = exporter.metrics().sum_by("tcp_connections", "state", "process", "local_port")
        ends = [("server", "81"), *((client.name, "ephemeral") for client in clients)]
        self.assertEqual(sum(seen[("time_wait", *end)] for end in ends), 3, seen)


class Namespaces(ClosedCase):
    """The same connections in several network namespaces."""

    flags = ("--collector.closed-owners", "--collector.netns=all")

    def test_the_same_ports_in_two_namespaces(self) -> None:
        exporter = self.start_exporter()
        owners = {("listen", "server", "80"): 1, ("time_wait", "client", "ephemeral"): 1}
        self.close_first(self.client, *self.fixed_pair(self.client, self.server, self.listener))
        for name in "blue", "green":
            self.scene.add_network(name)
            server, client = (self.scene.actor(f"{name}-{part}", network=name) for part in ("server", "client"))
            self.close_first(client, *self.fixed_pair(client, server, server.listen(port=80)))
            owners |= {("listen", f"{name}-server", "80"): 1, ("time_wait", f"{name}-client", "ephemeral"): 1}
        self.check(owners, exporter)

    def fixed_pair(self, client: Actor, server: Actor, listener: int) -> tuple[list[int], Actor, list[int]]:
        ours, theirs = connect_pairs(client, server, listener, 1, 80, source=9000)
        return ours, server, theirs


class Names(ClosedCase):
    """A process that lives has the name that was asked for, and one that has ended the kernel's."""

    flags = ("--collector.closed-owners", "--collector.process-name=exe", "--collector.label=pid")

    def test_names(self) -> None:
        exporter = self.start_exporter()
        gone = self.scene.actor("gone")
        ours, theirs = self.pairs(1)
        lost, left = connect_pairs(gone, self.server, self.listener, 1, 80)
        self.close_first(self.client, ours, self.server, theirs)
        self.close_first(gone, lost, self.server, left)
        gone.die()
        seen = exporter.metrics().sum_by("tcp_connections", "state", "process", "pid")
        owners = {key[1:] for key, count in seen.items() if key[0] == "time_wait" and count == 1}
        self.assertIn(("gone", str(gone.pid)), owners)
        self.assertIn(str(self.client.pid), {pid for name, pid in owners if name.startswith("python3")})


class Burst(ClosedCase):
    """Processes that close thousands of connections at the same time."""

    def open_many(self, client: Actor, server: Actor, port: int) -> tuple[list[int], list[int]]:
        listener = server.listen(port=port, backlog=BURST)
        server.raise_limit()
        return client.connect_many(port=port, count=BURST), server.accept_all(listener=listener)

    def test_every_connection_belongs_to_its_closer(self) -> None:
        exporter = self.start_exporter()
        one, two, three = (self.scene.actor(name) for name in ("one", "two", "three"))
        ends = {  # who closes first, and the peer
            (one, self.server): self.open_many(one, self.server, 81),
            (two, self.server): self.open_many(two, self.server, 82),
            (three, self.client): self.open_many(self.client, three, 83)[::-1],
        }
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda pair: pair[0][0].close_many(socks=pair[1][0]), ends.items()))
        listeners = {("listen", name, port): 1 for name, port in
                     (("server", "80"), ("server", "81"), ("server", "82"), ("three", "83"))}  # fmt: skip
        self.check({
            **listeners,
            ("fin_wait2", "one", "ephemeral"): BURST,
            ("fin_wait2", "two", "ephemeral"): BURST,
            ("fin_wait2", "three", "83"): BURST,
            ("close_wait", "server", "81"): BURST,
            ("close_wait", "server", "82"): BURST,
            ("close_wait", "client", "ephemeral"): BURST,
        }, exporter)  # fmt: skip
        for (_, peer), (_, theirs) in ends.items():
            peer.close_many(socks=theirs)
        self.check({
            **listeners,
            ("time_wait", "one", "ephemeral"): BURST,
            ("time_wait", "two", "ephemeral"): BURST,
            ("time_wait", "three", "83"): BURST,
        }, exporter)  # fmt: skip


if __name__ == "__main__":
    main()
