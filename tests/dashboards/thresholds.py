# SPDX-License-Identifier: Apache-2.0
"""Thresholds of panels, and the alerts whose numbers they must equal."""
import re
from typing import Iterable, NamedTuple

from grafana import Json, panels_of

ORANGE, RED = "orange", "red"
SEVERITY = {ORANGE: "warning", RED: "critical"}
# An alert's own limit: a comparison with a number that does not merely keep a divisor from being 0.
LIMIT = re.compile(r"(?<![<>=!])>=?\s*(\d+(?:\.\d+)?)(?![\d.]*\))")


class Measure(NamedTuple):
    """What a query measures, told by its text, and the alerts of each colour."""

    query: re.Pattern[str]
    alerts: dict[str, str]
    # Sockets and the like are counted: "over 0" is 1 and more.
    counted: bool = False


def _measure(query: str, counted: bool = False, **alerts: str) -> Measure:
    return Measure(re.compile(query), alerts, counted)


# The first that fits.
MEASURES = (
    _measure(r'^count\(.*state="close_wait"\} > 100', counted=True, orange="1"),
    _measure(r"^count\(\(up\{.*== 0\)", counted=True, red="1"),
    _measure("close_wait_oldest_seconds", orange="TcpCloseWaitOld"),
    _measure(r'state="close_wait"', orange="TcpCloseWaitHigh", red="TcpCloseWaitHigh"),
    _measure("tcp_accept_queue", orange="TcpAcceptQueueNearLimit", red="TcpAcceptQueueFull"),
    _measure('state="time_wait"', orange="TcpTimeWaitHigh"),
    _measure("ephemeral_ports", orange="TcpEphemeralPortsLow", red="TcpEphemeralPortsLow"),
    _measure('state="syn_sent"', orange="TcpSynSentPileup"),
    _measure("scrape_duration_seconds", orange="TcpExporterSlow"),
    _measure("scrape_errors_total", orange="TcpExporterScrapesFailing"),
    _measure(r'process="\(unknown\)"', counted=True, orange="TcpExporterOwnersUnknown"),
)
LEVEL_IN_QUERY = re.compile(r'state="close_wait"\} > (\d+)')


def limit_of(alerts: list[Json], name: str, severity: str) -> float:
    for alert in alerts:
        if (alert["alert"], alert["labels"]["severity"]) == (name, severity):
            found = LIMIT.findall(alert["expr"])
            if found:
                return float(found[0])
    raise KeyError(f"no limit in an alert {name} of severity {severity}")


def _expected(measure: Measure, color: str, alerts: list[Json]) -> float:
    name = measure.alerts[color]
    limit = float(name) if name.isdigit() else limit_of(alerts, name, SEVERITY[color])
    return max(limit, 1) if measure.counted else limit


def _colored(panel: Json) -> Iterable[tuple[str, list[Json]]]:
    """(query, steps above the first) of a panel, or of each column of a table."""
    if panel["type"] != "table":
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]
        yield from ((target["expr"], steps) for target in panel["targets"][:1])
        return
    names = panel["transformations"][1]["options"]["renameByName"]
    titles = {f"Value #{target['refId']}": target["expr"] for target in panel["targets"]}
    queries = {names[value]: query for value, query in titles.items() if value in names}
    for override in panel["fieldConfig"]["overrides"]:
        for change in override["properties"]:
            if change["id"] == "thresholds":
                yield queries[override["matcher"]["options"]], change["value"]["steps"][1:]


def threshold_faults(dashboard: Json, alerts: list[Json]) -> Iterable[str]:
    for panel in panels_of(dashboard):
        for query, steps in _colored(panel):
            yield from (f"{panel['title']}: {fault}" for fault in step_faults(query, steps, alerts))
            level = LEVEL_IN_QUERY.search(query)
            if level and float(level[1]) != limit_of(alerts, "TcpCloseWaitHigh", "warning"):
                yield f"{panel['title']}: counts from {level[1]} on, which is not the alert's level"


def step_faults(query: str, steps: list[Json], alerts: list[Json]) -> Iterable[str]:
    if not steps:
        return
    measure = next((measure for measure in MEASURES if measure.query.search(query)), None)
    if measure is None:
        yield f"has thresholds that no alert has: {query}"
        return
    given = {step["color"]: step["value"] for step in steps}
    wanted = {color: _expected(measure, color, alerts) for color in measure.alerts}
    if given != wanted:
        yield f"thresholds {given}, alerts {wanted}"
