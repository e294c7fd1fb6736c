# SPDX-License-Identifier: Apache-2.0
"""Connections whose peer does not answer or does not read: as the kernel's timers tell."""
import re
from collections import Counter

from actor import Actor, connect_pairs
from case import SceneCase, main
from exporter import Exporter
from process import wait_until

RETRANSMITTING = "tcp_retransmitting_connections"
ZERO_WINDOW = "tcp_zero_window_connections"
# A first retransmission comes after a quarter of a second, a probe of a closed window as well.
TIMER_SECONDS = 30
HERE, THERE = "10.0.1.1", "10.0.1.2"
NOBODY = "02:00:00:00:00:09"


class Timers(SceneCase):
    """A client here, and a server in a network of its own."""

    def setUp(self) -> None:
        super().setUp()
        holder = self.scene.add_network("far")
        self.scene.run("ip", "link", "add", "near", "type", "veth", "peer", "name", "home")
        self.scene.run("ip", "link", "set", "home", "netns", str(holder.pid))
        for device, address, network in ("near", HERE, "main"), ("home", THERE, "far"):
            self.scene.run("ip", "address", "add", f"{address}/24", "dev", device, network=network)
            self.scene.run("ip", "link", "set", device, "up", network=network)
        self.client = self.scene.actor("client")
        self.server = self.scene.actor("server", network="far")

    def connect(self, count: int) -> tuple[list[int], list[int]]:
        listener = self.server.listen(port=443, address="0.0.0.0")
        return connect_pairs(self.client, self.server, listener, count, 443, address=THERE)

    def break_path(self) -> None:
        """From now on every packet from here to there is lost."""
        self.scene.run("ip", "neighbour", "replace", THERE, "dev", "near", "lladdr", NOBODY, "nud", "permanent")

    def await_timer(self, expression: str, count: int, network: str = "main") -> None:
        """Waits until ss shows that many timers of that kind."""
        if not wait_until(lambda: self.timers(expression, network) == count, TIMER_SECONDS):
            self.fail(self.scene.run("ss", "-tanoH", network=network))

    def timers(self, expression: str, network: str) -> int:
        return len(re.findall(expression, self.scene.run("ss", "-tanoH", network=network)))

    def expect(self, exporter: Exporter, family: str, by_local_port: dict, by_remote_port: dict) -> None:
        exposition = exporter.metrics()
        self.assertEqual(exposition.sum_by(family, "process", "local_port"), Counter(by_local_port))
        outbound = family.replace("tcp_", "tcp_outbound_")
        self.assertEqual(exposition.sum_by(outbound, "process", "remote_port"), Counter(by_remote_port))

    def retransmit(self, sockets: list[int]) -> None:
        self.break_path()
        for sock in sockets:
            self.client.send(sock=sock, count=100)
        self.await_timer(r"timer:\(on,[^,]*,[1-9]\d*\)", len(sockets))

    def test_a_path_that_is_lost(self) -> None:
        ours, _ = self.connect(5)
        exporter = self.start_exporter()
        self.expect(exporter, RETRANSMITTING, {}, {})
        self.retransmit(ours[:3])
        self.expect(exporter, RETRANSMITTING, {("client", "ephemeral"): 3}, {("client", "443"): 3})
        self.expect(exporter, ZERO_WINDOW, {}, {})
        values = exporter.metrics().family(RETRANSMITTING).samples.values()
        self.assertIn(0, values)  # a pair without such connections has a series too

    def test_a_server_whose_client_is_gone(self) -> None:
        """Its listener is here; the connection is inbound."""
        server, client = self.scene.actor("web"), self.scene.actor("browser", network="far")
        listener = server.listen(port=80, address="0.0.0.0")
        _, theirs = connect_pairs(client, server, listener, 2, 80, address=HERE)
        self.break_path()
        server.send(sock=theirs[0], count=100)
        self.await_timer(r"timer:\(on,[^,]*,[1-9]\d*\)", 1)
        self.expect(self.start_exporter(), RETRANSMITTING, {("web", "80"): 1}, {})

    def test_a_fin_that_nobody_acknowledges(self) -> None:
        """The connection is an orphan: no process holds it."""
        ours, _ = self.connect(2)
        self.break_path()
        self.client.close(sock=ours[0])
        self.await_timer(r"FIN-WAIT-1 .*timer:\(on,[^,]*,[1-9]\d*\)", 1)
        self.expect(self.start_exporter(), RETRANSMITTING, {("(none)", "ephemeral"): 1}, {("(none)", "443"): 1})

    def test_a_handshake_is_not_counted(self) -> None:
        hole = self.scene.add_black_hole()
        self.client.connect(port=443, address=hole, wait=False)
        self.await_timer(r"SYN-SENT .*timer:\(on,[^,]*,[1-9]\d*\)", 1)
        self.expect(self.start_exporter(), RETRANSMITTING, {}, {})

    def stop_reading(self, sender: Actor, sockets: list[int]) -> None:
        for sock in sockets:
            sender.fill(sock=sock)
        self.await_timer(r"timer:\(persist,", len(sockets))

    def test_a_peer_that_does_not_read(self) -> None:
        ours, theirs = self.connect(4)
        exporter = self.start_exporter()
        self.stop_reading(self.client, ours[:2])
        self.expect(exporter, ZERO_WINDOW, {("client", "ephemeral"): 2}, {("client", "443"): 2})
        self.expect(exporter, RETRANSMITTING, {}, {})
        while self.timers(r"timer:\(persist,", "main") == 2:
            self.server.receive(sock=theirs[0], count=65536)
        self.expect(exporter, ZERO_WINDOW, {("client", "ephemeral"): 1}, {("client", "443"): 1})

    def test_a_client_that_does_not_read(self) -> None:
        server, client = self.scene.actor("web"), self.scene.actor("browser")
        _, theirs = connect_pairs(client, server, server.listen(port=80), 3, 80)
        self.stop_reading(server, theirs[:1])
        self.expect(self.start_exporter(), ZERO_WINDOW, {("web", "80"): 1}, {})

    def test_a_record_keeps_them(self) -> None:
        ours, _ = self.connect(2)
        self.stop_reading(self.client, ours[:1])
        self.retransmit(ours[1:])
        record = self.output_of_binary("--print-table=replay").stdout.decode()
        self.assertRegex(record, r"socket established \d+ 0 10.0.1.1:\d+ 10.0.1.2:443 .* retransmitting\n")
        self.assertRegex(record, r"socket established \d+ 0 10.0.1.1:\d+ 10.0.1.2:443 .* zero_window\n")


if __name__ == "__main__":
    main()
