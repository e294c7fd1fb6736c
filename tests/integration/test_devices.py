# SPDX-License-Identifier: Apache-2.0
"""Tests of listeners that are bound to devices: each is credited with the sockets of its device."""
from actor import Actor, connect_pairs
from case import SceneCase, main


class Devices(SceneCase):
    """Two networks in addition to the main one, each behind its own device."""

    def setUp(self) -> None:
        super().setUp()
        self.clients = {name: self.add_neighbour(name, number) for number, name in enumerate(("red", "blue"), 1)}

    def add_neighbour(self, name: str, number: int) -> Actor:
        """Makes a client in a network behind the device `name`, whose address here is 10.0.NUMBER.1."""
        holder = self.scene.add_network(name)
        self.scene.run("ip", "link", "add", name, "type", "veth", "peer", "name", "home")
        self.scene.run("ip", "link", "set", "home", "netns", str(holder.pid))
        self.set_up(name, f"10.0.{number}.1", f"fe80::{number}:1", "main")
        self.set_up("home", f"10.0.{number}.2", f"fe80::{number}:2", name)
        return self.scene.actor(f"{name}-client", network=name)

    def set_up(self, device: str, address: str, link_local: str, network: str) -> None:
        self.scene.run("ip", "address", "add", f"{address}/24", "dev", device, network=network)
        self.scene.run("ip", "link", "set", device, "addrgenmode", "none", network=network)
        self.scene.run("ip", "link", "set", device, "up", network=network)
        self.scene.run("ip", "address", "add", f"{link_local}/64", "dev", device, "nodad", network=network)

    def start(self):
        return self.start_exporter("--collector.netns=all")

    def test_two_listeners_on_one_port(self) -> None:
        owners = {}
        for number, (name, client) in enumerate(self.clients.items(), 1):
            server = self.scene.actor(name)
            address = f"10.0.{number}.1"
            listener = server.listen(port=80, address="0.0.0.0", device=name)
            ours, theirs = connect_pairs(client, server, listener, number, 80, address=address)
            for sock, peer in zip(ours, theirs):
                server.close(sock=peer)
                client.close_second(sock=sock)
            for _ in range(2 + number):
                client.connect(port=80, address=address)
            server.listen(port=81, address="0.0.0.0", device=name, defer=True)
            for _ in range(4 + number):
                client.connect(port=81, address=address)
            owners |= {
                ("listen", name, "80"): 1,
                ("listen", name, "81"): 1,
                ("time_wait", name, "80"): number,
                ("established", name, "80"): 2 + number,
                ("syn_recv", name, "81"): 4 + number,
                ("established", client.name, "ephemeral"): 6 + 2 * number,
            }
        self.check(owners, self.start())

    def test_a_listener_without_a_device_beside_one(self) -> None:
        bound, free = self.scene.actor("bound"), self.scene.actor("free")
        everywhere = {"port": 80, "address": "0.0.0.0", "reuse": True}
        listeners = [free.listen(**everywhere), bound.listen(**everywhere, device="red")]  # the kernel tries the last first
        for number, client, server, listener in zip((2, 1), reversed(self.clients.values()), (free, bound), listeners):
            (ours,), (theirs,) = connect_pairs(client, server, listener, 1, 80, address=f"10.0.{number}.1")
            server.close(sock=theirs)
            client.close_second(sock=ours)
            client.connect(port=80, address=f"10.0.{number}.1")
        self.check({
            ("listen", "bound", "80"): 1,
            ("listen", "free", "80"): 1,
            ("time_wait", "bound", "80"): 1,
            ("time_wait", "free", "80"): 1,
            ("established", "bound", "80"): 1,
            ("established", "free", "80"): 1,
            ("established", "red-client", "ephemeral"): 1,
            ("established", "blue-client", "ephemeral"): 1,
        }, self.start())  # fmt: skip

    def test_link_local_addresses(self) -> None:
        """The kernel binds such a connection to its device, even if its listener is unbound."""
        server = self.scene.actor("server")
        listener = server.listen(port=80, address="::")
        client = self.clients["blue"]
        (ours,), (theirs,) = connect_pairs(client, server, listener, 1, 80, address="fe80::2:1%home")
        server.close(sock=theirs)
        client.close_second(sock=ours)
        client.connect(port=80, address="fe80::2:1%home")
        self.check({
            ("listen", "server", "80"): 1,
            ("time_wait", "server", "80"): 1,
            ("established", "server", "80"): 1,
            ("established", "blue-client", "ephemeral"): 1,
        }, self.start())  # fmt: skip


if __name__ == "__main__":
    main()
