# SPDX-License-Identifier: Apache-2.0
"""Tests of the owner of shared, inherited, passed and orphaned sockets."""
import socket

from actor import Actor, connect_pairs
from case import SceneCase, main
from exporter import PORT
from exposition import Exposition
from process import wait_until


class OwnerCase(SceneCase):
    def check_shared(self, exposition: Exposition, count: int) -> None:
        self.assertEqual(exposition.value("tcp_exporter_shared_sockets"), count)


class Owners(OwnerCase):
    def pairs(self, server: Actor, count: int, port: int = 80) -> tuple[Actor, int]:
        client = self.scene.actor("client")
        listener = server.listen(port=port)
        connect_pairs(client, server, listener, count, port)
        return client, listener

    def test_a_pool_of_workers_shares_what_it_inherited(self) -> None:
        master = self.scene.actor("master")
        client, listener = self.pairs(master, 5)
        workers = [master.fork(f"worker{i}") for i in range(3)]
        for i, worker in enumerate(workers):
            connect_pairs(client, worker, listener, i + 1, 80)
        exposition = self.check({
            ("listen", "master", "80"): 1,
            ("established", "master", "80"): 5,
            ("established", "worker0", "80"): 1,
            ("established", "worker1", "80"): 2,
            ("established", "worker2", "80"): 3,
            ("established", "client", "ephemeral"): 11,
        })  # fmt: skip
        self.check_shared(exposition, 6)

    def test_two_descriptors_of_one_process_are_no_sharing(self) -> None:
        web = self.scene.actor("web")
        _, listener = self.pairs(web, 2)
        web.duplicate(sock=listener)
        exposition = self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 2,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip
        self.check_shared(exposition, 0)

    def test_the_child_inherits_from_a_dead_parent(self) -> None:
        parent = self.scene.actor("parent")
        self.pairs(parent, 2)
        heirs = [parent.fork(name) for name in ("elder", "younger")]
        parent.die()
        exporter = self.start_exporter()
        for heir in heirs:
            self.check({
                ("listen", heir.name, "80"): 1,
                ("established", heir.name, "80"): 2,
                ("established", "client", "ephemeral"): 2,
            }, exporter)  # fmt: skip
            heir.die()

    def test_sockets_passed_on(self) -> None:
        giver, taker = self.scene.actor("giver"), self.scene.actor("taker")
        client, listener = self.pairs(giver, 0)
        mailbox = taker.open_mailbox(name="taker")
        sock = client.connect(port=80)
        accepted = giver.accept(listener=listener)
        giver.hand_over(sock=accepted, to="taker")
        taker.take_over(mailbox=mailbox)
        exporter = self.start_exporter()
        exposition = self.check({
            ("listen", "giver", "80"): 1,
            ("established", "giver", "80"): 1,
            ("established", "client", "ephemeral"): 1,
        }, exporter)  # fmt: skip
        self.check_shared(exposition, 1)
        giver.close(sock=accepted)
        client.shutdown(sock=sock)
        exposition = self.check({
            ("listen", "giver", "80"): 1,
            ("close_wait", "taker", "80"): 1,
            ("fin_wait2", "client", "ephemeral"): 1,
        }, exporter)  # fmt: skip
        self.check_shared(exposition, 0)

    def test_the_owner_of_a_listener_in_flight_is_unknown(self) -> None:
        giver = self.scene.actor("giver")
        client, listener = self.pairs(giver, 0)
        client.connect(port=80)
        giver.open_mailbox(name="box")
        giver.hand_over(sock=listener, to="box")
        giver.close(sock=listener)
        self.check({
            ("listen", "(unknown)", "80"): 1,
            ("established", "(unknown)", "80"): 1,
            ("established", "client", "ephemeral"): 1,
        })  # fmt: skip

    def test_a_process_whose_first_thread_ended(self) -> None:
        web = self.scene.actor("threads")
        client, listener = self.pairs(web, 2)
        web.exit_leader()
        connect_pairs(client, web, listener, 1, 80)  # it serves on
        client.connect(port=80)
        self.check({
            ("listen", "threads", "80"): 1,
            ("established", "threads", "80"): 4,
            ("established", "client", "ephemeral"): 4,
        })  # fmt: skip

    def test_processes_that_share_a_table_of_descriptors(self) -> None:
        """Each sharer holds every socket of the table. The oldest sharer owns them."""
        web, other = self.scene.actor("web"), self.scene.actor("other")
        client, listener = self.pairs(web, 3)
        pids = [web.share_files(name=f"sharer{i}") for i in range(3)]
        heir = web.fork("heir")
        connect_pairs(client, other, other.listen(port=81), 2, 81)
        expected = {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 3,
            ("listen", "other", "81"): 1,
            ("established", "other", "81"): 2,
            ("established", "client", "ephemeral"): 5,
        }
        exporter = self.start_exporter()
        self.check_shared(self.check(expected, exporter), 4)
        heir.die()
        self.check_shared(self.check(expected, exporter), 4)
        for pid in pids:
            web.kill(pid=pid)
        self.check_shared(self.check(expected, exporter), 0)

    def test_a_descriptor_of_the_path_alone_is_no_holder(self) -> None:
        viewer, web = self.scene.actor("viewer"), self.scene.actor("web")
        self.pairs(web, 1)
        viewer.open_paths(pid=web.pid)
        self.check_shared(self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 1,
            ("established", "client", "ephemeral"): 1,
        }), 0)  # fmt: skip

    def test_multipath_tcp(self) -> None:
        """Its TCP sockets are no file's own. A peer without it is served by a plain one."""
        web, client = self.scene.actor("web"), self.scene.actor("client")
        listener = web.listen(port=80, protocol=socket.IPPROTO_MPTCP)
        connect_pairs(client, web, listener, 3, 80, protocol=socket.IPPROTO_MPTCP)
        connect_pairs(client, web, listener, 2, 80)
        client.connect(port=80, protocol=socket.IPPROTO_MPTCP)
        worker = web.fork("worker")
        self.check_shared(self.check({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 6,
            ("established", "client", "ephemeral"): 6,
        }), 6)  # fmt: skip
        worker.die()

    def test_a_zombie_holds_nothing(self) -> None:
        child = self.scene.actor("parent").fork("zombie")
        self.pairs(child, 2)
        child.die()
        came_about = wait_until(lambda: "Z zombie" in self.scene.run("ps", "-eo", "s,comm"), 5)
        self.assertTrue(came_about, "there is no zombie")
        self.check({("fin_wait2", "(none)", "80"): 2, ("close_wait", "client", "ephemeral"): 2})


