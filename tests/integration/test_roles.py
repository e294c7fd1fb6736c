# SPDX-License-Identifier: Apache-2.0
"""Tests of inbound and outbound roles: the number of series does not depend on the number of connections."""
from collections import Counter

from actor import connect_pairs
from case import SceneCase, main
from exporter import PORT
from exposition import Exposition

DRAINED = 300
STOPPED = 200
SOURCES = range(10000, 10150)


class Roles(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")

    def outbound(self, exposition: Exposition) -> Counter:
        return exposition.sum_by("tcp_outbound_connections", "process", "remote_port")

    def connect(self, port: int, count: int, **where) -> tuple[int, list[int], list[int]]:
        listener = self.web.listen(port=port)
        return listener, *connect_pairs(self.client, self.web, listener, count, port, **where)

    def test_a_server_that_drains(self) -> None:
        listener, *_ = self.connect(8080, DRAINED)
        self.web.close(sock=listener)
        exposition = self.check({
            ("established", "web", "8080"): DRAINED,
            ("established", "client", "ephemeral"): DRAINED,
        })  # fmt: skip
        self.assertEqual(self.outbound(exposition)[("client", "8080")], DRAINED)
        self.assertNotIn("web", {process for process, _ in self.outbound(exposition)})

    def test_a_server_that_stopped(self) -> None:
        _, ours, theirs = self.connect(8080, STOPPED)
        for client, server in zip(ours, theirs):
            self.web.close(sock=server)
            self.client.close_second(sock=client)
        self.web.die()
        exporter = self.start_exporter()
        exposition = self.check({("time_wait", "(none)", "8080"): STOPPED}, exporter)
        self.assertEqual(self.outbound(exposition), {(exporter.client, str(PORT)): 1}, "only the scrape itself")

    def test_a_server_inside_the_range_that_drains(self) -> None:
        listener, *_ = self.connect(50051, 100)
        self.web.close(sock=listener)
        exposition = self.check({
            ("established", "web", "50051"): 100,
            ("established", "client", "ephemeral"): 100,
        })  # fmt: skip
        self.assertNotIn("web", {process for process, _ in self.outbound(exposition)})

    def test_a_drain_that_the_exporter_saw_begin(self) -> None:
        """The ports of few clients do not determine the role. A port that was served does."""
        self.compares = False  # an exporter that starts later does not know the served port
        exporter = self.start_exporter()
        listener = self.web.listen(port=50051)
        for source in 1025, 1026, 0:
            self.client.connect(port=50051, source=source)
            self.web.accept(listener=listener)
        exporter.metrics()
        self.web.close(sock=listener)
        for _ in range(2):
            owners = exporter.metrics().sum_by("tcp_connections", "process", "local_port")
            self.assertEqual(owners[("web", "50051")], 3)
            self.assertEqual(owners[("client", "ephemeral")], 3)

    def test_clients_with_source_ports_of_their_own(self) -> None:
        for port, sources in (8080, SOURCES), (50051, SOURCES):
            listener = self.web.listen(port=port)
            for source in sources:
                self.client.connect(port=port, source=source)
                self.web.accept(listener=listener)
        exposition = self.check({
            ("listen", "web", "8080"): 1,
            ("listen", "web", "50051"): 1,
            ("established", "web", "8080"): len(SOURCES),
            ("established", "web", "50051"): len(SOURCES),
            ("established", "client", "ephemeral"): 2 * len(SOURCES),
        })  # fmt: skip
        self.assertEqual({port for process, port in self.outbound(exposition) if process == "client"},
                         {"8080", "50051"})  # fmt: skip

    def test_connections_to_several_services_that_share_local_ports(self) -> None:
        """2,000 of a range of 2,500 ports to each of three services inside the range: many ports are shared by two,
        hundreds by all three."""
        self.scene.sysctl("ipv4.ip_local_port_range", "50000 52499")
        ports = 50051, 50052, 50053
        for port in ports:
            self.web.listen(port=port, backlog=4000)
        for port in ports:
            self.client.connect_many(port=port, count=2000)
        listens = {("listen", "web", str(port)): 1 for port in ports}
        self.await_states(Counter(listen=3, established=12000))
        exposition = self.start_exporter().metrics()
        owners = exposition.sum_by("tcp_connections", "state", "process", "local_port")
        self.assertEqual({key: n for key, n in owners.items() if key[1] == "client"},
                         {("established", "client", "ephemeral"): 6000})  # fmt: skip
        self.assertEqual({key: owners[key] for key in listens}, listens)
        self.assertEqual({key: n for key, n in self.outbound(exposition).items() if key[0] == "client"},
                         {("client", str(port)): 2000 for port in ports})  # fmt: skip

    def test_remote_ports_as_asked(self) -> None:
        for port in 80, 50051, 50052:
            self.connect(port, 1)
        expected = {
            "all": {"80": 1, "50051": 1, "50052": 1},
            "service": {"80": 1, "ephemeral": 2},
            "none": {"": 3},
        }
        for mode, ports in expected.items():
            exposition = self.start_exporter(f"--collector.remote-port={mode}", port=9000 + len(mode)).metrics()
            got = {port: n for (process, port), n in self.outbound(exposition).items() if process == "client"}
            self.assertEqual(got, ports)


class EphemeralPorts(SceneCase):
    def test_ports_that_are_bound_and_not_connected(self) -> None:
        """connect() fails, and the gauge must show the reason."""
        self.scene.sysctl("ipv4.ip_local_port_range", "40000 40099")
        exporter = self.start_exporter()
        owner = self.scene.actor("owner")
        for port in range(40000, 40098):
            owner.bind(port=port)
        exposition = exporter.metrics()
        if self.counts_bound_ports:
            self.assertGreaterEqual(exposition.value("tcp_ephemeral_ports_used"), 98)
        self.assertEqual(exposition.value("tcp_ephemeral_ports_limit"), 100)
        self.assertNotIn("owner", {process for (process,) in exposition.sum_by("tcp_connections", "process")})


if __name__ == "__main__":
    main()
