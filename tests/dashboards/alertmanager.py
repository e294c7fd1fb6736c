# SPDX-License-Identifier: Apache-2.0
"""Alertmanager in a scene, with the shipped configuration and a receiver that keeps its messages."""
import contextlib
import http.server
import json
import pathlib
import tempfile
from typing import Any

import yaml
from case import SceneCase
from exporter import Link
from scene import MAIN

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "alertmanager" / "alertmanager.yml"
ALERTMANAGER_PORT, HOOK_PORT = 9093, 9094
Key = tuple[str, str, str, str]


class Hook(http.server.BaseHTTPRequestHandler):
    """Receives Alertmanager's messages."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.alerts += message["alerts"]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        pass


def key_of(alert: dict[str, Any]) -> Key:
    """Returns (alert, severity, process, port)."""
    labels = alert["labels"]
    port = labels.get("local_port") or labels.get("remote_port", "")
    return labels["alertname"], labels["severity"], labels.get("process", ""), port


class Alertmanager:
    def __init__(self, case: SceneCase):
        self.case = case
        with case.scene.network():
            hook = http.server.ThreadingHTTPServer(("127.0.0.1", HOOK_PORT), Hook)
        self.told: list[dict[str, Any]] = []  # alerts in messages
        hook.alerts = self.told
        case.serve(hook)
        folder = case.enterContext(tempfile.TemporaryDirectory())
        path = pathlib.Path(folder) / "alertmanager.yml"
        path.write_text(json.dumps(self.config()), encoding="utf-8")  # JSON is YAML
        self.program = case.scene.start(
            "prometheus-alertmanager", f"--config.file={path}", f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{ALERTMANAGER_PORT}", "--cluster.listen-address=", GOMAXPROCS="1")  # fmt: skip
        case.addCleanup(self.program.kill)

    def config(self) -> dict[str, Any]:
        """Returns the shipped configuration, with receivers and shorter times."""
        config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
        for receiver in config["receivers"]:
            receiver["webhook_configs"] = [{"url": f"http://127.0.0.1:{HOOK_PORT}/", "send_resolved": True}]
        return config

    def link(self) -> contextlib.closing[Link]:
        return contextlib.closing(Link(self.case.scene, "127.0.0.1", ALERTMANAGER_PORT, MAIN))

    def ready(self) -> bool:
        try:
            with self.link() as link:
                return link.ask("/-/ready").status == 200
        except ConnectionRefusedError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """Returns the firing alerts. Before Alertmanager is ready there are no alerts."""
        if self.program.wait(0) is not None:
            self.case.fail(f"alertmanager ended: {self.program.output()}")
        if not self.ready():
            return []
        with self.link() as link:
            return json.loads(link.ask("/api/v2/alerts").body)

    def post(self, alerts: list[dict[str, str]]) -> None:
        """Sends alerts with these labels, as Prometheus does."""
        body = json.dumps([{"labels": labels} for labels in alerts])
        with self.link() as link:
            link.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
            reply = link.getresponse()
            if reply.status != 200:
                raise AssertionError(f"alertmanager: status {reply.status}: {reply.read()!r}")
