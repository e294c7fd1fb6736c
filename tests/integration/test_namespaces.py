# SPDX-License-Identifier: Apache-2.0
"""Tests of several network namespaces with the same ports."""
import os

from actor import connect_pairs
from case import SceneCase, main


class Namespaces(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")
        connect_pairs(self.client, self.web, self.web.listen(port=80), 3, 80)
        self.owners = {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("established", "client", "ephemeral"): 3,
        }

    def add_inner(self, name: str) -> None:
        """Makes the same listener, with a waiting connection and one in TIME_WAIT, in another namespace."""
        self.scene.add_network(name)
        web, client = (self.scene.actor(f"{name}-{part}", network=name) for part in ("web", "client"))
        listener = web.listen(port=80)
        (ours,), (theirs,) = connect_pairs(client, web, listener, 1, 80)
        web.close(sock=theirs)
        client.close_second(sock=ours)
        client.connect(port=80)
        self.owners |= {
            ("listen", f"{name}-web", "80"): 1,
            ("established", f"{name}-web", "80"): 1,
            ("time_wait", f"{name}-web", "80"): 1,
            ("established", f"{name}-client", "ephemeral"): 1,
        }

    def test_all(self) -> None:
        for name in "blue", "green":
            self.add_inner(name)
        self.check(self.owners, self.start_exporter("--collector.netns=all"))

    def test_all_with_its_label(self) -> None:
        self.add_inner("blue")
        exposition = self.check(self.owners, self.start_exporter("--collector.netns=all", "--collector.label=netns"))
        seen = exposition.sum_by("tcp_connections", "process", "netns")
        inode = {name: str(os.fstat(fd).st_ino) for name, fd in self.scene.networks.items()}
        got = {key: n for key, n in seen.items() if key[0].endswith("web")}
        self.assertEqual(got, {("web", inode["main"]): 4, ("blue-web", inode["blue"]): 3})

    def test_a_process_whose_first_thread_ended(self) -> None:
        maker = self.scene.add_network("blue")
        web = self.scene.actor("threads", network="blue")
        web.connect_to_itself(listener=web.listen(port=80), count=2)
        web.connect(port=80)
        for actor in maker, web:
            actor.exit_leader()
        self.check(self.owners | {
            ("listen", "threads", "80"): 1,
            ("established", "threads", "80"): 3,
            ("established", "threads", "ephemeral"): 3,
        }, self.start_exporter("--collector.netns=all"))  # fmt: skip

    def test_host_alone_is_the_default(self) -> None:
        self.add_inner("blue")
        exposition = self.start_exporter().metrics()
        names = {process for (process,) in exposition.sum_by("tcp_connections", "process")}
        self.assertEqual(names, {"web", "client", "tcp_exporter", "(unknown)"})

    def test_ports_are_served_in_their_own_namespace_alone(self) -> None:
        """A client's port in one namespace can be a listener's port in another."""
        self.scene.add_network("blue")
        (port, *_) = (row.local_port for row in self.rows() if row.remote_port == 80)
        self.scene.actor("blue-web", network="blue").listen(port=port)
        self.owners[("listen", "blue-web", str(port))] = 1
        self.check(self.owners, self.start_exporter("--collector.netns=all"))

    def test_a_socket_of_one_namespace_held_in_another(self) -> None:
        self.scene.add_network("blue")
        child = self.web.fork("child")
        child.move_to_network_of(pid=self.scene.actor("guide", network="blue").pid)
        child.listen(port=81)
        self.web.die()
        moved = {(state, process.replace("web", "child"), port): n for (state, process, port), n in self.owners.items()}
        self.check(moved | {("listen", "child", "81"): 1}, self.start_exporter("--collector.netns=all"))

    def test_a_namespace_that_goes_away(self) -> None:
        exporter = self.start_exporter("--collector.netns=all")
        holder = self.scene.add_network("blue")
        holder.listen(port=81)
        self.check({**self.owners, ("listen", "blue", "81"): 1}, exporter)
        holder.die()
        self.scene.forget_network("blue")
        self.check(self.owners, exporter)

    def test_tables_of_their_own(self) -> None:
        """A namespace can have its own table of connections, much smaller than their number."""
        for name, buckets, pairs in ("large", 1024, 350), ("crowded", 64, 2500), ("tiny", 8, 350):
            self.scene.sysctl("ipv4.tcp_child_ehash_entries", str(buckets))
            self.scene.add_network(name)
            web, client = (self.scene.actor(f"{name}-{part}", network=name) for part in ("web", "client"))
            ours, theirs = connect_pairs(client, web, web.listen(port=80), pairs, 80)
            web.close(sock=theirs[0])
            client.close_second(sock=ours[0])
            self.owners |= {
                ("listen", f"{name}-web", "80"): 1,
                ("established", f"{name}-web", "80"): pairs - 1,
                ("time_wait", f"{name}-web", "80"): 1,
                ("established", f"{name}-client", "ephemeral"): pairs - 1,
            }
        self.check(self.owners, self.start_exporter("--collector.netns=all"))

    def test_sockets_in_flight(self) -> None:
        """Sockets that no process is seen to hold, in a namespace of which that is all there is, beside one with a TIME_WAIT."""
        self.add_inner("green")
        self.scene.add_network("blue")
        web, client = self.scene.actor("web", network="blue"), self.scene.actor("client", network="blue")
        listener = web.listen(port=80)
        ours, theirs = connect_pairs(client, web, listener, 2, 80)
        exporter = self.start_exporter("--collector.netns=all")
        for actor, socks in (web, [listener, *theirs]), (client, ours):
            actor.open_mailbox(name=actor.name)
            for sock in socks:
                actor.hand_over(sock=sock, to=actor.name)
                actor.close(sock=sock)
        self.check(self.owners | {
            ("listen", "(unknown)", "80"): 1,
            ("established", "(unknown)", "80"): 2,
            ("established", "(unknown)", "ephemeral"): 2,
        }, exporter)  # fmt: skip

    def test_five_hundred(self) -> None:
        self.scene.actor("cells").cells(count=500)
        exposition = self.start_exporter("--collector.netns=all").metrics()
        counts = exposition.sum_by("tcp_connections", "process", "local_port", "state")
        self.assertEqual({key[1:]: count for key, count in counts.items() if key[0] == "cell" and count}, {
            ("80", "listen"): 500,
            ("80", "established"): 1000,
            ("80", "time_wait"): 500,
            ("ephemeral", "established"): 1000,
        })  # fmt: skip
        self.assertEqual(exposition.sum_by("tcp_accept_queue_length", "process")[("cell",)], 500)


if __name__ == "__main__":
    main()
