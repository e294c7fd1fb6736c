#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the manual page: formatters find no fault in it, and it has the text of --help for each flag.

manual.py --exporter PROGRAM --page FILE
"""
import argparse
import subprocess
import sys

import flags


def complaints(page: str) -> str:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, timeout=60,
                          encoding="utf-8")
    man = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True,
                         timeout=60, encoding="utf-8")
    return lint.stdout + lint.stderr + man.stderr


def rendered(page: str) -> str:
    """Returns the page as one line of words."""
    made = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", page], capture_output=True, check=True,
                          timeout=60)
    text = subprocess.run(["col", "-bx"], input=made.stdout, capture_output=True, check=True, timeout=60).stdout
    return " ".join(text.decode("ascii").split())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--exporter", required=True)
    parser.add_argument("--page", required=True)
    arguments = parser.parse_args()
    faults = complaints(arguments.page).splitlines()
    text = rendered(arguments.page)
    for flag in flags.read(arguments.exporter):
        usage = f"--{flag.negatable or ''}{flag.name}{flag.value or ''}"
        if f"{usage} {flag.text}" not in text:
            faults.append(f"the page does not say: {usage} {flag.text}")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
