# SPDX-License-Identifier: Apache-2.0
"""Tests of the inhibit rules: a fault fires several alerts, and a real Alertmanager sends one notification."""
from typing import NamedTuple

from alertmanager import Alertmanager, Key, key_of
from case import SceneCase, main
from process import wait_until

SECONDS = 30
PORTS = {"TcpOutboundLeak": ("remote_port", "443"), "TcpSynSentPileup": ("remote_port", "443")}


class Fault(NamedTuple):
    name: str  # the process that has it
    port: str
    fires: list[tuple[str, str]]  # (alert, severity)
    remains: list[tuple[str, str]]


LEAK = [
    ("TcpCloseWaitHigh", "warning"), ("TcpCloseWaitLeak", "warning"), ("TcpCloseWaitOld", "warning"),
    ("TcpCloseWaitOld", "info"), ("TcpCloseWaitOutgrowsEstablished", "warning"), ("TcpOutboundLeak", "warning"),
]  # fmt: skip
HANG = [
    ("TcpAcceptQueueNearLimit", "warning"), ("TcpAcceptQueueFull", "critical"), ("TcpAcceptQueueStuck", "warning"),
    ("TcpAcceptQueueStuck", "critical"), ("TcpCloseWaitHigh", "warning"), ("TcpCloseWaitHigh", "critical"),
    ("TcpCloseWaitOutgrowsEstablished", "warning"), ("TcpCloseWaitOld", "warning"), ("TcpAcceptQueueDrops", "warning"),
]  # fmt: skip
FAULTS = (
    Fault("client-leaks", "ephemeral", [*LEAK, ("TcpCloseWaitHigh", "critical")], [("TcpCloseWaitHigh", "critical")]),
    Fault("client-leaks-slowly", "ephemeral", LEAK[1:], [("TcpCloseWaitLeak", "warning")]),
    Fault("server-leaks", "80", LEAK[:-1], [("TcpCloseWaitHigh", "warning")]),
    Fault("few-forgotten", "80", LEAK[2:4], [("TcpCloseWaitOld", "warning")]),
    Fault("one-forgotten", "80", LEAK[3:4], [("TcpCloseWaitOld", "info")]),
    Fault("server-hangs", "80", HANG, [("TcpAcceptQueueFull", "critical")]),
    Fault("server-begins-to-hang", "80", [("TcpAcceptQueueStuck", "warning"), ("TcpAcceptQueueStuck", "critical"),
                                          ("TcpAcceptQueueNearLimit", "warning")], [("TcpAcceptQueueStuck", "critical")]),
    Fault("server-is-slow", "80", [("TcpAcceptQueueNearLimit", "warning"), ("TcpAcceptQueueDrops", "warning")],
          [("TcpAcceptQueueDrops", "warning")]),
    Fault("debug-is-full", "80", [("TcpAcceptQueueStuck", "warning"), ("TcpAcceptQueueDrops", "warning")],
          [("TcpAcceptQueueStuck", "warning")]),
    # A debug port with a forgotten connection hides no leak of the same process.
    Fault("debug", "80", [("TcpAcceptQueueStuck", "warning"), ("TcpCloseWaitHigh", "critical")],
          [("TcpAcceptQueueStuck", "warning"), ("TcpCloseWaitHigh", "critical")]),
    # A server's leak hides no leak of other connections.
    Fault("two-leaks", "80", [("TcpCloseWaitHigh", "warning"), ("TcpOutboundLeak", "warning")],
          [("TcpCloseWaitHigh", "warning"), ("TcpOutboundLeak", "warning")]),
    Fault("ports", "", [("TcpEphemeralPortsLow", "warning"), ("TcpEphemeralPortsLow", "critical"),
                        ("TcpTimeWaitHigh", "warning")], [("TcpEphemeralPortsLow", "critical")]),
    Fault("exporter", "", [("TcpExporterDown", "warning"), ("TcpExporterScrapesLost", "warning")],
          [("TcpExporterDown", "warning")]),
)  # fmt: skip


def labels_of(fault: Fault, alert: str, severity: str) -> dict[str, str]:
    # Each fault has a host of its own name. Faults without a port are those of the host.
    labels = {"alertname": alert, "severity": severity, "job": "tcp", "instance": fault.name}
    if not fault.port:
        return labels
    label, port = PORTS.get(alert, ("local_port", fault.port))
    return {**labels, "process": fault.name, label: port}


def keys_of(fault: Fault, alerts: list[tuple[str, str]], cluster: str) -> set[tuple[str, Key]]:
    return {(cluster, key_of({"labels": labels_of(fault, *alert)})) for alert in alerts}


class InhibitCase(SceneCase):
    def test_one_notification_per_fault(self) -> None:
        alertmanager = Alertmanager(self)
        if not wait_until(alertmanager.ready, SECONDS, 0.1):
            self.fail(f"alertmanager is not ready: {alertmanager.program.output()}")
        # In a second cluster each host has only the alerts that are inhibited for the first cluster's hosts.
        expected, posted = set(), []
        for fault in FAULTS:
            kept_back = [alert for alert in fault.fires if alert not in fault.remains]
            posted += [labels_of(fault, *alert) | {"cluster": "one"} for alert in fault.fires]
            posted += [labels_of(fault, *alert) | {"cluster": "two"} for alert in kept_back[:1]]
            expected |= keys_of(fault, fault.remains, "one") | keys_of(fault, kept_back[:1], "two")
        alertmanager.post(posted)
        active = set()

        def settled() -> bool:
            alerts = alertmanager.alerts()
            states = [alert["status"]["state"] for alert in alerts]
            active.clear()
            active.update((alert["labels"]["cluster"], key_of(alert)) for alert in alerts
                          if alert["status"]["state"] == "active")  # fmt: skip
            return len(alerts) == len(posted) and "unprocessed" not in states and active == expected

        settled_in_time = wait_until(settled, SECONDS, 0.5)
        self.assertEqual(active, expected)
        self.assertTrue(settled_in_time)


if __name__ == "__main__":
    main()
