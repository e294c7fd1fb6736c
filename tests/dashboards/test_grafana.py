# SPDX-License-Identifier: Apache-2.0
"""Tests of every query of every dashboard in a real Prometheus that scrapes real exporters.

On a fleet where services leak, hang and find no peer, every query has an answer, and the panels show the faults. On an
idle host only panels with a text for no data are empty. A host of another cluster has the name of the host that leaks.
The panels do not add the two.
"""
import json
import math
import tempfile
import time
from typing import Any

import yaml
from case import SceneCase, main
from faster import faster
from fleet import CLUSTER, JOB, OTHER_CLUSTER, RULES, Fleet
from grafana import LABEL_VALUES, Json, Target, fill, load_all, panels_of, targets_of, variables_of
from process import wait_until
from prometheus import Prometheus
from story import HOSTS, LEAK_PORT, LEAKER, LEAKING_HOST, QUIET, Story

STEPS = 24
PAUSE = 0.5  # seconds between two of them
RANGE = 20  # seconds that the panels look back
SETTLE_SECONDS = 40
FACTOR = 120  # of the alerts: ten minutes are five seconds
NOTHING = "no "  # begins the text of a panel that may be empty
# Grafana's values for All and for the times.
EVERYTHING = {"cluster": ".*", "job": ".+", "instance": ".+", "process": ".+", "host": ".+", "before": "5s", "__range": f"{RANGE}s",
              "__rate_interval": "4s"}  # fmt: skip
Labels = tuple[str, ...]


