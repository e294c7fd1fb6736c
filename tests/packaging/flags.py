# SPDX-License-Identifier: Apache-2.0
"""Reader of the program's flags from its --help."""
import re
import subprocess

USAGE = re.compile(r"^  (?:-(\w), )?--(\[no-\])?([\w.-]+)(\[?=\S+)?(.*)$")


class Flag:
    """One flag: its name, its kind of value, its negation, and its description."""

    def __init__(self, match: re.Match) -> None:
        self.letter, self.negatable, self.name, self.value, text = match.groups()
        self.words = text.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(exporter: str) -> list[Flag]:
    made = subprocess.run([exporter, "--help"], capture_output=True, check=True, timeout=60, encoding="utf-8")
    found: list[Flag] = []
    for line in made.stdout.splitlines():
        match = USAGE.match(line)
        if match:
            found.append(Flag(match))
        elif found and line.startswith("     "):
            found[-1].words += line.split()
    if len(found) < 10:
        raise SystemExit(f"--help: only {len(found)} flags were understood")
    return found
