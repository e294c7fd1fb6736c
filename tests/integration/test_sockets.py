# SPDX-License-Identifier: Apache-2.0
"""Tests of /sockets, and of the flags that select rows of --print-table, on real sockets."""
import json
import time
import urllib.parse
from collections import Counter
from typing import Any

from actor import connect_pairs
from case import SceneCase, main
from exporter import PORT, without_limit
from test_print_table import WORDS


def is_own(row: dict[str, Any]) -> bool:
    return PORT in (row["local_port"], row["remote_port"])


class Sockets(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("we\"b"), self.scene.actor("client")
        self.web, self.client = web, client
        self.listener = web.listen(port=80)
        self.ours, _ = connect_pairs(client, web, self.listener, 4, 80)
        client.close(sock=self.ours[0])  # the oldest CLOSE_WAIT
        time.sleep(0.2)  # two sockets of different ages
        client.close(sock=self.ours[1])
        client.connect(port=80)
        client.close(sock=client.connect(port=80))  # it waits in the accept queue, in CLOSE_WAIT
        self.await_states(Counter(listen=1, established=6, close_wait=3, fin_wait2=3))

    def sockets(self, **labels: str) -> dict[str, Any]:
        reply = self.exporter.ask(f"/sockets?{urllib.parse.urlencode(labels)}")
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "application/json"))
        return json.loads(reply.body)

    def test_behind_each_sample(self) -> None:
        self.exporter = self.start_exporter("--web.enable-sockets")
        for family in "tcp_connections", "tcp_outbound_connections":
            samples = self.exporter.metrics().family(family).samples
            for labels, value in samples.items():
                if "tcp_exporter" not in str(labels) and dict(labels).get("local_port") != str(PORT):
                    got = self.sockets(**dict(labels))
                    self.assertEqual((got["total"], len(got["sockets"])), (value, value), f"{labels}: {got}")

    def test_the_rows(self) -> None:
        self.exporter = self.start_exporter("--web.enable-sockets")
        rows = self.sockets(process='we"b', state="close_wait", local_port="80")["sockets"]
        ages = [row["last_segment_seconds"] for row in rows]
        self.assertEqual(ages, sorted(ages, reverse=True))
        self.assertGreater(ages[0], ages[2])
        self.assertEqual([(row["process"], row["pid"], row["local_address"]) for row in rows],
                         [('we"b', self.web.pid, "127.0.0.1")] * 3)  # fmt: skip
        self.assertEqual(sorted(row["credited"] for row in rows), [False, False, True])
        self.assertEqual([row["receive_queue"] for row in rows], [0, 0, 0])
        everything = [row for row in self.sockets()["sockets"] if not is_own(row)]
        got = Counter((row["state"], row["local_port"], row["remote_address"], row["remote_port"])
                      for row in everything)  # fmt: skip
        self.assertEqual(got, Counter((row.state, row.local_port, row.remote, row.remote_port) for row in self.rows()))

    def test_off(self) -> None:
        self.exporter = self.start_exporter()
        self.assertEqual(self.exporter.ask("/sockets").status, 404)

    def table(self, *flags: str) -> str:
        output = self.output_of_binary(*flags)
        self.assertEqual((output.code, without_limit(output.stderr)), (0, b""))
        return output.stdout.decode()

    def test_the_table(self) -> None:
        text = self.table("--print-table.process=we\"b", "--print-table.state=close_wait", "--print-table.state=listen")
        self.assertEqual([WORDS[line.split()[0]] for line in text.splitlines()], ["close_wait"] * 3 + ["listen"])
        self.assertEqual(self.table("--print-table.port=81"), "")
        heading, *lines = self.table("--print-table.wide", "--print-table.port=80").splitlines()
        self.assertEqual(heading.split()[0], "STATE")
        self.assertEqual(Counter(WORDS[line.split()[0]] for line in lines),
                         Counter(row.state for row in self.rows()))  # fmt: skip
        self.assertRegex(lines[0], r"^CLOSE_WAIT .* +0 +0 +\d+\.\d{3} s we\"b$")

    def test_json(self) -> None:
        rows = json.loads(self.table("--print-table=json", "--print-table.state=close_wait"))
        ages = [row["last_segment_seconds"] for row in rows]
        self.assertEqual((len(ages), ages), (3, sorted(ages, reverse=True)))


if __name__ == "__main__":
    main()
