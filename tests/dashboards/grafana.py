# SPDX-License-Identifier: Apache-2.0
"""Reader of our dashboards as in Grafana: their panels, queries and variables, and values filled into queries."""
import json
import pathlib
import re
from typing import Any, Iterator, NamedTuple

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "grafana"
LABEL_VALUES = re.compile(r"label_values\((?:(?P<selector>.+), )?(?P<label>\w+)\)")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")

Json = dict[str, Any]


class Target(NamedTuple):
    """A query of a panel."""

    dashboard: Json
    panel: Json
    target: Json

    @property
    def expression(self) -> str:
        return self.target["expr"]

    def __str__(self) -> str:
        return f"{self.dashboard['uid']}, {self.panel['title']}, {self.target['refId']}"


def load_all() -> list[Json]:
    paths = sorted(FOLDER.glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"no dashboards in {FOLDER}")
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def panels_of(dashboard: Json) -> Iterator[Json]:
    """Yields all panels except rows, also those in collapsed rows."""
    for panel in dashboard["panels"]:
        yield from panel["panels"] if panel["type"] == "row" else [panel]


def targets_of(dashboard: Json) -> Iterator[Target]:
    for panel in panels_of(dashboard):
        for target in panel["targets"]:
            yield Target(dashboard, panel, target)


def variables_of(dashboard: Json) -> dict[str, Json]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def fill(text: str, values: dict[str, str]) -> str:
    """Returns the text with every variable filled in. A KeyError names a variable without a value."""
    return VARIABLE.sub(lambda match: values[match[1] or match[2]], text)


def names_in(text: str) -> set[str]:
    """Returns the variables that a text uses."""
    return {match[1] or match[2] for match in VARIABLE.finditer(text)}