class FirstProcess(OwnerCase):
    """PID 1 yields to any other holder, seen from any PID namespace."""

    def serve(self, first: Actor) -> tuple[Actor, int]:
        client = self.scene.actor("client")
        listener = first.listen(port=80)
        return client, listener

    def handed_over(self, first: Actor) -> None:
        client, listener = self.serve(first)
        service = first.fork("service")
        connect_pairs(client, service, listener, 2, 80)
        client.connect(port=80)
        exposition = self.check({
            ("listen", "service", "80"): 1,
            ("established", "service", "80"): 3,
            ("established", "client", "ephemeral"): 3,
        })  # fmt: skip
        self.check_shared(exposition, 1)

    def alone(self, first: Actor) -> None:
        client, _ = self.serve(first)
        client.connect(port=80)
        self.check({
            ("listen", first.name, "80"): 1,
            ("established", first.name, "80"): 1,
            ("established", "client", "ephemeral"): 1,
        })  # fmt: skip

    def test_it_yields_to_its_service(self) -> None:
        self.handed_over(self.scene.init)

    def test_it_owns_what_nobody_else_holds(self) -> None:
        self.alone(self.scene.init)

    def test_in_a_nested_namespace_it_yields_to_its_service(self) -> None:
        self.handed_over(self.scene.nested_init("systemd"))

    def test_in_a_nested_namespace_it_may_be_called_init(self) -> None:
        self.handed_over(self.scene.nested_init("init"))

    def test_in_a_nested_namespace_it_owns_what_nobody_else_holds(self) -> None:
        self.alone(self.scene.nested_init("systemd"))

    def test_a_service_that_is_the_first_of_a_container_owns_by_age(self) -> None:
        """PID 1 is the master of workers, as in a container that runs only this service."""
        master = self.scene.nested_init("gunicorn")
        client, listener = self.serve(master)
        worker = master.fork("worker")
        connect_pairs(client, worker, listener, 2, 80)
        client.connect(port=80)
        self.check_shared(self.check({
            ("listen", "gunicorn", "80"): 1,
            ("established", "gunicorn", "80"): 1,
            ("established", "worker", "80"): 2,
            ("established", "client", "ephemeral"): 3,
        }), 1)  # fmt: skip

    def test_it_yields_to_the_older_of_two(self) -> None:
        client, listener = self.serve(self.scene.init)
        older, younger = self.scene.init.fork("older"), self.scene.init.fork("younger")
        connect_pairs(client, younger, listener, 1, 80)
        connect_pairs(client, older, listener, 1, 80)
        self.check({
            ("listen", "older", "80"): 1,
            ("established", "older", "80"): 1,
            ("established", "younger", "80"): 1,
            ("established", "client", "ephemeral"): 2,
        })  # fmt: skip


class AskedFromWithin(OwnerCase):
    def test_every_socket_has_a_holder_that_is_seen(self) -> None:
        """A local client owns its end. (Other tests' clients belong to no process in the scene.)"""
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 5, 80)
        self.start_exporter()
        text = self.scene.run("curl", "--silent", "--show-error", f"http://127.0.0.1:{PORT}/metrics")
        owners = Exposition(text.encode(), openmetrics=False).sum_by("tcp_connections", "state", "process", "local_port")
        self.assertEqual(owners, {
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 5,
            ("established", "client", "ephemeral"): 5,
            ("listen", "tcp_exporter", str(PORT)): 1,
            ("established", "tcp_exporter", str(PORT)): 1,
            ("established", "curl", "ephemeral"): 1,
        })  # fmt: skip


class WithoutCountingTheShared(OwnerCase):
    """A walk over processes that ends early has the same result."""

    flags = ("--no-collector.shared-sockets",)

    def check_shared(self, exposition: Exposition, count: int) -> None:
        self.assertNotIn("tcp_exporter_shared_sockets", exposition.families)


class OwnersWithoutCountingTheShared(WithoutCountingTheShared, Owners):
    pass


class FirstProcessWithoutCountingTheShared(WithoutCountingTheShared, FirstProcess):
    pass


if __name__ == "__main__":
    main()
