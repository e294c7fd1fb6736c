#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the dashboards against Grafana's own types, of its newest release and of the oldest we serve.

check_types.py FOLDER-FOR-PACKAGES: npm's @grafana/schema and the TypeScript compiler go there.
types/model.ts puts the types together. Then proves, on dashboards that are spoilt, that each kind of fault is found.
"""
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any, Callable

from grafana import Json, load_all

TYPES = pathlib.Path(__file__).resolve().parent / "types"
TOOLS = TYPES.parents[1] / "tools"
SECONDS = 300
ERROR = re.compile(r"^([\w-]+)\.ts\(", re.MULTILINE)


def panel_of(dashboard: Json, kind: str) -> Any:
    return next(panel for panel in dashboard["panels"] if panel["type"] == kind)


def spoil_field(dashboard: Json) -> None:
    panel_of(dashboard, "timeseries")["fieldConfig"]["defaults"]["custom"]["lineWidht"] = 1


def spoil_enum(dashboard: Json) -> None:
    panel_of(dashboard, "timeseries")["options"]["legend"]["displayMode"] = "chart"


def spoil_option(dashboard: Json) -> None:
    del panel_of(dashboard, "stat")["options"]["graphMode"]


def spoil_query(dashboard: Json) -> None:
    panel_of(dashboard, "table")["targets"][0]["instant"] = "yes"


def spoil_kind(dashboard: Json) -> None:
    panel_of(dashboard, "stat")["type"] = "graph"


def spoil_threshold(dashboard: Json) -> None:
    panel_of(dashboard, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] = "0"


def spoil_variable(dashboard: Json) -> None:
    dashboard["templating"]["list"][1]["refresh"] = 3


def spoil_dashboard(dashboard: Json) -> None:
    dashboard["tittle"] = dashboard.pop("title")


def spoil_link(dashboard: Json) -> None:
    del dashboard["links"][0]["keepTime"]


SPOILERS: list[Callable[[Json], None]] = [spoil_field, spoil_enum, spoil_option, spoil_query, spoil_kind,
                                          spoil_threshold, spoil_variable, spoil_dashboard, spoil_link]  # fmt: skip


def write(folder: pathlib.Path, name: str, dashboard: Json) -> None:
    (folder / f"{name}.ts").write_text(
        "import type { Newest, Oldest } from './model';\n"
        f"const dashboard = {json.dumps(dashboard, indent=1)} satisfies Newest;\n"
        "export const oldest: Oldest = dashboard;\n", encoding="utf-8")  # fmt: skip


def compile_all(folder: pathlib.Path) -> str:
    """Returns the compiler's faults, one per line."""
    compiler = [folder / "node_modules" / ".bin" / "tsc", "--project", "."]
    run = subprocess.run(compiler, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    return run.stdout


def main() -> int:
    folder = pathlib.Path(sys.argv[1]).resolve()
    subprocess.run([TOOLS / "npm_modules", TYPES, folder], check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
    for old in folder.glob("*.ts"):
        old.unlink()
    for name in "model.ts", "tsconfig.json":
        shutil.copy(TYPES / name, folder)
    dashboards = {dashboard["uid"]: dashboard for dashboard in load_all()}
    for uid, dashboard in dashboards.items():
        write(folder, uid, dashboard)
    for spoil in SPOILERS:
        spoilt = copy.deepcopy(dashboards["tcp-exporter-host"])
        spoil(spoilt)
        write(folder, spoil.__name__, spoilt)
    report = compile_all(folder)
    faulty = set(ERROR.findall(report))
    missed = {spoil.__name__ for spoil in SPOILERS} - faulty
    wrong = faulty & (set(dashboards) | {"model"})
    for line in report.splitlines():
        if any(line.startswith(f"{name}.ts(") for name in wrong):
            print(line)
    for name in sorted(missed):
        print(f"self-test: not noticed: {name}")
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
