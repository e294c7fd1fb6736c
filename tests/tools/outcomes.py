#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the skipped and the failed tests of suites, from the JUnit files that CTest has written.

usage: outcomes.py BUILD-FOLDER...

Exits with 1 if a test failed or a suite has no results; in CI also if a test was skipped.
"""
import os
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def reason(case: ElementTree.Element, skip: ElementTree.Element) -> str:
    said = (case.findtext("system-out") or "").strip().splitlines()
    return skip.get("message") or "".join(said[-1:])


def outcomes(folder: pathlib.Path) -> tuple[list[str], list[str]]:
    """Returns a suite's skipped tests with their reasons, and its failed tests."""
    skipped, failed = [], []
    try:
        cases = list(ElementTree.parse(folder / "ctest.xml").getroot().iter("testcase"))
    except FileNotFoundError:
        return [], [f"{folder.name}: no results"]
    for case in cases:
        skip = case.find("skipped")
        if skip is not None:
            skipped.append(f"{folder.name}: {case.get('name')}: {reason(case, skip)}")
        elif case.find("failure") is not None:
            failed.append(f"{folder.name}: {case.get('name')}")
    return skipped, failed


def main() -> int:
    found = [outcomes(pathlib.Path(folder)) for folder in sys.argv[1:]]
    skipped = [line for lines, _ in found for line in lines]
    failed = [line for _, lines in found for line in lines]
    for name, lines in ("skipped", skipped), ("failed", failed):
        print(f"{len(lines)} {name} in {len(found)} suites")
        print("".join(f"  {line}\n" for line in lines), end="")
    return 1 if failed or (skipped and os.environ.get("CI")) else 0


if __name__ == "__main__":
    sys.exit(main())
