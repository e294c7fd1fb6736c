#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what can be read in the dashboards: the linter's rules, names, thresholds, layout, links and texts.

check_dashboards.py CATALOG-JSON. Then proves, on dashboards that are spoilt, that each check finds its fault.
"""
import copy
import pathlib
import re
import sys
from typing import Callable, Iterable, NamedTuple

import yaml
from catalog import Catalog
from check_names import RUNBOOK_URL
from grafana import FOLDER, Json, load_all, names_in, panels_of, targets_of, variables_of
from lint import RULES
from thresholds import threshold_faults

RULE_FILES = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "prometheus"
COLUMNS = 24
# Variables of Grafana itself.
BUILT_IN = {"__range", "__rate_interval", "__url_time_range"}
MACRO = re.compile(r"\$\{__(data\.fields|field\.labels)\.(\w+)(?::\w+)?\}")
LEGEND_LABEL = re.compile(r"\{\{(\w+)\}\}")
TITLE_MAX = 30  # characters that a panel of a quarter of the width shows
NO_DATA = re.compile("no data", re.IGNORECASE)


class World(NamedTuple):
    """The names that a dashboard may use."""

    catalog: Catalog
    alerts: list[Json]
    uids: set[str]

    @classmethod
    def load(cls, program: str, dashboards: list[Json]) -> "World":
        recording, alerting = (yaml.safe_load((RULE_FILES / name).read_text(encoding="utf-8"))
                               for name in ("recording.yml", "alerts.yml"))  # fmt: skip
        catalog = Catalog.load(program)
        catalog.add_rules(recording)
        alerts = [rule for group in alerting["groups"] for rule in group["rules"]]
        return cls(catalog, alerts, {dashboard["uid"] for dashboard in dashboards})


def kept_by(expression: str) -> set[str]:
    """Returns the labels that the expression's aggregations keep."""
    return {label for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(", ")}


def name_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields unknown metrics, labels and values in queries, variables and annotations, and labels in legends."""
    for target in targets_of(dashboard):
        yield from (f"{target}: {fault}" for fault in world.catalog.faults(target.expression))
        kept = kept_by(target.expression)
        for label in LEGEND_LABEL.findall(target.target["legendFormat"]):
            if label not in kept:
                yield f"{target}: the legend names {label}, which the query does not keep"
    for variable in variables_of(dashboard).values():
        if variable["type"] == "query":
            yield from world.catalog.faults(variable["query"]["query"])
    for annotation in dashboard["annotations"]["list"]:
        yield from world.catalog.faults(annotation.get("expr", "up"))


def variable_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields used variables that do not exist, and variables that are not used."""
    del world
    known = set(variables_of(dashboard))
    texts = [target.expression for target in targets_of(dashboard)] + [
        panel[key] for panel in panels_of(dashboard) for key in ("title", "description")]  # fmt: skip
    used = set().union(*map(names_in, texts)) - BUILT_IN
    yield from (f"no variable ${name}" for name in sorted(used - known))
    yield from (f"variable {name} is not used" for name in sorted(known - used - {"datasource"}))


def all_thresholds(dashboard: Json, world: World) -> Iterable[str]:
    return threshold_faults(dashboard, world.alerts)


def layout_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields panels off the grid, overlaps and gaps, and widths that a laptop cannot show."""
    del world
    taken: dict[tuple[int, int], str] = {}
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    for panel in dashboard["panels"]:
        x, y, w, h = (panel["gridPos"][key] for key in "xywh")
        if x + w > COLUMNS or w < 4:
            yield f"{panel['title']}: {w} wide at {x}"
        for cell in ((x + i, y + j) for i in range(w) for j in range(h)):
            if cell in taken:
                yield f"{panel['title']} lies over {taken[cell]}"
                break
            taken[cell] = panel["title"]
    rows = max(y for _, y in taken) + 1
    if len(taken) != COLUMNS * rows:
        yield "the grid has gaps"


def _links_of(panel: Json) -> Iterable[str]:
    for link in panel["fieldConfig"]["defaults"].get("links", []):
        yield link["url"]
    for override in panel["fieldConfig"]["overrides"]:
        for change in override["properties"]:
            if change["id"] == "links":
                yield from (link["url"] for link in change["value"])


def link_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields links to no dashboard of ours and to no runbook, links that forget time or variables, and links that name a
    column or label that is not there."""
    others = {f"/d/{uid}" for uid in world.uids - {dashboard["uid"]}}
    if {link["url"] for link in dashboard["links"] if link["includeVars"] and link["keepTime"]} != others:
        yield "there is no link to each other dashboard that keeps variables and time"
    for panel in panels_of(dashboard):
        columns = {change for t in panel["transformations"] for change in t["options"].get("renameByName", {}).values()}
        labels = {label for target in panel["targets"] for label in kept_by(target["expr"])}
        for url in _links_of(panel):
            ours = not url.startswith(RUNBOOK_URL)
            if ours and url.split("?")[0].removeprefix("/d/") not in world.uids:
                yield f"{panel['title']}: a link leads to {url}"
            if ours and not all(part in url for part in ("${__url_time_range}", "${datasource:queryparam}", "var-")):
                yield f"{panel['title']}: a link forgets time, data source or choice: {url}"
            for kind, name in MACRO.findall(url):
                if name not in (columns if kind == "data.fields" else labels):
                    yield f"{panel['title']}: a link speaks of {name}, which is not there"


