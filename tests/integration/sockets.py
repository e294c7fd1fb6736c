# SPDX-License-Identifier: Apache-2.0
"""Reader of the TCP table that `ss` prints."""
import re
from collections import Counter
from typing import Iterable, NamedTuple

STATES = {
    "ESTAB": "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "FIN-WAIT-1": "fin_wait1",
    "FIN-WAIT-2": "fin_wait2", "TIME-WAIT": "time_wait", "CLOSE-WAIT": "close_wait",
    "LAST-ACK": "last_ack", "LISTEN": "listen", "CLOSING": "closing",
}  # fmt: skip
# In these states the peer's FIN has arrived. Recv-Q counts it as a byte until the owner has read up to it.
PEER_ENDED = {"close_wait", "last_ack", "closing"}
# In these states the own FIN waits for its acknowledgement. Send-Q counts it as a byte.
OWN_UNACKNOWLEDGED = {"fin_wait1", "closing", "last_ack"}

# An end with this number of connections is a server (metrics/census/role.h).
CROWD = 3


class Row(NamedTuple):
    network: str
    state: str
    receive: int
    send: int
    local: str
    local_port: int
    remote: str
    remote_port: int
    pids: frozenset[int]

    @property
    def unread(self) -> int:
        return max(self.receive - 1, 0) if self.state in PEER_ENDED else self.receive

    @property
    def unacknowledged(self) -> int:
        if self.state == "syn_sent":  # before the SYN itself has left, Send-Q is a random number
            return 0
        return max(self.send - 1, 0) if self.state in OWN_UNACKNOWLEDGED else self.send

    def touches(self, port: int) -> bool:
        return port in (self.local_port, self.remote_port)


def parse_ss(text: str, network: str) -> list[Row]:
    """Reads `ss -tanH`, or `ss -tanpH` if no process has a newline in its name.

    Leaves out sockets that are only bound, which iproute2 shows since version 6.8 and the exporter does not count.
    """
    rows = []
    for line in text.splitlines():
        state, receive, send, local, remote, *rest = line.split(None, 5)
        if state == "UNCONN":
            continue
        (address, port), (peer, peer_port) = local.rsplit(":", 1), remote.rsplit(":", 1)
        pids = frozenset(int(pid) for pid in re.findall(r",pid=(\d+),fd=\d+\)", rest[0] if rest else ""))
        rows.append(Row(network, STATES[state], int(receive), int(send), plain(address), int(port),
                        plain(peer), int(peer_port.replace("*", "0")), pids))  # fmt: skip
    return rows


def plain(address: str) -> str:
    return address.strip("[]").split("%")[0]


def local_end(row: Row) -> tuple[str, str, int]:
    return row.network, row.local.removeprefix("::ffff:"), row.local_port


class Oracle:
    """Computes the expected metrics of rows without the exporter's code."""

    def __init__(self, rows: Iterable[Row], ephemeral: tuple[int, int], reserved: Iterable[int] = (),
                 bound: Iterable[int] = ()):  # fmt: skip
        self.rows = list(rows)
        self.low, self.high = ephemeral
        self.reserved = set(reserved)
        self.bound = set(bound)  # ports without a row
        self.served = {(row.network, row.local_port) for row in self.rows if row.state == "listen"}
        self._here: dict[tuple, list[int]] = {}  # remote ports of a local end, local ports of a remote port
        self._there: dict[tuple, list[int]] = {}
        for row in filter(self._is_open, self.rows):
            self._here.setdefault(local_end(row), []).append(row.remote_port)
            self._there.setdefault((row.network, row.remote_port), []).append(row.local_port)

    def serves(self, row: Row) -> bool:
        return (row.network, row.local_port) in self.served

    def is_inside(self, port: int) -> bool:
        return self.low <= port <= self.high

    def _is_open(self, row: Row) -> bool:
        """Returns True if the row's own ports do not determine its role."""
        return row.state != "listen" and not self.serves(row) and self.is_inside(row.remote_port)

    def _is_outbound(self, row: Row) -> bool:
        if row.state == "listen" or self.serves(row):
            return False
        if not self._is_open(row):
            return True
        here, there = self._here[local_end(row)], self._there[(row.network, row.remote_port)]
        if len(set(there)) >= CROWD and len(there) > len(here):
            return True
        return self.is_inside(row.local_port) and len(set(here)) < CROWD

    def port_label(self, row: Row) -> str:
        return "ephemeral" if self._is_outbound(row) else str(row.local_port)

    def states(self) -> Counter:
        return Counter((row.state,) for row in self.rows)

    def connections(self) -> Counter:
        return Counter((row.state, self.port_label(row)) for row in self.rows)

    def outbound(self) -> Counter:
        return Counter((row.state, str(row.remote_port)) for row in self.rows if self._is_outbound(row))

    def _sum(self, numbers: Iterable[tuple[str, int]]) -> Counter:
        total: Counter = Counter()
        for port, number in numbers:
            total[(port,)] += number
        return +total

    def receive_queue(self) -> Counter:
        return self._sum((self.port_label(row), row.unread) for row in self.rows if row.state != "listen")

    def send_queue(self) -> Counter:
        return self._sum((self.port_label(row), row.unacknowledged) for row in self.rows if row.state != "listen")

    def queue_length(self) -> Counter:
        return self._sum((str(row.local_port), row.receive) for row in self.rows if row.state == "listen")

    def queue_limit(self) -> Counter:
        return self._sum((str(row.local_port), row.send) for row in self.rows if row.state == "listen")

    def ephemeral_used(self) -> int:
        ports = {row.local_port for row in self.rows if row.network == "main"} | self.bound
        return sum(self.low <= port <= self.high and port not in self.reserved for port in ports)

    def ephemeral_limit(self) -> int:
        return sum(port not in self.reserved for port in range(self.low, self.high + 1))


def show(title: str, rows: Iterable[object]) -> str:
    lines = [f"  {row}" for row in rows]
    return "\n".join([f"{title}:"] + (lines or ["  (nothing)"]))


def show_rows(rows: Iterable[Row]) -> str:
    return show("ss", (f"{r.network} {r.state:12} {r.receive:7} {r.send:7} {r.local}:{r.local_port} "
                       f"{r.remote}:{r.remote_port} pids {sorted(r.pids)}" for r in rows))  # fmt: skip
