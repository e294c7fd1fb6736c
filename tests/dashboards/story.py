# SPDX-License-Identifier: Apache-2.0
"""Script of events in the fleet: services call one another, and some fail.

`Story.step(share)` brings the fleet to that share of the script, in any number of steps. After a deploy, billing on
app-1 does not close connections that its payment provider has closed. On app-1 search cannot reach its index, reports
stops accepting, and postgres has a reader that stalls. The path from a replica on web-1 to postgres loses all packets.
"""
import math
import random
from dataclasses import dataclass, field
from typing import NamedTuple

from actor import Actor
from fleet import NOBODY, Fleet

HOSTS = ["web-1", "web-2", "app-1", "app-2", "db-1", "cache-1", "edge-1", "quiet-1"]
QUIET = "quiet-1"
LEAKER, LEAKING_HOST, LEAK_PORT = "billing", "app-1", 443
STALLED, LOST, DEPLOY, UNREACHABLE, HUNG = 0.2, 0.3, 0.4, 0.5, 0.6  # shares of the story
LEAKED = 140
FEW = 6  # that nginx on web-2 leaks, and no more
BACKLOG = 48
TURNED_AWAY = 6  # clients for whom the queue has no room in the end
STEP_LIMIT = 30  # connections of a pool that one step may open or close
KNOCKS = 24  # attempts that wait for an answer


@dataclass
class Service:
    """A process that listens."""

    actor: Actor
    address: str
    port: int
    listener: int


@dataclass
class Pool:
    """Connections of a client to a service; the client closes first, unless `server_first`."""

    client: Actor
    service: Service
    server_first: bool = False
    pairs: list[tuple[int, int]] = field(default_factory=list)

    def resize(self, wanted: int) -> None:
        for _ in range(min(max(wanted - len(self.pairs), 0), STEP_LIMIT)):
            ours = self.client.connect(port=self.service.port, address=self.service.address)
            self.pairs.append((ours, self.service.actor.accept(listener=self.service.listener)))
        for _ in range(min(max(len(self.pairs) - wanted, 0), STEP_LIMIT)):
            self.drop()

    def drop(self) -> None:
        ours, theirs = self.pairs.pop(0)
        ends = [(self.client, ours), (self.service.actor, theirs)]
        first, second = reversed(ends) if self.server_first else ends
        first[0].shutdown(sock=first[1])
        second[0].close(sock=second[1])
        first[0].close(sock=first[1])

    def turn_over(self, count: int) -> None:
        """Closes the oldest connections and opens as many."""
        size = len(self.pairs)
        for _ in range(min(count, size)):
            self.drop()
        self.resize(size)

    def leak(self) -> None:
        """The service closes the oldest connection, and the client does not notice."""
        _, theirs = self.pairs.pop(0)
        self.service.actor.close(sock=theirs)


class Traffic(NamedTuple):
    pool: Pool
    mean: int
    swing: float  # as a share of the mean
    phase: float
    turnover: int  # connections that are replaced in a step


