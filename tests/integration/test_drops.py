# SPDX-License-Identifier: Apache-2.0
"""Connection attempts that the kernel drops at listeners: as many as ss shows, and never fewer than before."""
import re

from actor import Actor
from case import SceneCase, main
from exporter import Exporter
from exposition import Exposition
from process import wait_until

FAMILY = "tcp_accept_queue_drops_total"
# A handshake is retried after one second, and then after longer and longer.
RETRY_SECONDS = 30


class Drops(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.client = self.scene.actor("client")
        self.exporter = self.start_exporter()

    def of_kernel(self, port: int) -> int:
        """The drops of the port's listeners, by ss."""
        text = self.scene.run("ss", "-tlnmH", "sport", f"= :{port}")
        return sum(int(drops) for drops in re.findall(r"skmem:\(.*,d(\d+)\)", text))

    def of_namespace(self) -> int:
        """All drops since the namespace exists, closed listeners included."""
        return int(self.scene.run("nstat", "-az", "TcpExtListenDrops").split()[-2].split(".")[0])

    def overflow(self, port: int, least: int, address: str = "127.0.0.1") -> int:
        """Opens connections until the kernel has dropped that many attempts, and then ends them."""
        before = self.of_kernel(port)
        clients = [self.client.connect(port=port, address=address, wait=False) for _ in range(4)]
        if not wait_until(lambda: self.of_kernel(port) >= before + least, RETRY_SECONDS):
            self.fail(f"the kernel drops nothing: {self.of_kernel(port)} drops")
        for sock in clients:
            self.client.close(sock=sock)
        return self.of_kernel(port)

    def full_listener(self, process: Actor, **options) -> int:
        """A listener whose queue holds one connection and is full."""
        listener = process.listen(backlog=0, **options)
        self.client.connect(port=options["port"], address=options.get("address", "127.0.0.1"))
        return listener

    def total(self, process: str = "hung", port: str = "80", exposition: Exposition | None = None) -> float:
        exposition = exposition or self.exporter.metrics()
        return exposition.value(FAMILY, process=process, local_port=port)

    def test_as_many_as_the_kernel_counts(self) -> None:
        self.full_listener(self.scene.actor("hung"), port=80)
        self.scene.actor("idle").listen(port=81)
        self.assertEqual(self.total(), 0)
        dropped = self.overflow(80, 3)
        self.assertEqual(self.total(), dropped)
        self.assertEqual(self.of_namespace(), dropped)
        self.assertEqual(self.total("idle", "81"), 0)

    def test_drops_before_the_start_do_not_count(self) -> None:
        self.full_listener(self.scene.actor("hung"), port=80)
        earlier = self.overflow(80, 1)
        self.exporter.stop()
        self.exporter = self.start_exporter()
        self.assertEqual(self.total(), 0)
        self.assertEqual(self.total_after_more(), self.of_kernel(80) - earlier)

    def total_after_more(self) -> float:
        self.overflow(80, 1)
        return self.total()

    def test_a_restart_continues(self) -> None:
        first, second = self.scene.actor("hung"), self.scene.actor("hung")
        self.full_listener(first, port=80)
        dropped = self.overflow(80, 1)
        self.assertEqual(self.total(), dropped)
        first.die()
        self.assertNotIn(FAMILY, self.families_of("hung"))
        self.full_listener(second, port=80)
        self.assertEqual(self.total(), dropped)
        dropped += self.overflow(80, 1)
        self.assertEqual(self.total(), dropped)
        self.assertEqual(self.of_namespace(), dropped)

    def families_of(self, process: str) -> set[str]:
        exposition = self.exporter.metrics()
        return {family.name for family in exposition.families.values()
                if any(("process", process) in labels for labels in family.samples)}  # fmt: skip

    def test_listeners_that_share_a_port(self) -> None:
        """One of two closes: its drops stay."""
        hung = self.scene.actor("hung")
        listeners = [hung.listen(port=80, backlog=0, reuse=True) for _ in range(2)]
        for _ in range(40):
            self.client.connect(port=80, wait=False)
        if not wait_until(lambda: self.of_kernel(80) >= 20, RETRY_SECONDS):
            self.fail(f"the kernel drops nothing: {self.of_kernel(80)} drops")
        before, total, after = self.of_kernel(80), self.total(), self.of_kernel(80)
        self.assertTrue(before <= total <= after, f"{total}, must be within {before} and {after}")
        hung.close(sock=listeners[0])
        after = self.total()
        self.assertGreaterEqual(after, total)
        self.assertGreater(total, self.of_kernel(80))  # whose count has lost those of the closed listener

    def test_ipv6(self) -> None:
        self.full_listener(self.scene.actor("hung"), port=80, address="::1")
        self.assertEqual(self.total(), 0)
        dropped = self.overflow(80, 1, "::1")
        self.assertEqual(self.total(), dropped)

    def test_a_record_keeps_them(self) -> None:
        self.full_listener(self.scene.actor("hung"), port=80)
        dropped = self.overflow(80, 1)
        record = self.output_of_binary("--print-table=replay").stdout.decode()
        self.assertRegex(record, rf"socket listen \d+ 0 127.0.0.1:80 .* drops=\d+,{dropped}\n")


if __name__ == "__main__":
    main()