class GrafanaCase(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.dashboards = {dashboard["uid"]: dashboard for dashboard in load_all()}
        self.fleet = Fleet(self.scene, HOSTS, {LEAKING_HOST: QUIET})
        self.enterContext(self.fleet.node_exporter(LEAKING_HOST))
        self.enterContext(self.fleet.exporters(self.binary, self.backend))
        self.story = Story(self.fleet)
        self.prometheus: Prometheus = self.enterContext(self.fleet.prometheus("1s", alerts=self.alerts()))
        for step in range(STEPS):
            self.story.step((step + 1) / STEPS)
            time.sleep(PAUSE)
        self.end = self.settled()

    def alerts(self) -> str:
        """Returns the name of a file with the alerts in shorter time."""
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8"))
        json.dump(faster(yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8")), FACTOR), file)
        file.flush()
        return file.name

    def firing(self) -> dict[Labels, float]:
        return self.prometheus.query('ALERTS{alertname="TcpCloseWaitHigh",alertstate="firing"}', "instance", "process")

    def leaked(self) -> dict[Labels, float]:
        return self.prometheus.query(
            f'instance_process_state:tcp_connections:sum{{cluster="{CLUSTER}",instance="{LEAKING_HOST}",process="{LEAKER}",state="close_wait"}}')

    def settled(self) -> float:
        """Waits until the rules have seen the end of the story and the alert fires; returns the time."""
        if not wait_until(lambda: self.leaked() == {(): self.story.leaked}, SETTLE_SECONDS, 0.5):
            self.fail(f"the rules say {self.leaked()}, but {self.story.leaked} were leaked")
        if not wait_until(lambda: (LEAKING_HOST, LEAKER) in self.firing(), SETTLE_SECONDS, 0.5):
            self.fail(f"these alerts fire: {self.firing()}")
        return time.time()

    # Queries as of Grafana

    def ask(self, target: Target, values: dict[str, str]) -> list[Any]:
        """Returns the series that have a number."""
        query = fill(target.expression, values)
        if target.target["instant"]:
            result = self.prometheus.get("query", query=query, time=str(self.end))["result"]
            return [series for series in result if not math.isnan(float(series["value"][1]))]
        times = {"start": str(self.end - RANGE), "end": str(self.end), "step": "1"}
        result = self.prometheus.get("query_range", query=query, **times)["result"]
        return [series for series in result if any(not math.isnan(float(v)) for _, v in series["values"])]

    def last(self, uid: str, title: str, index: int = 0, **chosen: str) -> dict[frozenset, float]:
        """Returns the last answer of a panel's query, by its labels."""
        targets = [t for t in targets_of(self.dashboards[uid]) if t.panel["title"] == title]
        answer = self.ask(targets[index], {**EVERYTHING, **chosen})
        return {frozenset(series["metric"].items()): float((series.get("values") or [series["value"]])[-1][1])
                for series in answer}  # fmt: skip

    def check_panel(self, dashboard: Json, panel: Json, values: dict[str, str], may_be_empty: bool) -> None:
        answers = {t.target["refId"]: self.ask(t, values) for t in targets_of(dashboard) if t.panel is panel}
        if may_be_empty and panel["fieldConfig"]["defaults"]["noValue"].startswith(NOTHING):
            return
        if may_be_empty:
            self.assertTrue(any(answers.values()), "the panel is empty")
        else:
            self.assertEqual([name for name, series in answers.items() if not series], [], "queries without an answer")

    def check_all(self, may_be_empty: bool = False, **chosen: str) -> None:
        for dashboard in self.dashboards.values():
            for panel in panels_of(dashboard):
                with self.subTest(dashboard=dashboard["uid"], panel=panel["title"], **chosen):
                    self.check_panel(dashboard, panel, {**EVERYTHING, **chosen}, may_be_empty)

    def check_variables(self) -> None:
        expected = {"cluster": CLUSTER, "job": JOB, "instance": QUIET, "host": QUIET, "process": LEAKER}
        for dashboard in self.dashboards.values():
            for name, variable in variables_of(dashboard).items():
                if variable["type"] == "query":
                    with self.subTest(dashboard=dashboard["uid"], variable=name):
                        match = LABEL_VALUES.fullmatch(variable["query"]["query"])
                        selector = {"match[]": fill(match["selector"], EVERYTHING)}
                        found = self.prometheus.get(f"label/{match['label']}/values", **selector)
                        self.assertIn(expected[name], found)

    # Values of the story that the panels must show

    def check_numbers(self) -> None:
        story, here = self.story, {"instance": LEAKING_HOST, "cluster": CLUSTER}
        leak = frozenset({**here, "process": LEAKER, "local_port": "ephemeral"}.items())
        worst = self.last("tcp-exporter-fleet", "Most CLOSE_WAIT")
        self.assertEqual(max(worst.items(), key=lambda item: item[1]), (leak, story.leaked))
        self.assertEqual(self.last("tcp-exporter-fleet", "Leaking processes"), {frozenset(): 1})
        self.assertEqual(self.last("tcp-exporter-fleet", "Hosts up"), {frozenset(): len(HOSTS) + 1})
        self.assertEqual(self.last("tcp-exporter-fleet", "Hosts down"), {frozenset(): 0})
        self.assertEqual(self.last("tcp-exporter-host", "Most CLOSE_WAIT", **here), {frozenset(): story.leaked})
        self.assertEqual(self.last("tcp-exporter-host", "Most CLOSE_WAIT", **{**here, "cluster": OTHER_CLUSTER}),
                         {frozenset(): 0})  # fmt: skip
        hosts = self.last("tcp-exporter-fleet", "Hosts")
        self.assertEqual({cluster: hosts[frozenset({"cluster": cluster, "instance": LEAKING_HOST}.items())]
                          for cluster in (CLUSTER, OTHER_CLUSTER)}, {CLUSTER: story.leaked, OTHER_CLUSTER: 0})  # fmt: skip
        remote = frozenset({"process": LEAKER, "remote_port": str(LEAK_PORT)}.items())
        self.assertEqual(self.last("tcp-exporter-host", "CLOSE_WAIT by remote port", **here)[remote], story.leaked)
        alert = {"alertname": "TcpCloseWaitHigh", "runbook": "tcpclosewaithigh", "severity": "warning", "process": LEAKER,
                 "local_port": "ephemeral"}  # fmt: skip
        self.assertIn(frozenset(alert.items()), self.last("tcp-exporter-host", "Firing alerts", **here))
        queue = frozenset({"process": "reports", "local_port": "8100"}.items())
        self.assertEqual(self.last("tcp-exporter-host", "Listeners", 1, **here)[queue], story.queued)
        self.assertGreater(self.last("tcp-exporter-host", "Drops per second", **here)[queue], 0)
        lost = frozenset({"process": "replica", "remote_port": "5432"}.items())
        self.assertEqual(self.last("tcp-exporter-host", "Retransmitting connections", 1)[lost], 1)
        full = frozenset({"process": "postgres", "local_port": "5432"}.items())
        self.assertEqual(self.last("tcp-exporter-host", "Zero-window connections")[full], 1)
        knocks = frozenset({"process": "search", "remote_port": "9200"}.items())
        unanswered = self.last("tcp-exporter-host", "SYN_SENT by remote port", **here)
        self.assertEqual(unanswered[knocks], len(story.knocks))
        self.assertEqual(self.last("tcp-exporter-process", "Hosts", process=LEAKER), {frozenset(): 2})

    def test_every_query_answers(self) -> None:
        self.check_variables()
        with self.subTest("numbers"):
            self.check_numbers()
        self.check_all()
        self.check_all(may_be_empty=True, cluster=CLUSTER, instance=f"({LEAKING_HOST}|web-2)", process=f"({LEAKER}|nginx)")
        self.check_all(may_be_empty=True, instance=QUIET)


if __name__ == "__main__":
    main()
