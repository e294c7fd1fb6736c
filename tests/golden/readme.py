#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the tables of metrics and flags in README.md and docs/reference.md are those of the program.

readme.py --tables PROGRAM [--update]
The text between <!-- NAME --> and <!-- /NAME --> is what PROGRAM prints for NAME; --update puts it there.
"""
import argparse
import difflib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = {"README.md": ("metrics",), "docs/reference.md": ("own-metrics", "flags")}


def split(page: str, text: str, name: str) -> tuple[str, str, str]:
    """What stands before the section, in it and after it, markers outside."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise SystemExit(f"{page}: {text.count(marker)} lines are {marker.strip()!r}, expected one")
    head, rest = text.split(begin)
    section, tail = rest.split(end)
    return head + begin, section, end + tail


def check(page: str, names: tuple[str, ...], tables: str, update: bool) -> int:
    """How many sections of the page are wrong; or puts them right."""
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    wrong = 0
    for name in names:
        made = subprocess.run([tables, name], capture_output=True, check=True, timeout=60)
        expected = made.stdout.decode("utf-8")
        head, section, tail = split(page, text, name)
        if section == expected:
            continue
        text = head + expected + tail
        wrong += 1
        if not update:
            print(f"{page}: {name} are not those of the program; run readme.py with --update")
            print("\n".join(difflib.unified_diff(section.splitlines(), expected.splitlines(), page, "program",
                                                 lineterm="", n=1)))
    if update:
        path.write_text(text, encoding="utf-8")
        return 0
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", required=True)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    wrong = sum(check(page, names, arguments.tables, arguments.update) for page, names in SECTIONS.items())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
