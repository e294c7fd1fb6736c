# SPDX-License-Identifier: Apache-2.0
"""Tests of the exporter as user nobody: totals are exact, its own processes are named, others are unknown."""
import os
import shutil
import tempfile
from collections import Counter

from actor import connect_pairs
from case import SceneCase, main, own_sockets
from exporter import Exporter, without_limit

NOBODY = 65534


class Unprivileged(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)  # other users can lack access to the build folder
        self.copy = shutil.copy(self.binary, folder.name)
        self.theirs = self.scene.actor("secret")
        self.ours = self.scene.actor("ours")
        self.ours.become(uid=NOBODY)

    def start(self, *flags: str) -> Exporter:
        return self.start_exporter(*flags, binary=self.copy, uid=NOBODY)

    def test_owners(self) -> None:
        connect_pairs(self.ours, self.theirs, self.theirs.listen(port=80), 3, 80)
        connect_pairs(self.theirs, self.ours, self.ours.listen(port=8080), 2, 8080)
        exposition = self.check({
            ("listen", "(unknown)", "80"): 1,
            ("established", "(unknown)", "80"): 3,
            ("established", "ours", "ephemeral"): 3,
            ("listen", "ours", "8080"): 1,
            ("established", "ours", "8080"): 2,
            ("established", "(unknown)", "ephemeral"): 2,
        }, self.start())  # fmt: skip
        # "init" and "secret", and those that the scene's PID namespace hides; nobody's own are readable
        self.assertGreater(exposition.value("tcp_exporter_unreadable_processes"), 2)

    def test_sockets_that_no_process_holds(self) -> None:
        for server, port in (self.theirs, 80), (self.ours, 8080):
            listener = server.listen(port=port)
            (ours,), (theirs,) = connect_pairs(self.ours, server, listener, 1, port)
            server.close(sock=theirs)
            self.ours.close_second(sock=ours)
            self.ours.connect(port=port)
        self.check({
            ("listen", "(unknown)", "80"): 1,
            ("established", "(unknown)", "80"): 1,
            ("time_wait", "(unknown)", "80"): 1,
            ("listen", "ours", "8080"): 1,
            ("established", "ours", "8080"): 1,
            ("time_wait", "ours", "8080"): 1,
            ("established", "ours", "ephemeral"): 2,
        }, self.start())  # fmt: skip

    def test_every_label_at_once(self) -> None:
        connect_pairs(self.ours, self.theirs, self.theirs.listen(port=80), 1, 80)
        labels = ("pid", "user", "exe", "unit", "container", "netns", "family", "local_address")
        exporter = self.start(*(f"--collector.label={label}" for label in labels))
        self.check({
            ("listen", "(unknown)", "80"): 1,
            ("established", "(unknown)", "80"): 1,
            ("established", "ours", "ephemeral"): 1,
        }, exporter)  # fmt: skip

    def test_print_table(self) -> None:
        self.theirs.listen(port=80)
        self.ours.listen(port=8080)
        output = self.scene.output_of(self.copy, "--collector.backend=procfs", "--print-table", uid=NOBODY)
        self.assertEqual((output.code, without_limit(output.stderr)), (0, b""))
        last = Counter(tuple(line.split()[-2:]) for line in output.stdout.decode().splitlines())
        self.assertEqual(last, {("0", "(unknown)"): 1, (str(self.ours.pid), "ours"): 1})

    def test_networks_that_it_may_not_enter(self) -> None:
        """The exporter does not start if it cannot read the other networks' sockets."""
        output = self.scene.output_of(self.copy, "--collector.netns=all", uid=NOBODY)
        self.assertEqual(output.code, 1, output)
        self.assertRegex(output.stderr.decode(), "network namespace needs CAP_SYS_ADMIN")


if __name__ == "__main__":
    main()
