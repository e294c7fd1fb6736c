# SPDX-License-Identifier: Apache-2.0
"""Test of the whole chain from sockets to a notification. Processes leak, hang and connect without an answer. The
exporter counts, Prometheus evaluates the shipped rules with shorter times, and Alertmanager with the shipped
configuration sends notifications. It sends that the alerts are resolved once the sockets are closed.
"""
import json
import tempfile
from typing import Any

import yaml
from actor import Actor, connect_pairs
from alertmanager import ALERTMANAGER_PORT, Alertmanager, Key, key_of
from case import SceneCase, main
from exporter import PORT
from faster import faster
from fleet import RULES
from process import wait_until
from prometheus import Prometheus

FACTOR = 720  # two hours are ten seconds
FIRE_SECONDS, RESOLVE_SECONDS = 100, 30
PAUSE = 0.3  # between two leaks
STEADY = 12
ADDRESS = f"127.0.0.1:{PORT}"
# The alerts that the scene is made to raise, and no other but those that a busy machine causes for the exporter.
ACTIVE = {
    ("TcpCloseWaitHigh", "warning", "leaky", "80"),
    ("TcpAcceptQueueFull", "critical", "hung", "81"),
    ("TcpSynSentPileup", "warning", "caller", "5432"),
}
# Fires and is sent before there are enough sockets for TcpCloseWaitHigh.
EARLIER = ("TcpCloseWaitOutgrowsEstablished", "warning", "leaky", "80")
TOLD = ACTIVE | {EARLIER}
INHIBITED = {
    EARLIER,
    ("TcpAcceptQueueNearLimit", "warning", "hung", "81"),
    ("TcpAcceptQueueStuck", "warning", "hung", "81"),
    ("TcpAcceptQueueStuck", "critical", "hung", "81"),
}


def of_connections(alerts: list[dict[str, Any]]) -> set[Key]:
    return {key_of(alert) for alert in alerts if not alert["labels"]["alertname"].startswith("TcpExporter")}


class AlertmanagerCase(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.exporter = self.start_exporter()
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.alertmanager = Alertmanager(self)
        self.prometheus = self.start_prometheus()

    def write(self, name: str, content: Any) -> str:
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)  # JSON is YAML
        return path

    def start_prometheus(self) -> Prometheus:
        files = []
        for name in "recording.yml", "alerts.yml":
            with open(RULES / name, encoding="utf-8") as file:
                files.append(self.write(name, faster(yaml.safe_load(file), FACTOR)))
        targets = {"targets": [ADDRESS], "labels": {"env": "test"}}
        prometheus = Prometheus(self.scene, {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": files,
            "scrape_configs": [{"job_name": "tcp", "static_configs": [targets]}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ALERTMANAGER_PORT}"]}]}]},
        })  # fmt: skip
        self.addCleanup(prometheus.stop)
        return prometheus

    def alerts(self) -> list[dict[str, Any]]:
        return self.alertmanager.alerts()

    def told(self, status: str) -> set[Key]:
        return of_connections([alert for alert in self.alertmanager.told if alert["status"] == status])

    # The scene

    def hold_steady(self, client: Actor) -> None:
        """Makes a few connections in CLOSE_WAIT and as many established ones."""
        steady = self.scene.actor("steady")
        ours, _ = connect_pairs(client, steady, steady.listen(port=82), 2 * STEADY + 1, 82)
        for sock in ours[:STEADY]:
            client.shutdown(sock=sock)

    def call_in_vain(self) -> tuple[Actor, list[int]]:
        caller, hole = self.scene.actor("caller"), self.scene.add_black_hole()
        return caller, [caller.connect(port=5432, address=hole, wait=False) for _ in range(STEADY)]

    def hang(self, client: Actor) -> tuple[Actor, int]:
        """Fills an accept queue. The kernel accepts one connection more than the backlog."""
        hung = self.scene.actor("hung")
        listener = hung.listen(port=81, backlog=4)
        for _ in range(5):
            client.connect(port=81)
        return hung, listener

    def leak_until_told(self, client: Actor, leaky: Actor, listener: int) -> tuple[list[int], list[dict[str, Any]]]:
        """Returns the leaked sockets, and Alertmanager's alerts when all have fired and were sent."""
        leaked: list[int] = []
        alerts: list[dict[str, Any]] = []

        def told() -> bool:
            client.shutdown(sock=client.connect(port=80))
            leaked.append(leaky.accept(listener=listener))
            alerts[:] = self.alerts()
            return self.told("firing") >= TOLD and of_connections(alerts) == ACTIVE | INHIBITED

        if not wait_until(told, FIRE_SECONDS, PAUSE):
            self.fail(f"with {len(leaked)} leaks told: {self.told('firing')}, there: {of_connections(alerts)}\n"
                      f"{self.state()}")  # fmt: skip
        return leaked, alerts

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.prometheus.get("rules")["groups"] for rule in group["rules"]]

    def state(self) -> str:
        """Returns a text for a failure: the states of Prometheus' rules, and the output of both programs."""
        facts = ("name", "health", "lastError", "state")
        lines = [" ".join(str(rule.get(fact, "")) for fact in facts) for rule in self.rules()]
        return "\n".join([*lines, str(self.prometheus.program.output()), str(self.alertmanager.program.output())])

    def test_a_leak_is_told_and_its_end_too(self) -> None:
        client, leaky = self.scene.actor("client"), self.scene.actor("leaky")
        self.hold_steady(client)
        caller, calls = self.call_in_vain()
        hung, queue = self.hang(client)
        leaked, alerts = self.leak_until_told(client, leaky, leaky.listen(port=80))
        self.check_firing(alerts)
        for sock in leaked:
            leaky.close(sock=sock)
        for call in calls:
            caller.close(sock=call)
        hung.accept_all(listener=queue)
        resolved = wait_until(lambda: self.told("resolved") >= ACTIVE and not of_connections(self.alerts()),
                              RESOLVE_SECONDS, 0.2)  # fmt: skip
        still = of_connections(self.alerts())
        self.assertTrue(resolved, f"told: {self.told('resolved')}, still there: {still}\n{self.state()}")
        self.assertEqual(self.told("firing"), TOLD)

    def check_firing(self, alerts: list[dict[str, Any]]) -> None:
        """Each alert has its labels and links. One alert per fault is active."""
        states = {key_of(alert): alert["status"]["state"] for alert in alerts}
        self.assertEqual({key for key in ACTIVE | INHIBITED if states[key] == "active"}, ACTIVE)
        self.assertEqual({rule["health"] for rule in self.rules()}, {"ok"}, self.state())
        for alert in alerts:
            self.assertEqual((alert["labels"]["env"], alert["labels"]["instance"]), ("test", ADDRESS))
            self.assertNotIn("no value", json.dumps(alert["annotations"]))
        high = next(alert for alert in alerts if alert["labels"]["alertname"] == "TcpCloseWaitHigh")
        self.assertRegex(high["annotations"]["description"],
                         rf"^leaky on {ADDRESS} has 1\d\d sockets in CLOSE_WAIT on port 80\.")  # fmt: skip
        self.assertEqual(high["annotations"]["dashboard_url"],
                         "/d/tcp-exporter-process?var-cluster=&var-job=tcp&var-instance=127.0.0.1%3A10793&var-process=leaky")  # fmt: skip


if __name__ == "__main__":
    main()
