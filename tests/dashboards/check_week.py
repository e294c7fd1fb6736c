#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the alerts on leaks find leaks, within the hours of the runbook's tables, and no healthy service.

check_week.py PROMTOOL [--measure]. With --measure it prints when each leak is found instead.
"""
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any, Iterable

from week import CLOSE_WAIT, DAY, DAYS, LEAK_START, LEAKS, OUTBOUND, STEP, Load, Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "dashboards" / "README.md"
RULES = ROOT / "dashboards" / "prometheus"
GROUPS = ["tcp_exporter_recording", "tcp_exporter_extremes", "tcp_exporter_close_wait", "tcp_exporter_outbound"]
SECONDS = 1700
HISTORY = DAY  # minutes of history that the alerts need
MEASURED = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24, 30, 36)
# Services of each table's columns, and their series
TABLES: dict[str, tuple[dict[str, Load], list[str], str]] = {
    "TcpOutboundLeak": (OUTBOUND, ["steady", "noisy", "daily small", "daily large", "deploys"],
                        'tcp_outbound_connections{job="tcp",instance="a",state="established",remote_port="443",process="%s"}'),
    "TcpCloseWaitLeak": (CLOSE_WAIT, ["none", "short-lived", "short-lived, daily"],
                         'tcp_connections{job="tcp",instance="a",state="close_wait",local_port="80",process="%s"}'),
}  # fmt: skip


def notation(values: Iterable[int]) -> str:
    """Returns the values as promtool reads them."""
    runs = ((value, len(list(same))) for value, same in itertools.groupby(values))
    return " ".join(f"{value}x{count - 1}" if count > 1 else str(value) for value, count in runs)


def services() -> dict[str, Service]:
    """Returns the selected series of each service: all healthy series, and those of the tables with each leak."""
    found = {}
    for loads, columns, series in TABLES.values():
        for name, load in loads.items():
            found[series % name] = Service(name, load)
        for column, (leak, per_hour) in itertools.product(columns, LEAKS.items()):
            found[series % f"{column}: {leak}"] = Service(column, loads[column], per_hour)
    return found


def firing(minute: int, minutes: int, expected: Iterable[str]) -> dict[str, Any]:
    """Returns a test that expects an alert on a leak of these processes within `minutes` before the minute."""
    query = f'count by (process) (count_over_time(ALERTS{{alertname=~"Tcp.+Leak",alertstate="firing"}}[{minutes}m]))'
    samples = [{"labels": f'{{process="{name}"}}', "value": 1} for name in expected]
    return {"expr": query, "eval_time": f"{minute}m", "exp_samples": samples}


def run(promtool: str, checks: list[dict[str, Any]]) -> str:
    series = [{"series": name, "values": notation(service.values())} for name, service in services().items()]
    test = {
        "rule_files": [str(RULES / "recording.yml"), str(RULES / "alerts.yml")], "group_eval_order": GROUPS,
        "evaluation_interval": f"{STEP}m",
        "tests": [{"interval": f"{STEP}m", "input_series": series, "promql_expr_test": checks}],
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump(test, file)
        file.flush()
        result = subprocess.run([promtool, "test", "rules", file.name], capture_output=True, text=True, timeout=SECONDS)
    return result.stdout + result.stderr if result.returncode else ""


def promised() -> dict[str, int]:
    """Returns the hours of each leak in the runbook's tables; a leak without hours is not found."""
    found = {}
    text = RUNBOOK.read_text(encoding="utf-8")
    for alert, (_, columns, _) in TABLES.items():
        section = re.search(rf"^### {alert}$(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL)
        for leak in LEAKS:
            row = re.search(rf"^\| {leak} \|(.*)\|$", section[1] if section else "", re.MULTILINE)
            cells = [cell.strip() for cell in row[1].split("|")] if row else []
            if len(cells) != len(columns):
                raise ValueError(f"{RUNBOOK.name}: no row for {leak} in the section {alert}")
            found |= {f"{column}: {leak}": int(cell.split()[0]) for column, cell in zip(columns, cells) if cell != "–"}
    return found


def measure(promtool: str) -> None:
    report = run(promtool, [firing(LEAK_START + 60 * hours, 60 * hours, ["nobody"]) for hours in MEASURED])
    known: set[str] = set()
    for hours, block in zip(MEASURED, report.split("expr:")[1:]):
        found = set(re.findall(r'process="([^"]+)"', block.split("got:")[1])) - known
        print(f"{hours} h: {', '.join(sorted(found))}")
        known |= found


def main() -> int:
    if sys.argv[2:] == ["--measure"]:
        measure(sys.argv[1])
        return 0
    hours = promised()
    checks = [firing(LEAK_START, LEAK_START - HISTORY, [])]
    for limit in sorted(set(hours.values())):
        found = sorted(name for name, needed in hours.items() if needed <= limit)
        checks.append(firing(LEAK_START + 60 * limit, 60 * limit, found))
    healthy = [name for loads, _, _ in TABLES.values() for name in loads]
    checks.append(firing(DAYS * DAY - STEP, DAYS * DAY - STEP - HISTORY, [n for n in hours if n not in healthy]))
    report = run(sys.argv[1], checks)
    print(report, end="")
    return 1 if report else 0


if __name__ == "__main__":
    sys.exit(main())
