#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the output of the programs for recorded snapshots with the files in expected/, byte by byte.

golden.py --render PROGRAM --exporter PROGRAM --portpid PROGRAM [--update] [CASE...]
--update writes the files again: read the difference before you commit it.
"""
import argparse
import difflib
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent / "data"

# File in expected/ -> how to make it. "render" takes a format, a snapshot and flags; "table" a
# format for --print-table, a snapshot and flags; "exporter" the exporter's own arguments; "portpid" none.
ALL_LABELS = [f"--collector.label={label}" for label in
              ("pid", "user", "exe", "unit", "container", "netns", "family", "local_address")]
QUIET = "--web.disable-exporter-metrics"
# For command lines: a service of a JVM, a jar, a script under an interpreter, an application under gunicorn.
NAME_PATTERNS = [f"--collector.process-name-pattern={pattern}" for pattern in (
    r".*/java .*-Dservice=(?<name>\S+).*", r".*/java .*-jar (?:\S*/)?(\S+)\.jar.*", r"gunicorn: \w+ \[(.+)\]",
    r"\S*python[\d.]* (?:-\S+ )*(?:\S*/)?(\S+)\.py.*")]
CASES = {
    "web.prom": ("render", "text", "web"),
    "web.openmetrics": ("render", "openmetrics", "web"),
    "web_all_ports.prom": ("render", "text", "web", QUIET, "--collector.local-port=all"),
    "web_no_ports.prom": ("render", "text", "web", QUIET, "--collector.local-port=none"),
    "web_include.prom": ("render", "text", "web", QUIET, "--collector.process.include=nginx|post.*",
                         "--collector.process.exclude=.*gres"),
    "names.prom": ("render", "text", "names", QUIET, *NAME_PATTERNS),
    "names.table": ("table", "text", "names", *NAME_PATTERNS),
    "empty.prom": ("render", "text", "empty"),
    "empty.openmetrics": ("render", "openmetrics", "empty", QUIET),
    "hostile.prom": ("render", "text", "hostile", QUIET),
    "hostile.openmetrics": ("render", "openmetrics", "hostile", QUIET),
    "labels.prom": ("render", "text", "labels", QUIET, *ALL_LABELS),
    "labels_netns.prom": ("render", "text", "labels", QUIET, "--collector.label=netns"),
    "labels_none.prom": ("render", "text", "labels", QUIET),
    "v6.prom": ("render", "text", "v6", QUIET),
    "unknown.prom": ("render", "text", "unknown"),
    "crowd.prom": ("render", "text", "crowd", QUIET),
    "crowd_folded.prom": ("render", "text", "crowd", "--collector.max-series=30"),
    "crowd_least.prom": ("render", "text", "crowd", QUIET, "--collector.max-series=12"),
    "web_printed.prom": ("exporter", "--print-metrics", QUIET, f"--collector.replay={DATA / 'web.replay'}"),
    "web.table": ("table", "text", "web"),
    "web.json": ("table", "json", "web"),
    "web_wide.table": ("table", "text", "web", "--print-table.wide"),
    "web_close_wait.table": ("table", "text", "web", "--print-table.state=close_wait"),
    "web_selected.table": ("table", "text", "web", "--print-table.process=worker", "--print-table.port=443",
                           "--print-table.state=close_wait", "--print-table.state=established"),
    "web_port.json": ("table", "json", "web", "--print-table.port=80"),
    "v6_wide.table": ("table", "text", "v6", "--print-table.wide"),
    "hostile_wide.table": ("table", "text", "hostile", "--print-table.wide"),
    "hostile.table": ("table", "text", "hostile"),
    "hostile.json": ("table", "json", "hostile"),
    "labels.json": ("table", "json", "labels"),
    "v6.table": ("table", "text", "v6"),
    "unknown.table": ("table", "text", "unknown"),
    "empty.json": ("table", "json", "empty"),
    "portpid.table": ("portpid",),
    "help.txt": ("exporter", "--help"),
    "help_windows.txt": ("exporter", "--help"),
}
# It lists the system's backends.
ONLY_ON = {"help.txt": "Linux", "help_windows.txt": "Windows"}


def command(programs: argparse.Namespace, case: tuple[str, ...]) -> list[str]:
    kind, rest = case[0], case[1:]
    if kind == "render":
        return [programs.render, rest[0], str(DATA / f"{rest[1]}.replay"), *rest[2:]]
    if kind == "table":
        return [programs.exporter, f"--print-table={rest[0]}", f"--collector.replay={DATA / rest[1]}.replay", *rest[2:]]
    return [getattr(programs, kind), *rest]


def check(programs: argparse.Namespace, name: str) -> bool:
    result = subprocess.run(programs.emulator + command(programs, CASES[name]), capture_output=True, timeout=60)
    if result.returncode != 0 or result.stderr:
        print(f"{name}: exit {result.returncode}: {result.stderr.decode(errors='replace')}")
        return False
    if name.endswith(".json"):
        json.loads(result.stdout.decode("utf-8"))  # raises if it is not JSON in UTF-8
    path = HERE / "expected" / name
    if programs.update:
        path.write_bytes(result.stdout)
        return True
    expected = path.read_bytes() if path.exists() else b""
    if result.stdout == expected:
        return True
    print(f"{name} differs; if that is right, run golden.py with --update")
    before, after = (text.decode(errors="backslashreplace").splitlines() for text in (expected, result.stdout))
    print("\n".join(difflib.unified_diff(before, after, "expected", "actual", lineterm="", n=2)))
    return False


def unknown_files() -> list[str]:
    """Returns the expected files that no case makes."""
    return [path.name for path in (HERE / "expected").iterdir() if path.name not in CASES]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--render", required=True)
    parser.add_argument("--exporter", required=True)
    parser.add_argument("--portpid", required=True)
    parser.add_argument("--emulator", default="", type=str.split, help="what runs these programs, if not this system")
    parser.add_argument("--system", default="Linux", help="for which the programs are")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("cases", nargs="*")
    programs = parser.parse_args()
    cases = programs.cases or [name for name in CASES if ONLY_ON.get(name, programs.system) == programs.system]
    failed = [name for name in cases if not check(programs, name)]
    for name in unknown_files():
        print(f"{name}: no case makes this file")
        failed.append(name)
    print(f"{len(cases)} files, {len(failed)} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
