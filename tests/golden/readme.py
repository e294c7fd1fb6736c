#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the README's tables of metrics and flags are those of the program.

readme.py --tables PROGRAM [--update]
The text between <!-- NAME --> and <!-- /NAME --> is what PROGRAM prints for NAME; --update puts it there.
"""
import argparse
import difflib
import pathlib
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
SECTIONS = ("metrics", "flags")


def split(text: str, name: str) -> tuple[str, str, str]:
    """What stands before the section, in it and after it, markers outside."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise SystemExit(f"README.md: {text.count(marker)} lines are {marker.strip()!r}, expected one")
    head, rest = text.split(begin)
    section, tail = rest.split(end)
    return head + begin, section, end + tail


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", required=True)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    wrong = 0
    for name in SECTIONS:
        made = subprocess.run([arguments.tables, name], capture_output=True, check=True, timeout=60)
        expected = made.stdout.decode("utf-8")
        head, section, tail = split(text, name)
        if section == expected:
            continue
        text = head + expected + tail
        wrong += 1
        if not arguments.update:
            print(f"README.md: {name} are not those of the program; run readme.py with --update")
            print("\n".join(difflib.unified_diff(section.splitlines(), expected.splitlines(), "README.md", "program",
                                                 lineterm="", n=1)))
    if arguments.update:
        README.write_text(text, encoding="utf-8")
        return 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
