#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares README.md and docs/ with the program, with each other and with the code.

readme.py --tables PROGRAM [--update]
Tables: the text between <!-- NAME --> and <!-- /NAME --> is what PROGRAM prints for NAME; --update writes it.
Sentences: a rule that several pages state has the same words on each of them.
Length: README.md stays short enough to read to its end.
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = {"README.md": ("metrics",), "docs/reference.md": ("own-metrics", "flags")}
README_LINES_MAX = 120
SHARED = {
    "An init yields to every other holder: PID 1 of the host, and a container's PID 1 if its name is `systemd` or `init`.":
        ("README.md", "docs/attribution.md", "docs/faq.md", "exporter/platform/linux/procfs/process_list.h"),
}  # fmt: skip


def split(page: str, text: str, name: str) -> tuple[str, str, str]:
    """Returns the text before, in and after the section; the markers are not in it."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise SystemExit(f"{page}: {text.count(marker)} lines are {marker.strip()!r}, expected one")
    head, rest = text.split(begin)
    section, tail = rest.split(end)
    return head + begin, section, end + tail


def check(page: str, names: tuple[str, ...], tables: str, update: bool) -> int:
    """Returns the number of wrong sections of the page; with `update`, corrects them."""
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


def prose_faults() -> list[str]:
    """Returns a line per page that lacks a shared sentence, and one if README.md is too long."""
    faults = []
    for sentence, pages in SHARED.items():
        for page in pages:
            words = re.sub(r"^ \*", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE).split()
            if sentence not in " ".join(words):
                faults.append(f"{page}: no sentence {sentence!r}")
    lines = (ROOT / "README.md").read_text(encoding="utf-8").count("\n")
    if lines > README_LINES_MAX:
        faults.append(f"README.md: {lines} lines, expected at most {README_LINES_MAX}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", required=True)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    wrong = sum(check(page, names, arguments.tables, arguments.update) for page, names in SECTIONS.items())
    faults = prose_faults()
    for fault in faults:
        print(fault)
    return 1 if wrong or faults else 0


if __name__ == "__main__":
    sys.exit(main())
