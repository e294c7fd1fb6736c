# SPDX-License-Identifier: Apache-2.0
"""Catalog of known metrics: the exporter's, those of recording rules, and those of other programs.

Catalog.load() runs the program catalog_json, which is built from the exporter's tables. add_rules() adds the recorded
series of a rule file. faults() then yields the names in a query that do not exist.
"""
import json
import re
import subprocess
from typing import Any, Iterable

from promql import Malformed, Matcher, Names, Selector, names_in

# Labels that come from the scrape configuration and not from the exporter.
TARGET_LABELS = {"cluster", "job", "instance", "node", "pod"}
FOREIGN_METRICS = {
    "up": set(), "scrape_duration_seconds": set(), "scrape_samples_scraped": set(),
    "scrape_samples_post_metric_relabeling": set(), "scrape_series_added": set(),
    "ALERTS": {"alertname", "alertstate", "severity", "process", "local_port", "remote_port"},
    "ALERTS_FOR_STATE": {"alertname", "severity"},
    "node_netstat_TcpExt_ListenDrops": set(), "node_netstat_Tcp_RetransSegs": set(),
    "kube_pod_container_info": {"namespace", "pod", "container", "container_id"},
}  # fmt: skip
PLAIN = re.compile(r"[a-z0-9_]+")


class Catalog:
    def __init__(self, metrics: dict[str, list[str]], optional: Iterable[str], values: dict[str, list[str]]):
        self.optional = set(optional)
        self.values = {label: set(known) for label, known in values.items()}
        self.labels: dict[str, set[str]] = {name: set(labels) for name, labels in FOREIGN_METRICS.items()}
        for name, labels in metrics.items():
            self.labels[name] = set(labels) | (self.optional if "process" in labels else set())
        self.exported = set(metrics)
        self.recorded: set[str] = set()

    @classmethod
    def load(cls, program: str) -> "Catalog":
        made = subprocess.run([program], capture_output=True, check=True, timeout=60)
        return cls(**json.loads(made.stdout))

    def add_rules(self, rules: dict[str, Any]) -> None:
        """Adds the series that a rule file records, in its order, because later rules can use earlier series."""
        for group in rules["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    self.labels[rule["record"]] = self.labels_of(rule["expr"])
                    self.recorded.add(rule["record"])

    def labels_of(self, expression: str) -> set[str]:
        """Returns the labels that the result can have, without target labels."""
        names = names_in(expression)
        kept = set[str]().union(*(self.labels.get(selector.metric, set()) for selector in names.selectors))
        kept |= set(names.made)
        for number, (word, labels) in enumerate(names.groupings):
            if word == "by" and number == 0:
                return kept & set(labels)  # the outermost aggregation
            if word == "by":
                kept &= set(labels)
            elif word == "without":
                kept -= set(labels)
        return kept

    def faults(self, expression: str) -> list[str]:
        """Returns the names in the expression that do not exist."""
        try:
            names = names_in(expression)
        except Malformed as error:
            return [f"{error}: {expression}"]
        return [f"{fault}: {expression}" for fault in self._faults(names)]

    def _faults(self, names: Names) -> Iterable[str]:
        for selector in names.selectors:
            yield from self._selector_faults(selector)
        here = TARGET_LABELS.union(*(self.labels.get(selector.metric, set()) for selector in names.selectors))
        here |= set(names.made)
        if not names.selectors:
            here = here.union(*self.labels.values())  # label_values(label)
        for word, labels in names.groupings:
            for label in labels:
                if label not in here:
                    yield f"{word} names {label}, which no metric here has"

    def _selector_faults(self, selector: Selector) -> Iterable[str]:
        if selector.metric and selector.metric not in self.labels:
            yield f"there is no metric {selector.metric}"
            return
        known = self.labels[selector.metric] if selector.metric else set[str]().union(*self.labels.values())
        for matcher in selector.matchers:
            if matcher.label == "__name__":
                yield from (f"there is no metric {name}" for name in words_of(matcher) if name not in self.labels)
            elif matcher.label not in known | TARGET_LABELS:
                yield f"{selector.metric} has no label {matcher.label}"
            elif matcher.label in self.values:
                yield from (f"{matcher.label} is never {value}" for value in words_of(matcher)
                            if value not in self.values[matcher.label])  # fmt: skip


def words_of(matcher: Matcher) -> list[str]:
    """Returns the plain words that a matcher allows or forbids, without patterns and variables."""
    parts = matcher.value.split("|") if "~" in matcher.sign else [matcher.value]
    return [part for part in parts if PLAIN.fullmatch(part)]
