# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus in a scene, and its HTTP API."""
import json
import tempfile
import urllib.parse
from typing import Any

from exporter import Link
from process import wait_until
from scene import MAIN, Scene

PROMETHEUS_PORT = 9090
START_SECONDS = 60


class Refused(Exception):
    """Prometheus answered with an error."""


class Prometheus:
    def __init__(self, scene: Scene, config: dict[str, Any], *flags: str, data: str = ""):
        """`data` is the folder of the time series. Without it they are removed with this object."""
        self.scene = scene
        self._folder = tempfile.TemporaryDirectory()
        with open(f"{self._folder.name}/prometheus.yml", "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.program = scene.start(
            "prometheus", f"--config.file={self._folder.name}/prometheus.yml",
            f"--storage.tsdb.path={data or self._folder.name + '/data'}",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}", "--log.level=warn", *flags, GOMAXPROCS="1")  # fmt: skip

    def stop(self) -> None:
        self.program.kill()
        self._folder.cleanup()

    def get(self, path: str, **parameters: str) -> Any:
        """Returns the data in the answer of /api/v1/PATH."""
        link = Link(self.scene, "127.0.0.1", PROMETHEUS_PORT, MAIN)
        try:
            reply = link.ask(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        finally:
            link.close()
        if reply.status != 200:
            raise Refused(f"{path} {parameters}: status {reply.status}: {reply.body!r}")
        return json.loads(reply.body)["data"]

    def query(self, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Returns the answer, a vector, by these labels."""
        result = self.get("query", query=expression)["result"]
        return {tuple(item["metric"].get(label, "") for label in labels): float(item["value"][1]) for item in result}

    def wait_for(self, expression: str, *labels: str, answer: dict[tuple[str, ...], float]) -> None:
        """Waits until the query has the expected answer."""
        last: Any = None

        def answered() -> bool:
            nonlocal last
            if self.program.wait(0) is not None:
                raise AssertionError(f"prometheus ended: {self.program.output()}")
            try:
                last = self.query(expression, *labels)
            except (ConnectionRefusedError, Refused) as trouble:  # 503 until it is ready
                last = trouble
            return last == answer

        if not wait_until(answered, START_SECONDS, 0.2):
            raise AssertionError(f"{expression} is {last}, not {answer}\n{self.program.output()}")
