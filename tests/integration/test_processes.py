# SPDX-License-Identifier: Apache-2.0
"""Tests of processes: they change during a scrape, they are many, and their names have any bytes."""
import os
import tempfile
from collections import Counter

from actor import Actor, connect_pairs
from case import SceneCase, main, own_sockets

SCRAPES = 50


class Names(SceneCase):
    """A comm has up to 15 bytes of any value except zero."""

    def check_name(self, raw: bytes, shown: str) -> None:
        web = self.scene.actor("web")
        web.listen(port=80)
        web.rename(name=raw.decode("latin-1"))
        self.check({("listen", shown, "80"): 1})

    def test_quotes_and_backslashes(self) -> None:
        self.check_name(b'a"b\\c\\"d\\n', 'a"b\\c\\"d\\n')

    def test_newlines(self) -> None:
        self.check_name(b"one\ntwo\n", "one\ntwo\n")

    def test_what_looks_like_a_label(self) -> None:
        self.check_name(b'x",state="y"} 1', 'x",state="y"} 1')

    def test_parentheses_and_spaces(self) -> None:
        self.check_name(b") S 1 (a b) R 2", ") S 1 (a b) R 2")

    def test_control_characters(self) -> None:
        self.check_name(b"\x01\x1b[31m\r\t\x7f", "\x01\x1b[31m\r\t\x7f")

    def test_utf8(self) -> None:
        self.check_name("é√😀".encode(), "é√😀")

    def test_bytes_that_are_not_utf8(self) -> None:
        self.check_name(b"a\xffb", "a\ufffdb")

    def test_utf8_that_the_kernel_cut_off(self) -> None:
        # The 15 bytes end within the second character of three bytes.
        self.check_name("0123456789\u20ac\u20ac".encode()[:15], "0123456789\u20ac\ufffd")

    def test_an_empty_name(self) -> None:
        web = self.scene.actor("web")
        web.listen(port=80)
        web.rename(name="")
        exporter = self.start_exporter()
        exposition, rows = self.quiet_scrape(exporter)
        self.check_totals(exposition, self.oracle(rows))

    def test_names_that_are_equal_are_one_series(self) -> None:
        for port in 80, 81:
            for raw in b"a\xfe", b"a\xff":
                web = self.scene.actor("web")
                web.listen(port=port, reuse=True)
                web.rename(name=raw.decode("latin-1"))
        self.check({("listen", "a\ufffd", "80"): 2, ("listen", "a\ufffd", "81"): 2})

    def test_a_new_name_shows_at_the_next_scrape(self) -> None:
        web = self.scene.actor("before")
        web.listen(port=80)
        exporter = self.start_exporter()
        self.check({("listen", "before", "80"): 1}, exporter)
        web.rename(name="after")
        self.check({("listen", "after", "80"): 1}, exporter)


