#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the count of skipped tests of JUnit files, and each one's reason. In CI a skip is a failure."""
import os
import sys
import xml.etree.ElementTree as ElementTree


def skipped(path: str) -> list[str]:
    found = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        skip = case.find("skipped")
        if skip is not None:
            reason = skip.get("message") or (case.findtext("system-out") or "").strip().splitlines()[-1:]
            found.append(f"{path}: {case.get('name')}: {reason}")
    return found


def main() -> int:
    found = [line for path in sys.argv[1:] for line in skipped(path)]
    print(f"{len(found)} skipped in {len(sys.argv) - 1} suites")
    for line in found:
        print(line)
    return 1 if found and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
