# SPDX-License-Identifier: Apache-2.0
"""Fleet: hosts on one network, an exporter on each, and a Prometheus that scrapes them and evaluates our rules.

A host is a network namespace with an address of its own; all are in one scene.
"""
import contextlib
import pathlib
from typing import Any, Iterator

from actor import Actor
from exporter import PORT, Exporter
from prometheus import Prometheus
from scene import Scene

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards" / "prometheus"
JOB = "tcp"
CLUSTER, OTHER_CLUSTER = "one", "two"
NODE_JOB, NODE_PORT = "node", 9100
NETWORK = "192.0.2."  # of the fleet; 1 is Prometheus
FIRST_HOST = 11
NOBODY = NETWORK + "200"  # drops all packets
DEAD_END = ("lladdr", "02:00:00:00:00:09", "nud", "permanent", "dev", "eth0")
BRIDGE = "fleet"


class Host:
    def __init__(self, scene: Scene, name: str, number: int):
        self.scene, self.name, self.address = scene, name, f"{NETWORK}{FIRST_HOST + number}"
        keeper = scene.add_network(name)
        keeper.rename(name="init")
        port = f"port{number}"
        scene.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(keeper.pid))
        scene.run("ip", "link", "set", port, "master", BRIDGE, "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "neighbour", "add", NOBODY, *DEAD_END)

    def run(self, *argv: str) -> str:
        return self.scene.run(*argv, network=self.name)

    def actor(self, process: str) -> Actor:
        return self.scene.actor(process, network=self.name)


class Fleet:
    def __init__(self, scene: Scene, names: list[str], twins: dict[str, str] | None = None):
        """`twins` are hosts of another cluster: their names, and the host that answers for each."""
        self.scene = scene
        self.twins = twins or {}
        scene.run("ip", "link", "add", BRIDGE, "type", "bridge")
        scene.run("ip", "address", "add", f"{NETWORK}1/24", "dev", BRIDGE)
        scene.run("ip", "link", "set", BRIDGE, "up")
        self.hosts = {name: Host(scene, name, number) for number, name in enumerate(names)}

    def cut(self, one: str, other: str) -> None:
        """Makes the two hosts send each other's packets to a hardware address that does not exist."""
        for sender, receiver in (one, other), (other, one):
            self.hosts[sender].run("ip", "neighbour", "replace", self.hosts[receiver].address, *DEAD_END)

    @contextlib.contextmanager
    def exporters(self, binary: str, backend: str) -> Iterator[None]:
        with contextlib.ExitStack() as closing:
            for host in self.hosts.values():
                exporter = Exporter(self.scene, binary, f"--collector.backend={backend}", network=host.name,
                                    address="0.0.0.0")  # fmt: skip
                closing.callback(exporter.stop)
            yield

    @contextlib.contextmanager
    def node_exporter(self, name: str) -> Iterator[None]:
        """Runs on one host. Its target on every other host is down."""
        program = self.scene.start("prometheus-node-exporter", "--collector.disable-defaults", "--collector.netstat",
                                   f"--web.listen-address=:{NODE_PORT}", network=name)  # fmt: skip
        try:
            yield
        finally:
            program.kill()

    def targets(self) -> list[dict[str, Any]]:
        known = [(name, CLUSTER, host) for name, host in self.hosts.items()]
        known += [(name, OTHER_CLUSTER, self.hosts[host]) for name, host in self.twins.items()]
        return [{"targets": [f"{host.address}:{PORT}"], "labels": {"instance": name, "cluster": cluster}}
                for name, cluster, host in known]  # fmt: skip

    def config(self, interval: str, alerts: str) -> dict[str, Any]:
        """Returns the configuration of a Prometheus that scrapes every host."""
        nodes = [{"targets": [f"{host.address}:{NODE_PORT}"],
                  "labels": {"instance": f"{name}:{NODE_PORT}", "cluster": CLUSTER}}
                 for name, host in self.hosts.items()]  # fmt: skip
        return {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": [str(RULES / "recording.yml"), alerts],
            "scrape_configs": [{"job_name": JOB, "static_configs": self.targets()},
                               {"job_name": NODE_JOB, "static_configs": nodes}],
        }  # fmt: skip

    @contextlib.contextmanager
    def prometheus(self, interval: str, data: str = "", alerts: str = str(RULES / "alerts.yml")) -> Iterator[Prometheus]:
        prometheus = Prometheus(self.scene, self.config(interval, alerts), data=data)
        try:
            prometheus.wait_for(f'sum(up{{job="{JOB}"}})', answer={(): len(self.targets())})
            yield prometheus
        finally:
            prometheus.stop()
