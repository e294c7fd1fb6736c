# SPDX-License-Identifier: Apache-2.0
"""Builds panels as Grafana's JSON, with the options that all panels of this project share."""
from typing import Any, NamedTuple, Sequence

Json = dict[str, Any]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
BASE, WARNING, CRITICAL = "green", "orange", "red"
# One colour per state, the same in every panel. States that need attention have warm colours.
STATE_COLORS = {
    "established": "green", "listen": "semi-dark-blue", "close_wait": "red", "time_wait": "light-blue",
    "syn_sent": "orange", "syn_recv": "yellow", "fin_wait1": "light-purple", "fin_wait2": "purple",
    "last_ack": "dark-orange", "closing": "dark-purple", "closed": "text", "delete_tcb": "super-light-purple",
}  # fmt: skip


class Threshold(NamedTuple):
    """Thresholds of the alerts, by severity; None: no alert of that severity."""

    warning: float | None = None
    critical: float | None = None

    def steps(self, base: str) -> list[Json]:
        known = [(WARNING, self.warning), (CRITICAL, self.critical)]
        return [{"color": base, "value": None}] + [{"color": c, "value": v} for c, v in known if v is not None]


NONE = Threshold()


class Link(NamedTuple):
    title: str
    url: str

    def json(self) -> Json:
        return {"title": self.title, "url": self.url}


class Query(NamedTuple):
    expression: str
    legend: str = ""


class Column(NamedTuple):
    """A column of a table. Its values come from a label or from a query."""

    title: str
    label: str = ""
    query: str = ""
    unit: str = "short"
    decimals: int | None = None
    threshold: Threshold = NONE
    gauge: bool = False
    links: Sequence[Link] = ()


def _target(query: Query, index: int, instant: bool, form: str) -> Json:
    return {
        "datasource": DATASOURCE, "editorMode": "code", "expr": query.expression, "refId": chr(ord("A") + index),
        "instant": instant, "range": not instant, "format": form,
        "legendFormat": query.legend or "__auto",
    }  # fmt: skip


def _panel(kind: str, title: str, description: str, queries: Sequence[Query], defaults: Json, options: Json, *,
           overrides: Sequence[Json] = (), instant: bool = False, form: str = "time_series",
           no_value: str = "none") -> Json:  # fmt: skip
    return {
        "type": kind, "title": title, "description": description, "datasource": DATASOURCE, "transparent": False,
        "transformations": [],
        "fieldConfig": {"defaults": {"mappings": [], "noValue": no_value, **defaults}, "overrides": list(overrides)},
        "options": options,
        "targets": [_target(query, index, instant, form) for index, query in enumerate(queries)],
    }  # fmt: skip


def _thresholds(threshold: Threshold, base: str = BASE) -> Json:
    return {"mode": "absolute", "steps": threshold.steps(base)}


REDUCE_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(title: str, description: str, query: str, *, unit: str = "short", decimals: int | None = None,
         threshold: Threshold = NONE, color: str = BASE, links: Sequence[Link] = (), spark: bool = True,
         no_value: str = "none") -> Json:  # fmt: skip
    """Returns a panel with one number, coloured by its threshold. Without `spark` it queries the present only."""
    defaults = {
        "unit": unit, "min": 0, "color": {"mode": "thresholds"}, "thresholds": _thresholds(threshold, color),
        "links": [link.json() for link in links], **({} if decimals is None else {"decimals": decimals}),
    }  # fmt: skip
    options = {
        "reduceOptions": REDUCE_LAST, "orientation": "auto", "textMode": "value", "colorMode": "value",
        "graphMode": "area" if spark else "none", "justifyMode": "center", "wideLayout": True,
        "showPercentChange": False, "percentChangeColorMode": "standard",
    }  # fmt: skip
    return _panel("stat", title, description, [Query(query, title)], defaults, options, instant=not spark,
                  no_value=no_value)  # fmt: skip


