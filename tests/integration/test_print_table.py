# SPDX-License-Identifier: Apache-2.0
"""Tests of --print-table as text and as JSON: it has the rows of ss, each with one process."""
import ipaddress
import json
import re
from collections import Counter
from typing import NamedTuple

from actor import connect_pairs
from case import SceneCase, main
from exporter import without_limit
from sockets import Row, show, show_rows

WORDS = {
    "ESTAB": "established", "SYN_SENT": "syn_sent", "SYN_RCVD": "syn_recv", "FIN_WAIT1": "fin_wait1",
    "FIN_WAIT2": "fin_wait2", "TIME_WAIT": "time_wait", "CLOSED": "closed", "CLOSE_WAIT": "close_wait",
    "LAST_ACK": "last_ack", "LISTEN": "listen", "CLOSING": "closing",
}  # fmt: skip
LINE = re.compile(r"([A-Z_0-9]+) +(\S+):(\d+) +(\S+):(\d+) +(\d+) +(.*)")


class Printed(NamedTuple):
    state: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    pid: int
    name: str

    @property
    def ends(self) -> tuple:
        return self[:5]


def ends_of(row: Row) -> tuple:
    """ss writes * for the wildcard of a listener of both families."""
    local, remote = (address.replace("*", "::") for address in (row.local, row.remote))
    return (row.state, local, row.local_port, remote, row.remote_port)


def read_text(text: str) -> list[Printed]:
    printed = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if not match:
            raise AssertionError(f"not a row: {line!r}")
        state, local, local_port, remote, remote_port, pid, name = match.groups()
        printed.append(Printed(WORDS[state], local.strip("[]"), int(local_port), remote.strip("[]"), int(remote_port),
                               int(pid), name))  # fmt: skip
    return printed


def read_json(text: str) -> list[Printed]:
    printed = []
    for row in json.loads(text):
        printed.append(Printed(row["state"], row["local_address"], row["local_port"], row["remote_address"],
                               row["remote_port"], row["pid"] or 0, row["process"]))  # fmt: skip
    return printed


class PrintTable(SceneCase):
    def print_table(self, *flags: str) -> str:
        output = self.output_of_binary(*flags)
        self.assertEqual((output.code, without_limit(output.stderr)), (0, b""))
        return output.stdout.decode()

    def both(self) -> list[list[Printed]]:
        return [read_text(self.print_table("--print-table")), read_json(self.print_table("--print-table=json"))]

    def make_sockets(self) -> None:
        web, client = self.scene.actor("web"), self.scene.actor("client")
        for address in "127.0.0.1", "::1":
            ours, theirs = connect_pairs(client, web, web.listen(port=80, address=address), 3, 80, address=address)
            client.shutdown(sock=ours[0])
            web.close(sock=theirs[1])
            client.close_second(sock=ours[1])
            client.connect(port=80, address=address)
        web.listen(port=81, address="0.0.0.0")
        dual = web.listen(port=82, address="::")
        connect_pairs(client, web, dual, 1, 82)
        web.fork("worker")
        self.await_states(Counter(listen=4, established=10, close_wait=2, fin_wait2=2, time_wait=2))

    def test_the_rows_are_those_of_ss(self) -> None:
        self.make_sockets()
        rows = self.scene.ss(owners=True)
        for printed in self.both():
            got, expected = Counter(row.ends for row in printed), Counter(ends_of(row) for row in rows)
            self.check_counts("rows printed", got, expected, rows)

    def test_the_processes_are_those_of_ss(self) -> None:
        self.make_sockets()
        rows = self.scene.ss(owners=True)
        holders = {ends_of(row): row.pids for row in rows}
        listeners = {row.local_port: min(row.pids) for row in rows if row.state == "listen"}
        names = {0: "(none)"}
        for pid in frozenset().union(*holders.values()):
            names[pid] = self.scene.run("ps", "-o", "comm=", "-p", str(pid)).strip()
        for printed in self.both():
            for row in printed:
                # The oldest of several holders. Without a holder, the listener's owner.
                pid = min(holders[row.ends], default=listeners.get(row.local_port, 0))
                both = f"{row}\n{show_rows(rows)}\n{show('printed', printed)}"
                self.assertEqual((row.pid, row.name), (pid, names[pid]), both)

    def test_the_order_is_by_address_and_port(self) -> None:
        self.make_sockets()
        for printed in self.both():
            keys = [(ipaddress.ip_address(row.local.removeprefix("::ffff:")), row.local_port) for row in printed]
            keys = [(address.version, address, port) for address, port in keys]
            self.assertEqual(keys, sorted(keys))

    def test_the_layout(self) -> None:
        web, client = self.scene.actor("web"), self.scene.actor("client")
        ours, _ = connect_pairs(client, web, web.listen(port=80), 1, 80)
        web.listen(port=8080, address="0.0.0.0")
        port = client.port(sock=ours[0])
        self.assertEqual(self.print_table("--print-table"), "".join(f"{line}\n" for line in (
            f"LISTEN              0.0.0.0:8080             0.0.0.0:0        {web.pid:<6} web",
            f"LISTEN            127.0.0.1:80               0.0.0.0:0        {web.pid:<6} web",
            f"ESTAB             127.0.0.1:80             127.0.0.1:{port:<8} {web.pid:<6} web",
            f"ESTAB             127.0.0.1:{port:<8}       127.0.0.1:80       {client.pid:<6} client",
        )))  # fmt: skip

    def test_names_cannot_break_the_table(self) -> None:
        web = self.scene.actor("web")
        web.listen(port=80)
        web.rename(name=b'a"\n\x1b[1m\xff'.decode("latin-1"))
        text, rows = self.print_table("--print-table"), read_json(self.print_table("--print-table=json"))
        self.assertEqual(len(text.splitlines()), 1, text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(rows[0].name, 'a"\n\x1b[1m\ufffd')

    def test_no_sockets(self) -> None:
        self.assertEqual([*map(len, self.both())], [0, 0])

    def test_many_rows(self) -> None:
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 1500, 80)
        for printed in self.both():
            self.assertEqual(Counter(row.state for row in printed), Counter(listen=1, established=3000))


if __name__ == "__main__":
    main()
