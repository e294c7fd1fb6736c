# SPDX-License-Identifier: Apache-2.0
"""Tests of every TCP state with real sockets: counts equal those of ss, owners those of the scene."""
from collections import Counter

from actor import connect_pairs
from case import SceneCase, main


class States(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")

    def serve(self, port: int = 80, **how) -> int:
        return self.web.listen(port=port, **how)

    def pairs(self, count: int, port: int = 80) -> tuple[list[int], list[int]]:
        return connect_pairs(self.client, self.web, self.serve(port), count, port)

    def end_clients(self, socks: list[int]) -> None:
        for sock in socks:
            self.client.shutdown(sock=sock)

    def test_no_sockets(self) -> None:
        self.check({})

    def test_listeners(self) -> None:
        for port in range(8000, 8020):
            self.serve(port)
        self.check({("listen", "web", str(port)): 1 for port in range(8000, 8020)})

    def test_established(self) -> None:
        self.pairs(30)
        self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 30,
            ("established", "client", "ephemeral"): 30,
        })  # fmt: skip

    def test_close_wait(self) -> None:
        ours, _ = self.pairs(10)
        self.end_clients(ours[:4])
        self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 6,
            ("close_wait", "web", "80"): 4,
            ("established", "client", "ephemeral"): 6,
            ("fin_wait2", "client", "ephemeral"): 4,
        })  # fmt: skip

    def test_close_wait_of_a_client(self) -> None:
        _, theirs = self.pairs(3)
        for sock in theirs:
            self.web.shutdown(sock=sock)
        self.check({
            ("listen", "web", "80"): 1,
            ("fin_wait2", "web", "80"): 3,
            ("close_wait", "client", "ephemeral"): 3,
        })  # fmt: skip

    def test_orphans_in_fin_wait2(self) -> None:
        # With a timeout above 60 seconds the orphan stays a whole socket. Otherwise a timewait minisocket replaces it.
        for timeout, port in ("60", 80), ("120", 81):
            self.scene.sysctl("ipv4.tcp_fin_timeout", timeout)
            _, theirs = self.pairs(3, port)
            for sock in theirs:
                self.web.close(sock=sock)
        self.check({
            ("listen", "web", "80"): 1,
            ("listen", "web", "81"): 1,
            ("fin_wait2", "web", "80"): 3,
            ("fin_wait2", "web", "81"): 3,
            ("close_wait", "client", "ephemeral"): 6,
        })  # fmt: skip

    def test_time_wait_is_credited_to_the_listener(self) -> None:
        ours, theirs = self.pairs(5)
        for client, server in zip(ours, theirs):
            self.web.close(sock=server)
            self.client.close_second(sock=client)
        self.check({("listen", "web", "80"): 1, ("time_wait", "web", "80"): 5})

    def test_time_wait_of_a_client_is_nobodys(self) -> None:
        ours, theirs = self.pairs(5)
        for client, server in zip(ours, theirs):
            self.client.close(sock=client)
            self.web.close_second(sock=server)
        exposition = self.check({("listen", "web", "80"): 1, ("time_wait", "(none)", "ephemeral"): 5})
        outbound = exposition.sum_by("tcp_outbound_connections", "state", "process", "remote_port")
        self.assertEqual(outbound[("time_wait", "(none)", "80")], 5)

    def test_time_wait_without_its_listener(self) -> None:
        listener = self.serve()
        ours, theirs = connect_pairs(self.client, self.web, listener, 2, 80)
        for client, server in zip(ours, theirs):
            self.web.close(sock=server)
            self.client.close_second(sock=client)
        self.web.close(sock=listener)
        self.check({("time_wait", "(none)", "80"): 2})

    def test_syn_sent_with_the_first_data(self) -> None:
        self.scene.sysctl("ipv4.tcp_fastopen", "5")  # as a client, without a cookie
        self.client.connect(port=80, fast=True)
        exposition = self.check({("syn_sent", "client", "ephemeral"): 1})
        sent = exposition.value("tcp_send_queue_bytes", process="client", local_port="ephemeral")
        self.assertEqual(sent, 0)

    def test_syn_sent(self) -> None:
        hole = self.scene.add_black_hole()
        for _ in range(4):
            self.client.connect(address=hole, port=443, wait=False)
        exposition = self.check({("syn_sent", "client", "ephemeral"): 4})
        outbound = exposition.sum_by("tcp_outbound_connections", "state", "process", "remote_port")
        self.assertEqual(outbound[("syn_sent", "client", "443")], 4)
        self.assertEqual(exposition.sum_by("tcp_send_queue_bytes"), {}, "a SYN is no data")

    def test_syn_recv_is_credited_to_the_listener(self) -> None:
        self.serve(defer=True)
        for _ in range(3):
            self.client.connect(port=80)
        self.check({
            ("listen", "web", "80"): 1,
            ("syn_recv", "web", "80"): 3,
            ("established", "client", "ephemeral"): 3,
        })  # fmt: skip

    def test_syn_recv_with_the_first_data(self) -> None:
        """TCP Fast Open makes the connection's socket before the handshake is complete (RFC 7413)."""
        source = self.scene.add_black_hole()
        self.scene.sysctl("ipv4.tcp_fastopen", str(0x202))  # of a listener, without a cookie
        listener = self.web.listen(port=80, address="192.0.2.1")
        self.web.accept_fast_open(listener=listener, limit=5)
        for port in range(40000, 40003):
            self.web.send_syn(source=source, port=port, target="192.0.2.1", target_port=80)
        expected = {("listen", "web", "80"): 1, ("syn_recv", "web", "80"): 3}
        exporter = self.start_exporter()
        self.check(expected, exporter)
        self.web.accept(listener=listener)
        self.check(expected, exporter)

    def test_fin_wait1_held_and_orphaned(self) -> None:
        _, theirs = self.pairs(2)
        for sock in theirs:
            self.web.fill(sock=sock)
        self.web.shutdown(sock=theirs[0])
        self.web.close(sock=theirs[1])
        self.check({
            ("listen", "web", "80"): 1,
            ("fin_wait1", "web", "80"): 2,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip

    def test_last_ack_held_and_orphaned(self) -> None:
        ours, theirs = self.pairs(2)
        for sock in theirs:
            self.web.fill(sock=sock)
        self.end_clients(ours)
        self.await_states(Counter(listen=1, close_wait=2, fin_wait2=2))
        self.web.shutdown(sock=theirs[0])
        self.web.close(sock=theirs[1])
        self.check({
            ("listen", "web", "80"): 1,
            ("last_ack", "web", "80"): 2,
            ("fin_wait2", "client", "ephemeral"): 2,
        })  # fmt: skip

    def test_closing_held_and_orphaned(self) -> None:
        ours, theirs = self.pairs(2)
        for sock in theirs:
            self.web.fill(sock=sock)
        self.web.shutdown(sock=theirs[0])
        self.web.close(sock=theirs[1])
        self.end_clients(ours)
        self.check({
            ("listen", "web", "80"): 1,
            ("closing", "web", "80"): 2,
            ("fin_wait2", "client", "ephemeral"): 2,
        })  # fmt: skip

    def test_a_socket_that_is_only_bound_is_in_no_table(self) -> None:
        self.web.bind(port=7000)
        self.check({})

    def test_a_search_for_a_free_port_is_no_connection(self) -> None:
        """The state is SYN_SENT before the kernel has found a port, and no table has the socket yet."""
        self.web.listen(port=80)
        self.client.shutdown(sock=self.client.connect(port=80))
        exporter = self.start_exporter()
        with exporter.link() as link:
            link.ask("/healthz")
            free = self.scene.sysctl("ipv4.ip_local_port_range")
            self.scene.sysctl("ipv4.ip_local_port_range", "20000 25999")
            self.client.bind_many(first=20000, last=25999)
            pids = [self.client.connect_in_vain(port=7) for _ in range(2)]
            for _ in range(20):
                exposition = link.metrics()
                self.assertEqual(exposition.value("tcp_sockets", state="syn_sent"), 0)
                waiting = exposition.value("tcp_connections", state="close_wait", process="web", local_port="80")
                self.assertEqual(waiting, 1)
            for pid in pids:
                self.client.kill(pid=pid)
            self.scene.sysctl("ipv4.ip_local_port_range", free)


class Families(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")

    def test_ipv6(self) -> None:
        listener = self.web.listen(port=80, address="::1")
        ours, _ = connect_pairs(self.client, self.web, listener, 4, 80, address="::1")
        self.client.shutdown(sock=ours[0])
        self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("close_wait", "web", "80"): 1,
            ("established", "client", "ephemeral"): 3,
            ("fin_wait2", "client", "ephemeral"): 1,
        })  # fmt: skip

    def test_both_families_are_one_series(self) -> None:
        for address in "127.0.0.1", "::1":
            listener = self.web.listen(port=80, address=address)
            connect_pairs(self.client, self.web, listener, 2, 80, address=address)
        self.check({
            ("listen", "web", "80"): 2,
            ("established", "web", "80"): 4,
            ("established", "client", "ephemeral"): 4,
        })  # fmt: skip

    def test_mapped_connections_of_a_dual_stack_listener(self) -> None:
        listener = self.web.listen(port=80, address="::")
        for address in "127.0.0.1", "::1", "::ffff:127.0.0.1":
            connect_pairs(self.client, self.web, listener, 2, 80, address=address)
            self.client.connect(port=80, address=address)  # stays in the accept queue
        exporter = self.start_exporter("--collector.label=family")
        exposition = self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 9,
            ("established", "client", "ephemeral"): 9,
        }, exporter)  # fmt: skip
        families = exposition.sum_by("tcp_connections", "state", "process", "family")
        self.assertEqual(families[("established", "web", "ipv4")], 6, "IPv4-mapped connections are IPv4")
        self.assertEqual(families[("established", "web", "ipv6")], 3)

    def test_a_v6_only_listener_takes_no_mapped_connections(self) -> None:
        other = self.scene.actor("other")
        self.web.listen(port=80, address="::", only6=True)
        other.listen(port=80, address="0.0.0.0")
        self.client.connect(port=80, address="127.0.0.1")
        self.client.connect(port=80, address="::1")
        self.check({
            ("listen", "web", "80"): 1,
            ("listen", "other", "80"): 1,
            ("established", "web", "80"): 1,
            ("established", "other", "80"): 1,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip

    def test_the_exact_address_comes_before_the_wildcard(self) -> None:
        other = self.scene.actor("other")
        other.listen(port=80, address="0.0.0.0", reuse=True)
        self.web.listen(port=80, address="127.0.0.2", reuse=True)
        self.client.connect(port=80, address="127.0.0.2")
        for _ in range(2):
            self.client.connect(port=80, address="127.0.0.3")
        self.check({
            ("listen", "web", "80"): 1,
            ("listen", "other", "80"): 1,
            ("established", "web", "80"): 1,
            ("established", "other", "80"): 2,
            ("established", "client", "ephemeral"): 3,
        })  # fmt: skip


if __name__ == "__main__":
    main()
