# SPDX-License-Identifier: Apache-2.0
"""Every query of every dashboard, its variables filled in, asked of a real Prometheus that scrapes real exporters.

On a fleet where services leak, hang and find no peer every query has an answer, and the panels show what was made;
on a host where nothing happens no panel is empty but those that say that nothing was opened.
"""
import math
import time
from typing import Any

from case import SceneCase, main
from fleet import JOB, Fleet
from grafana import LABEL_VALUES, Json, Target, fill, load_all, panels_of, targets_of, variables_of
from process import wait_until
from prometheus import Prometheus
from story import HOSTS, LEAKER, LEAKING_HOST, QUIET, Story

STEPS = 24
PAUSE = 0.5  # seconds between two of them
RANGE = 20  # seconds that the panels look back
SETTLE_SECONDS = 40
NOTHING_OPENED = "no outbound connections"
# What Grafana fills in for All and for the times.
EVERYTHING = {"job": ".+", "instance": ".+", "process": ".+", "before": "5s", "__range": f"{RANGE}s",
              "__rate_interval": "4s"}  # fmt: skip
Labels = tuple[str, ...]


class GrafanaCase(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.dashboards = {dashboard["uid"]: dashboard for dashboard in load_all()}
        self.fleet = Fleet(self.scene, HOSTS)
        self.enterContext(self.fleet.exporters(self.binary, self.backend))
        self.story = Story(self.fleet)
        self.prometheus: Prometheus = self.enterContext(self.fleet.prometheus("1s"))
        for step in range(STEPS):
            self.story.step((step + 1) / STEPS)
            time.sleep(PAUSE)
        self.end = self.settled()

    def leaked(self) -> dict[Labels, float]:
        return self.prometheus.query(
            f'instance_process_state:tcp_connections:sum{{instance="{LEAKING_HOST}",process="{LEAKER}",state="close_wait"}}')

    def settled(self) -> float:
        """Waits until the rules have seen the end of the story; returns the time."""
        if not wait_until(lambda: self.leaked() == {(): self.story.leaked}, SETTLE_SECONDS, 0.5):
            self.fail(f"the rules say {self.leaked()}, but {self.story.leaked} were leaked")
        return time.time()

    # Asking as Grafana does

    def ask(self, target: Target, values: dict[str, str]) -> list[Any]:
        """The series that have a number."""
        query = fill(target.expression, values)
        if target.target["instant"]:
            result = self.prometheus.get("query", query=query, time=str(self.end))["result"]
            return [series for series in result if not math.isnan(float(series["value"][1]))]
        times = {"start": str(self.end - RANGE), "end": str(self.end), "step": "1"}
        result = self.prometheus.get("query_range", query=query, **times)["result"]
        return [series for series in result if any(not math.isnan(float(v)) for _, v in series["values"])]

    def last(self, uid: str, title: str, index: int = 0, **chosen: str) -> dict[frozenset, float]:
        """What a query of a panel has for an answer at the end, by its labels."""
        targets = [t for t in targets_of(self.dashboards[uid]) if t.panel["title"] == title]
        answer = self.ask(targets[index], {**EVERYTHING, **chosen})
        return {frozenset(series["metric"].items()): float((series.get("values") or [series["value"]])[-1][1])
                for series in answer}  # fmt: skip

    def check_panel(self, dashboard: Json, panel: Json, values: dict[str, str], may_be_empty: bool) -> None:
        answers = {t.target["refId"]: self.ask(t, values) for t in targets_of(dashboard) if t.panel is panel}
        if may_be_empty and panel["fieldConfig"]["defaults"]["noValue"] == NOTHING_OPENED:
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
        for dashboard in self.dashboards.values():
            for name, variable in variables_of(dashboard).items():
                if variable["type"] == "query":
                    with self.subTest(dashboard=dashboard["uid"], variable=name):
                        match = LABEL_VALUES.fullmatch(variable["query"]["query"])
                        selector = {"match[]": fill(match["selector"], EVERYTHING)}
                        found = self.prometheus.get(f"label/{match['label']}/values", **selector)
                        self.assertIn({"job": JOB, "instance": QUIET, "process": LEAKER}[name], found)

    # What the panels must show of the story

    def check_numbers(self) -> None:
        story, here = self.story, {"instance": LEAKING_HOST}
        leak = frozenset({"instance": LEAKING_HOST, "process": LEAKER, "local_port": "ephemeral"}.items())
        worst = self.last("tcp-exporter-fleet", "Most CLOSE_WAIT")
        self.assertEqual(max(worst.items(), key=lambda item: item[1]), (leak, story.leaked))
        self.assertEqual(self.last("tcp-exporter-fleet", "Leaking processes"), {frozenset(): 1})
        self.assertEqual(self.last("tcp-exporter-fleet", "Hosts up"), {frozenset(): len(HOSTS)})
        self.assertEqual(self.last("tcp-exporter-fleet", "Hosts down"), {frozenset(): 0})
        self.assertEqual(self.last("tcp-exporter-host", "Most CLOSE_WAIT", **here), {frozenset(): story.leaked})
        queue = frozenset({"process": "reports", "local_port": "8100"}.items())
        self.assertEqual(self.last("tcp-exporter-host", "Listeners", 1, **here)[queue], story.waiting)
        knocks = frozenset({"process": "search", "remote_port": "9200"}.items())
        unanswered = self.last("tcp-exporter-host", "SYN_SENT by remote port", **here)
        self.assertEqual(unanswered[knocks], len(story.knocks))
        self.assertEqual(self.last("tcp-exporter-process", "Hosts", process=LEAKER), {frozenset(): 2})

    def test_every_query_answers(self) -> None:
        self.check_variables()
        with self.subTest("numbers"):
            self.check_numbers()
        self.check_all()
        self.check_all(instance=f"({LEAKING_HOST}|web-2)", process=f"({LEAKER}|nginx)")
        self.check_all(may_be_empty=True, instance=QUIET)


if __name__ == "__main__":
    main()