class Story:
    def __init__(self, fleet: Fleet):
        self.fleet = fleet
        self.dice = random.Random(793)
        self.services: dict[tuple[str, str], Service] = {}
        self.traffic: list[Traffic] = []
        self.leaked = self.few = self.waiting = 0
        self.stalled = self.lost = False
        self.knocks: list[int] = []
        self._serve()
        self._connect()

    def _service(self, host: str, process: str, port: int, backlog: int = 128) -> Service:
        actor = self.fleet.hosts[host].actor(process)
        listener = actor.listen(port=port, address="0.0.0.0", backlog=backlog)
        self.services[host, process] = Service(actor, self.fleet.hosts[host].address, port, listener)
        return self.services[host, process]

    def _serve(self) -> None:
        for host in HOSTS:
            self._service(host, "sshd", 22)
        for host in "web-1", "web-2":
            self._service(host, "nginx", 443, 511)
        for host in "app-1", "app-2":
            self._service(host, "billing", 8080)
            self._service(host, "search", 8090)
        self.reports = self._service("app-1", "reports", 8100, BACKLOG)
        self._service("db-1", "postgres", 5432, 244)
        self._service("cache-1", "redis-server", 6379, 511)
        self._service("edge-1", "haproxy", LEAK_PORT, 511)

    def _between(self, client: tuple[str, str], service: tuple[str, str], mean: int, swing: float, turnover: int,
                 server_first: bool = False) -> Pool:  # fmt: skip
        known = self.services.get(client)
        actor = known.actor if known else self.fleet.hosts[client[0]].actor(client[1])
        pool = Pool(actor, self.services[service], server_first)
        self.traffic.append(Traffic(pool, mean, swing, self.dice.uniform(0, 6), turnover))
        return pool

    def _connect(self) -> None:
        between = self._between
        for web, mean in ("web-1", 60), ("web-2", 52):
            between(("edge-1", "haproxy"), (web, "nginx"), mean, 0.3, 4, server_first=web == "web-1")
            between((web, "nginx"), ("app-1", "billing"), 14, 0.2, 1)
            between((web, "nginx"), ("app-2", "search"), 10, 0.2, 1)
        for app in "app-1", "app-2":
            between((app, "billing"), ("db-1", "postgres"), 20, 0.1, 0)
            between((app, "billing"), ("cache-1", "redis-server"), 8, 0.1, 0)
            between((app, "search"), ("cache-1", "redis-server"), 12, 0.2, 1)
        between(("app-1", "reports"), ("db-1", "postgres"), 6, 0.2, 0)
        self.payments = between((LEAKING_HOST, LEAKER), ("edge-1", "haproxy"), 12, 0.3, 1)
        between(("app-2", LEAKER), ("edge-1", "haproxy"), 10, 0.3, 1)
        self.readers = Pool(self.services["web-2", "nginx"].actor, self.reports)
        self.slow_reader = between(("cache-1", "backup"), ("db-1", "postgres"), 2, 0, 0)
        self.replica = between(("web-1", "replica"), ("db-1", "postgres"), 2, 0, 0)
        self.forgotten = between(("web-2", "nginx"), ("app-2", "billing"), 9, 0.2, 1)

    def step(self, share: float) -> None:
        for traffic in self.traffic:
            wave = traffic.swing * math.sin(share * 17 + traffic.phase) + self.dice.uniform(-0.05, 0.05)
            traffic.pool.resize(max(1, round(traffic.mean * (1 + wave))))
            traffic.pool.turn_over(traffic.turnover)
        self._leak(share)
        self._hang(share)
        self._knock(share)
        self._stall(share)
        self._lose(share)

    def _leak(self, share: float) -> None:
        if share > STALLED and self.few < FEW:
            self.forgotten.leak()
            self.few += 1
        wanted = LEAKED * max(0.0, share - DEPLOY) / (1 - DEPLOY)
        while self.leaked < wanted and self.payments.pairs:
            self.payments.leak()
            self.leaked += 1

    def _hang(self, share: float) -> None:
        """Reports serves its clients at first, and later leaves them in its accept queue."""
        if share < HUNG:
            self.readers.resize(6)
            self.readers.turn_over(1)
        wanted = (BACKLOG + TURNED_AWAY) * (share - HUNG) / (1 - HUNG)
        while self.waiting < wanted:
            self.readers.client.connect(port=self.reports.port, address=self.reports.address, wait=False)
            self.waiting += 1

    @property
    def queued(self) -> int:
        """Connections in the accept queue, which holds one connection more than its limit."""
        return min(self.waiting, BACKLOG + 1)

    def _knock(self, share: float) -> None:
        """Search connects to an index that does not answer: SYN_SENT until the timeout."""
        search = self.services["app-1", "search"].actor
        if share > UNREACHABLE:
            self.knocks += [search.connect(port=9200, address=NOBODY, wait=False) for _ in range(2)]
        while len(self.knocks) > KNOCKS:
            search.close(sock=self.knocks.pop(0))

    def _stall(self, share: float) -> None:
        """Postgres and its reader send more than the other side reads."""
        if share > STALLED and not self.stalled and len(self.slow_reader.pairs) > 1:
            self.slow_reader.service.actor.fill(sock=self.slow_reader.pairs[0][1])
            self.slow_reader.client.fill(sock=self.slow_reader.pairs[1][0])
            self.stalled = True

    def _lose(self, share: float) -> None:
        """The path between the replica and postgres loses all packets, and both sides send."""
        if share > LOST and not self.lost and len(self.replica.pairs) > 1:
            self.fleet.cut("web-1", "db-1")
            self.replica.client.send(sock=self.replica.pairs[0][0], count=100)
            self.replica.service.actor.send(sock=self.replica.pairs[1][1], count=100)
            self.lost = True