def text_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields panels with a long title, a description that is no sentence, or a poor text in place of data."""
    del world
    for panel in panels_of(dashboard):
        no_value = panel["fieldConfig"]["defaults"].get("noValue", "")
        if not no_value or NO_DATA.search(no_value):
            yield f"{panel['title']}: says {no_value!r} when it has nothing to show"
        if len(panel["title"]) >= TITLE_MAX:
            yield f"{panel['title']}: the title is not under {TITLE_MAX} characters"
        if not panel["description"].endswith("."):
            yield f"{panel['title']}: the description is no sentence"


def state_faults(dashboard: Json, world: World) -> Iterable[str]:
    """Yields panels of states in which a state has no colour of its own."""
    for panel in panels_of(dashboard):
        if any(target["legendFormat"] == "{{state}}" for target in panel["targets"]):
            colors = {override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
                      for override in panel["fieldConfig"]["overrides"]}  # fmt: skip
            missing = world.catalog.values["state"] - set(colors)
            yield from (f"{panel['title']}: {state} has no colour" for state in sorted(missing))
            if len(set(colors.values())) < len(colors):
                yield f"{panel['title']}: two states have one colour"


CHECKS: tuple[Callable[[Json, World], Iterable[str]], ...] = (
    *(lambda dashboard, world, rule=rule: rule(dashboard) for rule in RULES),
    name_faults, variable_faults, all_thresholds, layout_faults, link_faults, state_faults,
    text_faults,
)  # fmt: skip


def provisioning_faults() -> Iterable[str]:
    """Yields unknown and missing keys, because Grafana ignores a file with such a fault."""
    told = yaml.safe_load((FOLDER / "provisioning.yml").read_text(encoding="utf-8"))
    provider = {"name": str, "folder": str, "type": str, "disableDeletion": bool, "allowUiUpdates": bool,
                "updateIntervalSeconds": int, "options": dict}  # fmt: skip
    if told.keys() != {"apiVersion", "providers"} or told["apiVersion"] != 1 or len(told["providers"]) != 1:
        yield "provisioning.yml is not one provider for version 1"
    for each in told["providers"]:
        if {key: type(value) for key, value in each.items()} != provider or each["options"].keys() != {"path"}:
            yield f"provisioning.yml: provider {each}"


def alert_faults(dashboards: list[Json], alerts: list[Json]) -> Iterable[str]:
    """Yields alerts whose link leads to no dashboard of ours, or sets a variable that the dashboard lacks."""
    variables = {dashboard["uid"]: set(variables_of(dashboard)) for dashboard in dashboards}
    for alert in alerts:
        path, _, query = alert["annotations"]["dashboard_url"].partition("?")
        unknown = set(re.findall(r"var-(\w+)=", query)) - variables.get(path.removeprefix("/d/"), set())
        if not query or unknown:
            yield f"{alert['alert']}: its link leads to {path} with {sorted(unknown)}"


def faults_of(dashboard: Json, world: World) -> list[str]:
    return [f"{dashboard['uid']}: {fault}" for check in CHECKS for fault in check(dashboard, world)]


# Spoilers of the fleet's dashboard, and a word of the fault that each must cause.

def _variable(dashboard: Json, name: str, **changes: object) -> None:
    variables_of(dashboard)[name].update(changes)


def _graph(dashboard: Json, **changes: object) -> None:
    next(panel for panel in dashboard["panels"] if panel["type"] == "timeseries").update(changes)


def _expression(dashboard: Json, old: str, new: str) -> None:
    for target in targets_of(dashboard):
        target.target["expr"] = target.expression.replace(old, new)


def _defaults(dashboard: Json, kind: str, **changes: object) -> None:
    next(p for p in dashboard["panels"] if p["type"] == kind)["fieldConfig"]["defaults"].update(changes)


def _column(dashboard: Json, title: str, **changes: object) -> None:
    for panel in panels_of(dashboard):
        for override in panel["fieldConfig"]["overrides"]:
            if override["matcher"]["options"] == title:
                override["properties"] = [{"id": key, "value": value} for key, value in changes.items()]


def _override(dashboard: Json, name: str, new: str, color: str = "red") -> None:
    value = {"mode": "fixed", "fixedColor": color}
    for panel in panels_of(dashboard):
        for override in panel["fieldConfig"]["overrides"]:
            if override["matcher"]["options"] == name:
                override.update(matcher={"id": "byName", "options": new}, properties=[{"id": "color", "value": value}])


def _alert_number(dashboard: Json) -> None:
    for panel in panels_of(dashboard):
        if panel["title"] == "Fullest accept queue":
            panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 0.7


BAD_LINK = [{"title": "", "url": "/d/other?${datasource:queryparam}&${__url_time_range}&var-a=${__data.fields.Nobody}"}]
SPOILERS: tuple[tuple[Callable[[Json], None], str], ...] = (
    (lambda d: _variable(d, "datasource", label="Source"), "data source variable"),
    (lambda d: _variable(d, "datasource", query="loki"), "not one variable for a Prometheus"),
    (lambda d: _variable(d, "job", allValue=".*"), "variable job: allValue"),
    (lambda d: _variable(d, "instance", multi=False), "variable instance: multi"),
    (lambda d: _variable(d, "instance", refresh=1), "not read anew"),
    (lambda d: _variable(d, "process", query={"query": "tcp_connections"}), "no label_values"),
    (lambda d: _variable(d, "process", query={"query": "label_values(tcp_sockets, process)"}), "names process"),
    (lambda d: _graph(d, datasource={"type": "prometheus", "uid": "abc"}), "data source variable"),
    (lambda d: _graph(d, description=""), "title or a description"),
    (lambda d: _graph(d, description="No sentence"), "is no sentence"),
    (lambda d: _graph(d, title="t" * TITLE_MAX), "title is not under"),
    (lambda d: _graph(d, targets=[]), "asks nothing"),
    (lambda d: _graph(d, gridPos={"x": 0, "y": 0, "w": 12, "h": 8}), "lies over"),
    (lambda d: _graph(d, gridPos={"x": 0, "y": 900, "w": 12, "h": 8}), "gaps"),
    (lambda d: _graph(d, gridPos={"x": 20, "y": 900, "w": 12, "h": 8}), "12 wide at 20"),
    (lambda d: _graph(d, id=1), "one id"),
    (lambda d: _defaults(d, "stat", unit="percent_unit"), "unit percent_unit"),
    (lambda d: _defaults(d, "timeseries", noValue="No data"), "nothing to show"),
    (lambda d: _defaults(d, "timeseries", links=BAD_LINK), "leads to"),
    (lambda d: _defaults(d, "timeseries", links=BAD_LINK), "speaks of Nobody"),
    (lambda d: _defaults(d, "timeseries", links=[{"title": "", "url": "/d/tcp-exporter-host"}]), "forgets"),
    (lambda d: d["links"].pop(), "no link to each other"),
    (lambda d: _expression(d, "[$__rate_interval]", "[5m]"), "not $__rate_interval"),
    (lambda d: _expression(d, "rate(", "sum_over_time("), "no rate of it"),
    (lambda d: _expression(d, 'job=~"$job",', ""), 'without job=~"$job"'),
    (lambda d: _expression(d, 'instance=~"$instance"', 'instance="$instance"'), 'without instance=~"$instance"'),
    (lambda d: _expression(d, "tcp_sockets{", "tcp_socket{"), "no metric tcp_socket"),
    (lambda d: _expression(d, 'state="close_wait"', 'state="closewait"'), "state is never closewait"),
    (lambda d: _expression(d, "$process", "$proces"), "no variable $proces"),
    (lambda d: _expression(d, ',process=~"$process"', ""), "variable process is not used"),
    (lambda d: _expression(d, "by (cause)", "by (job)"), "legend names cause"),
    (lambda d: _expression(d, "} > 100", "} > 50"), "not the alert's level"),
    (lambda d: _override(d, "close_wait", "closed"), "close_wait has no colour"),
    (lambda d: _override(d, "close_wait", "close_wait", "green"), "one colour"),
    (_alert_number, "thresholds {'orange': 0.7"),
    (lambda d: _column(d, "Ephemeral", thresholds={"steps": [{}, {"color": "red", "value": 0.5}]}), "lds {'red': 0.5}"),
    (lambda d: d.update(editable=True), "can be edited"),
)


def self_test(dashboard: Json, world: World) -> Iterable[str]:
    for spoil, word in SPOILERS:
        spoilt = copy.deepcopy(dashboard)
        spoil(spoilt)
        try:
            found = faults_of(spoilt, world)
        except (LookupError, TypeError) as trouble:
            found = [f"{trouble!r}"]
        if not any(word in fault for fault in found):
            yield f"self-test: not noticed: {word}: {found}"


def main() -> int:
    dashboards = load_all()
    world = World.load(sys.argv[1], dashboards)
    found = [fault for dashboard in dashboards for fault in faults_of(dashboard, world)]
    found += [*provisioning_faults(), *alert_faults(dashboards, world.alerts), *self_test(dashboards[0], world)]
    if not any(alert_faults(dashboards[:1], world.alerts)):
        found.append("self-test: not noticed: links of alerts to dashboards that are not there")
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
