#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the oldest supported Windows has every function that a program imports: imports.txt lists them.

imports.py --objdump PROGRAM --exporter PROGRAM
"""

import argparse
import pathlib
import re
import subprocess
import sys

ALLOWED = pathlib.Path(__file__).with_suffix(".txt")
# The C library is a part of every Windows: the old one unchanged since Vista, the new one since Windows 10.
C_LIBRARY = re.compile(r"msvcrt\.dll|api-ms-win-crt-.*|ucrtbase\.dll")


def imported(objdump: str, exporter: str) -> set[str]:
    """Returns "library function" for each import."""
    shown = subprocess.run([objdump, "-p", exporter], capture_output=True, check=True, text=True).stdout
    found, library = set(), ""
    for line in shown.splitlines():
        if heading := re.fullmatch(r"\s*DLL Name: (\S+)", line):
            library = heading[1].lower()
        elif (entry := re.fullmatch(r"\s+[0-9a-f]+\s+\d+\s+(\w+)", line)) and not C_LIBRARY.fullmatch(library):
            found.add(f"{library} {entry[1]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objdump", required=True)
    parser.add_argument("--exporter", required=True)
    given = parser.parse_args()
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    found, allowed = imported(given.objdump, given.exporter), {line for line in lines if line and line[0] != "#"}
    if "kernel32.dll CloseHandle" not in found:
        print("objdump shows no imports")
        return 1
    for name in sorted(found - allowed):
        print(f"{name}: not in {ALLOWED.name}, whose first lines say what to look up")
    return 1 if found - allowed else 0


if __name__ == "__main__":
    sys.exit(main())
