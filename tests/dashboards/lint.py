# SPDX-License-Identifier: Apache-2.0
"""Rules of Grafana Labs' dashboard linter, by its documentation, for dashboards with one Prometheus.

Each rule is a function from a dashboard to its faults. EXCEPTIONS lists the places where a rule makes no sense.
"""
import re
from typing import Callable, Iterable

from grafana import LABEL_VALUES, Json, panels_of, targets_of, variables_of
from promql import Malformed, Selector, names_in

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# The units of Grafana that we use.
UNITS = {"short", "percentunit", "s", "h", "bytes", "string"}
ALL_VALUE = ".+"
ON_TIME_RANGE_CHANGE = 2
RANGED = re.compile(r"(\w+)\s*\(\s*[\w:]+\{[^}]*\}\[([^\]]*)\]")
COUNTER = re.compile(r"\b\w+_total\b")
RATES = ("rate", "irate", "increase")

# (rule, metric): why
EXCEPTIONS = {
    ("target-instance", "job_process_state:tcp_connections:sum"): "is over all hosts and has no label instance",
    ("target-instance", "job:tcp_exporters:count"): "is over all hosts and has no label instance",
    ("target-job", "node_netstat_TcpExt_ListenDrops"): "is of another job",
    ("target-instance", "node_netstat_TcpExt_ListenDrops"): "is of another instance of the host",
    ("target-job", "node_netstat_Tcp_RetransSegs"): "is of another job",
    ("target-instance", "node_netstat_Tcp_RetransSegs"): "is of another instance of the host",
}


def template_datasource(dashboard: Json) -> Iterable[str]:
    found = [v for v in variables_of(dashboard).values() if v["type"] == "datasource"]
    if len(found) != 1 or found[0]["query"] != "prometheus":
        yield "there is not one variable for a Prometheus data source"
    elif (found[0]["name"], found[0]["label"]) != ("datasource", "Data source"):
        yield 'the data source variable is not "datasource", labelled "Data source"'


def _template(dashboard: Json, name: str, all_value: str = ALL_VALUE) -> Iterable[str]:
    variable = variables_of(dashboard).get(name)
    if variable is None:
        yield f"there is no variable {name}"
        return
    wanted = {"label": name.capitalize(), "type": "query", "datasource": DATASOURCE, "multi": True,
              "includeAll": True, "allValue": all_value}  # fmt: skip
    for key, value in wanted.items():
        if variable.get(key) != value:
            yield f"variable {name}: {key} is {variable.get(key)!r}, not {value!r}"


def template_job(dashboard: Json) -> Iterable[str]:
    return _template(dashboard, "job")


def template_instance(dashboard: Json) -> Iterable[str]:
    return _template(dashboard, "instance")


def template_cluster(dashboard: Json) -> Iterable[str]:
    """Checks that the value All also matches series without the label."""
    return _template(dashboard, "cluster", ".*")


def template_label_promql(dashboard: Json) -> Iterable[str]:
    for name, variable in variables_of(dashboard).items():
        if variable["type"] == "query" and not LABEL_VALUES.fullmatch(variable["query"]["query"]):
            yield f"variable {name} is no label_values(selector, label)"


def template_on_time_change_reload(dashboard: Json) -> Iterable[str]:
    for name, variable in variables_of(dashboard).items():
        if variable["type"] == "query" and variable["refresh"] != ON_TIME_RANGE_CHANGE:
            yield f"variable {name} is not read anew when the time range changes"


def panel_datasource(dashboard: Json) -> Iterable[str]:
    for panel in panels_of(dashboard):
        if any(each["datasource"] != DATASOURCE for each in (panel, *panel["targets"])):
            yield f"{panel['title']}: does not use the data source variable"


def panel_title_description(dashboard: Json) -> Iterable[str]:
    for panel in panels_of(dashboard):
        if not panel.get("title") or not panel.get("description"):
            yield f"panel {panel['id']} lacks a title or a description"


def panel_units(dashboard: Json) -> Iterable[str]:
    for panel in panels_of(dashboard):
        units = {panel["fieldConfig"]["defaults"].get("unit")} | {
            change["value"] for override in panel["fieldConfig"]["overrides"]
            for change in override["properties"] if change["id"] == "unit"}  # fmt: skip
        yield from (f"{panel['title']}: unit {unit}" for unit in units - UNITS)


def panel_no_targets(dashboard: Json) -> Iterable[str]:
    yield from (f"{panel['title']}: asks nothing" for panel in panels_of(dashboard) if not panel["targets"])


def target_rate_interval(dashboard: Json) -> Iterable[str]:
    for target in targets_of(dashboard):
        for function, interval in RANGED.findall(target.expression):
            if function in RATES and interval != "$__rate_interval":
                yield f"{target}: {function}() over {interval}, not $__rate_interval"


def _selectors(expression: str) -> list[Selector]:
    try:
        return names_in(expression).selectors
    except Malformed:  # part of another check
        return []


def _target_matcher(dashboard: Json, rule: str, label: str) -> Iterable[str]:
    for target in targets_of(dashboard):
        for selector in _selectors(target.expression):
            given = [(m.sign, m.value) for m in selector.matchers if m.label == label]
            if given != [("=~", f"${label}")] and (rule, selector.metric) not in EXCEPTIONS:
                yield f'{target}: {selector.metric} without {label}=~"${label}"'


def target_job(dashboard: Json) -> Iterable[str]:
    return _target_matcher(dashboard, "target-job", "job")


def target_instance(dashboard: Json) -> Iterable[str]:
    return _target_matcher(dashboard, "target-instance", "instance")


def target_cluster(dashboard: Json) -> Iterable[str]:
    return _target_matcher(dashboard, "target-cluster", "cluster")


def target_counter_agg(dashboard: Json) -> Iterable[str]:
    for target in targets_of(dashboard):
        rated = [m[0] for m in RANGED.finditer(target.expression) if m[1] in RATES]
        for counter in COUNTER.findall(target.expression):
            if not any(counter in text for text in rated):
                yield f"{target}: {counter} is a counter, and no rate of it is taken"


def uneditable_dashboard(dashboard: Json) -> Iterable[str]:
    if dashboard["editable"]:
        yield "can be edited, and the next import would undo that"


RULES: tuple[Callable[[Json], Iterable[str]], ...] = (
    template_datasource, template_cluster, template_job, template_instance, template_label_promql, template_on_time_change_reload,
    panel_datasource, panel_title_description, panel_units, panel_no_targets, target_rate_interval, target_cluster,
    target_job, target_instance, target_counter_agg, uneditable_dashboard,
)  # fmt: skip