def _override(matcher: str, options: str, properties: Json) -> Json:
    """Returns an override. "__" in the name of a property stands for "."."""
    return {"matcher": {"id": matcher, "options": options},
            "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]}


def frame_override(query: str, **properties: Any) -> Json:
    """Returns an override for the result of the query with this letter."""
    return _override("byFrameRefID", query, properties)


def fixed(color: str) -> Json:
    return {"mode": "fixed", "fixedColor": color}


def state_overrides() -> list[Json]:
    return [_override("byName", state, {"color": fixed(color)}) for state, color in STATE_COLORS.items()]


# Least upper end of an axis, so that noise near 0 looks small.
SOFT_MAXIMUM = {"percentunit": 0.1, "s": 0.01, "bytes": 1024}


def _curve(threshold: Threshold, stacked: bool, soft_maximum: float) -> Json:
    """Returns the custom options of a field in a graph."""
    return {
        "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 0 if stacked else 1,
        "fillOpacity": 70 if stacked else 10, "gradientMode": "none", "showPoints": "never", "pointSize": 5,
        "spanNulls": False, "insertNulls": False, "barAlignment": 0, "axisPlacement": "auto", "axisLabel": "",
        "axisColorMode": "text", "axisBorderShow": False, "axisCenteredZero": False,
        "axisSoftMin": 0, "axisSoftMax": soft_maximum, "scaleDistribution": {"type": "linear"},
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "off" if threshold == NONE else "dashed"},
    }  # fmt: skip


def graph(title: str, description: str, queries: Sequence[Query], *, unit: str = "short", stacked: bool = False,
          threshold: Threshold = NONE, overrides: Sequence[Json] = (), links: Sequence[Link] = (),
          no_value: str = "none", legend: str = "right") -> Json:  # fmt: skip
    """Returns a panel with lines over time."""
    defaults = {
        "unit": unit, "min": 0, "color": {"mode": "palette-classic"}, "thresholds": _thresholds(threshold),
        "custom": _curve(threshold, stacked, SOFT_MAXIMUM.get(unit, 10)), "links": [link.json() for link in links],
    }  # fmt: skip
    options = {
        "legend": {"displayMode": "table", "placement": legend, "showLegend": True, "calcs": ["lastNotNull", "max"],
                   "sortBy": "Last *", "sortDesc": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }  # fmt: skip
    return _panel("timeseries", title, description, queries, defaults, options, overrides=overrides,
                  no_value=no_value)  # fmt: skip


def _column_override(column: Column) -> Json:
    properties: Json = {"unit": column.unit if column.query else "string"}
    if column.decimals is not None:
        properties["decimals"] = column.decimals
    if column.threshold != NONE:
        properties["thresholds"] = _thresholds(column.threshold, "transparent")
        properties["custom__cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.gauge:
        properties |= {"min": 0, "max": 1, "thresholds": _thresholds(column.threshold),
                       "custom__cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}}
    if column.links:
        properties["links"] = [link.json() for link in column.links]
    return _override("byName", column.title, properties)


def table(title: str, description: str, columns: Sequence[Column], *, sort: str) -> Json:
    """Returns a table. The columns with a label make the rows; each other column has a query."""
    valued = [column for column in columns if column.query]
    names = {column.label: column.title for column in columns if column.label}
    names |= {f"Value #{chr(ord('A') + index)}": column.title for index, column in enumerate(valued)}
    names["Value"] = valued[0].title  # Grafana's name if only one query has a result
    order = {name: [column.title for column in columns].index(title) for name, title in names.items()}
    panel = _panel(
        "table", title, description, [Query(column.query) for column in valued],
        {"unit": "short", "color": {"mode": "thresholds"}, "thresholds": _thresholds(NONE, "transparent"),
         "custom": {"align": "auto", "minWidth": 70, "cellOptions": {"type": "auto"}, "inspect": False,
                    "filterable": False}},
        {"showHeader": True, "cellHeight": "sm", "frameIndex": 0, "sortBy": [{"displayName": sort, "desc": True}]},
        overrides=[_column_override(column) for column in columns], instant=True, form="table",
        no_value="–")  # fmt: skip
    organize = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
    panel["transformations"] = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
    return panel
