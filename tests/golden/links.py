#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every link within the project's pages leads somewhere: to a file or folder, and to a heading there."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
LEAST = 20  # links that there are, or the pattern finds none


def anchors(text: str) -> set[str]:
    """The headings as GitHub names them."""
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
                faults.append(f"{name}: there is no {path}")
            elif heading and heading not in anchors(target.read_text(encoding="utf-8")):
                faults.append(f"{name}: {path} has no heading #{heading}")
    if count < LEAST:
        faults.append(f"only {count} links were found")
    print("\n".join(faults) or f"{count} links lead somewhere")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
