# SPDX-License-Identifier: Apache-2.0
"""Builds a dashboard from its sections: variables, links, and panels on Grafana's grid, which is 24 units wide."""
from typing import NamedTuple, Sequence

from panels import DATASOURCE, Json, Link

GRID = 24
ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}
TITLES = {"tcp-exporter-fleet": "TCP / Fleet", "tcp-exporter-host": "TCP / Host",
          "tcp-exporter-process": "TCP / Process"}  # fmt: skip
FLEET, HOST, PROCESS = TITLES
# Every link keeps the chosen data source, the jobs and the time.
_KEPT = "${datasource:queryparam}&${job:queryparam}&${__url_time_range}"
SCHEMA_VERSION = 38  # of Grafana 10.0; later versions migrate it when they load it


class Line(NamedTuple):
    """Panels in one line, each with its width."""

    height: int
    panels: Sequence[tuple[int, Json]]


class Section(NamedTuple):
    title: str
    lines: Sequence[Line]


def link_to(uid: str, **variables: str) -> Link:
    """Returns a link to a dashboard. The value of a variable, a host or process, is the name of a Grafana macro."""
    chosen = "".join(f"&var-{name}=${{{macro}:percentencode}}" for name, macro in variables.items())
    return Link(f"Open {TITLES[uid]}", f"/d/{uid}?{_KEPT}{chosen}")


def query_variable(name: str, label: str, query: str, description: str) -> Json:
    return {
        "name": name, "label": label, "description": description, "type": "query", "datasource": DATASOURCE,
        "definition": query, "query": {"query": query, "refId": name}, "refresh": 2, "regex": "", "sort": 1,
        "multi": True, "includeAll": True, "allValue": ".+", "current": ALL, "options": [], "hide": 0,
        "skipUrlSync": False,
    }  # fmt: skip


JOB = query_variable("job", "Job", "label_values(tcp_sockets, job)", "Scrape jobs of tcp_exporter")
INSTANCE = query_variable("instance", "Instance", 'label_values(tcp_sockets{job=~"$job"}, instance)', "Hosts")


def process_variable(selector: str) -> Json:
    return query_variable("process", "Process", f"label_values({selector}, process)", "Processes that own sockets")


def choice_variable(name: str, label: str, values: Sequence[str], chosen: str, description: str) -> Json:
    options = [{"selected": value == chosen, "text": value, "value": value} for value in values]
    return {
        "name": name, "label": label, "description": description, "type": "custom", "query": ",".join(values),
        "current": next(option for option in options if option["selected"]), "options": options, "multi": False,
        "includeAll": False, "hide": 0, "skipUrlSync": False,
    }  # fmt: skip


def _datasource_variable() -> Json:
    return {
        "name": "datasource", "label": "Data source", "description": "The Prometheus that scrapes tcp_exporter",
        "type": "datasource", "query": "prometheus", "options": [], "refresh": 1, "regex": "",
        "current": {"selected": False, "text": "default", "value": "default"},
        "multi": False, "includeAll": False, "hide": 0, "skipUrlSync": False,
    }  # fmt: skip


def _annotations() -> list[Json]:
    own = {"type": "grafana", "uid": "-- Grafana --"}
    alerts = 'ALERTS{alertname=~"Tcp.+",alertstate="firing",job=~"$job",instance=~"$instance"}'
    return [
        {"name": "Annotations & Alerts", "builtIn": 1, "type": "dashboard", "datasource": own, "enable": True,
         "hide": True, "iconColor": "rgba(0, 211, 255, 1)"},
        {"name": "Deploys", "datasource": own, "enable": True, "hide": False, "iconColor": "blue",
         "target": {"type": "tags", "tags": ["deploy"], "matchAny": False, "limit": 100}},
        {"name": "Alerts", "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": "red",
         "expr": alerts, "titleFormat": "{{alertname}}", "textFormat": "{{instance}} {{process}} {{local_port}}",
         "step": "60s", "useValueForTime": False},
    ]  # fmt: skip


def _links(uid: str) -> list[Json]:
    return [{
        "title": TITLES[other], "type": "link", "url": f"/d/{other}", "icon": "dashboard", "tooltip": "",
        "tags": [], "asDropdown": False, "includeVars": True, "keepTime": True, "targetBlank": False,
    } for other in TITLES if other != uid]  # fmt: skip


def _row(title: str, y: int) -> Json:
    return {"type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": GRID, "h": 1}}  # fmt: skip


def _laid_out(sections: Sequence[Section]) -> list[Json]:
    panels: list[Json] = []
    y = 0
    for section in sections:
        panels.append(_row(section.title, y))
        y += 1
        for line in section.lines:
            x = 0
            for width, panel in line.panels:
                panels.append({**panel, "gridPos": {"x": x, "y": y, "w": width, "h": line.height}})
                x += width
            if x != GRID:
                raise ValueError(f'a line of "{section.title}" is {x} wide, not {GRID}')
            y += line.height
    return [{"id": number, **panel} for number, panel in enumerate(panels, start=1)]


def dashboard(uid: str, description: str, variables: Sequence[Json], sections: Sequence[Section]) -> Json:
    return {
        "uid": uid, "title": TITLES[uid], "description": description, "tags": ["tcp", "tcp_exporter"],
        "schemaVersion": SCHEMA_VERSION, "version": 1, "editable": False, "graphTooltip": 1, "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"}, "timezone": "browser", "fiscalYearStartMonth": 0,
        "annotations": {"list": _annotations()}, "links": _links(uid),
        "templating": {"list": [_datasource_variable(), *variables]}, "panels": _laid_out(sections),
    }  # fmt: skip
