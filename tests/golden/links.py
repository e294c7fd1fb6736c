#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every link between the project's pages: its file or folder exists, and has the heading."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
LEAST = 20  # fewer links than this: the pattern does not match


def anchors(text: str) -> set[str]:
    """Returns the headings as GitHub's anchors."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True,
                            encoding="utf-8", check=True, timeout=60).stdout
    count, faults = 0, []
    for name in listed.splitlines():
        page = ROOT / name
        text = page.read_text(encoding="utf-8")
        for path, heading in LINK.findall(text):
            count += 1
            target = page.parent / path if path else page
            if not target.exists():
                faults.append(f"{name}: no file {path}")
            elif heading and heading not in anchors(target.read_text(encoding="utf-8")):
                faults.append(f"{name}: no heading #{heading} in {path or name}")
    if count < LEAST:
        faults.append(f"found only {count} links")
    print("\n".join(faults) or f"{count} links are good")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