class Change(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.scene.actor("web")
        self.client = self.scene.actor("client")

    def stable(self) -> Counter:
        """Makes twenty listeners and forty pairs. Returns the counts that every scrape must have."""
        listeners = [self.web.listen(port=8000 + i) for i in range(20)]
        connect_pairs(self.client, self.web, listeners[0], 40, 8000)
        return Counter({("listen", "web", str(8000 + i)): 1 for i in range(20)}) + Counter({
            ("established", "web", "8000"): 40,
            ("established", "client", "ephemeral"): 40,
        })  # fmt: skip

    def test_exec_between_scrapes(self) -> None:
        listener = self.web.listen(port=80)
        connect_pairs(self.client, self.web, listener, 2, 80)
        exporter = self.start_exporter()
        for name in "web", "sleep":
            self.check({
                ("listen", name, "80"): 1,
                ("established", name, "80"): 2,
                ("established", "client", "ephemeral"): 2,
            }, exporter)  # fmt: skip
            if name == "web":
                self.web.exec("/bin/sleep", "1000")

    def test_exec_without_end_while_scraping(self) -> None:
        stable = self.stable()
        exporter = self.start_exporter()
        with tempfile.TemporaryDirectory() as folder:
            player = self.start_ping_pong(folder)
            names = Counter(self.scrape_beside(exporter, stable, {"ping", "pong"}) for _ in range(SCRAPES))
            self.scene.run("kill", "-9", str(player.pid))
        self.assertEqual(set(names), {"ping", "pong"}, "the listener's owner over time")

    def start_ping_pong(self, folder: str) -> Actor:
        """Starts a process that holds a listener and executes other programs all the time."""
        os.chmod(folder, 0o755)
        for name, other in ("ping", "pong"), ("pong", "ping"):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as script:
                script.write(f"#!/bin/sh\nexec {folder}/{other}\n")
            os.chmod(path, 0o755)
        player = self.scene.actor("player")
        player.listen(port=90)
        player.exec(f"{folder}/ping")
        return player

    def scrape_beside(self, exporter, stable: Counter, names: set[str]) -> str:
        """Scrapes once. The stable sockets must be right, and port 90 must have one owner of these names."""
        got = exporter.metrics().sum_by("tcp_connections", "state", "process", "local_port")
        owners = [process for _, process, port in got if port == "90"]
        self.assertEqual(len(owners), 1, got)
        self.assertIn(owners[0], names)
        del got[("listen", owners[0], "90")]
        self.check_counts("beside a process that execs", got, stable + own_sockets(exporter))
        return owners[0]

    def test_processes_that_die_during_the_walk(self) -> None:
        stable = self.stable()
        exporter = self.start_exporter()
        churners = [self.scene.actor("churner") for _ in range(2)]
        pids = [churner.churn() for churner in churners]
        blips = 0
        for _ in range(SCRAPES):
            got = exporter.metrics().sum_by("tcp_connections", "state", "process", "local_port")
            blips += sum(process not in ("web", "client", exporter.name) for _, process, _ in got)
            kept = Counter({key: n for key, n in got.items() if key[1] in ("web", "client", exporter.name)})
            own = own_sockets(exporter)
            del own[("established", exporter.client, "ephemeral")]
            self.check_counts("in a churn of processes", kept, stable + own)
        self.assertGreater(blips, SCRAPES, "the churn has to be seen")
        for churner, pid in zip(churners, pids):
            churner.kill(pid=pid)
        self.check(dict(stable), exporter)


class Crowd(SceneCase):
    COUNT = 1000

    def test_a_thousand_processes_with_a_socket_each(self) -> None:
        hive = self.scene.actor("hive")
        hive.swarm(count=self.COUNT, prefix="bee", base=10800)
        exporter = self.start_exporter("--collector.max-series=100000")
        self.check({("listen", f"bee{i}", str(10800 + i)): 1 for i in range(self.COUNT)}, exporter)

    def test_ten_thousand_sockets_of_a_few_processes(self) -> None:
        for i in range(5):
            web = self.scene.actor(f"web{i}")
            ours, _ = web.connect_to_itself(listener=web.listen(port=8000 + i), count=1000)
            for sock in ours[:100]:
                web.shutdown(sock=sock)
        owners = {}
        for i in range(5):
            owners |= {
                ("listen", f"web{i}", f"{8000 + i}"): 1,
                ("established", f"web{i}", f"{8000 + i}"): 900,
                ("close_wait", f"web{i}", f"{8000 + i}"): 100,
                ("established", f"web{i}", "ephemeral"): 900,
                ("fin_wait2", f"web{i}", "ephemeral"): 100,
            }
        self.check(owners)

    def test_a_thousand_processes_beyond_the_cap(self) -> None:
        hive = self.scene.actor("hive")
        hive.swarm(count=self.COUNT, prefix="bee", base=10800)
        exporter = self.start_exporter()
        exposition = exporter.metrics()
        series = exposition.family("tcp_connections").samples
        self.assertLessEqual(len(series), 10000)
        own = own_sockets(exporter)
        self.assertEqual(sum(series.values()), self.COUNT + sum(own.values()))
        shown = exposition.sum_by("tcp_connections", "process", keep=lambda label: label["process"].startswith("bee"))
        others = exposition.value("tcp_connections", state="listen", process="(other)", local_port="other")
        self.assertEqual(sum(shown.values()) + others, self.COUNT)
        self.assertGreater(exposition.value("tcp_exporter_folded_series"), 0)


if __name__ == "__main__":
    main()
