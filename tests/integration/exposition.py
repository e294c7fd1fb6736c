# SPDX-License-Identifier: Apache-2.0
"""Strict reader of expositions: text 0.0.4 and OpenMetrics 1.0."""
import re
from collections import Counter
from typing import Callable

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
META = re.compile(rf"# (HELP|TYPE|UNIT) ({NAME}) (.*)")
SAMPLE = re.compile(rf"({NAME})(?:{{(.*)}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"')
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
TYPES = {False: {"gauge", "counter"}, True: {"gauge", "counter", "info"}}

Labels = tuple[tuple[str, str], ...]


class Malformed(AssertionError):
    pass


class Family:
    def __init__(self, name: str):
        self.name = name
        self.meta: dict[str, str] = {}
        self.samples: dict[Labels, float] = {}


def unescape(text: str) -> str:
    return re.sub(r"\\.", lambda match: ESCAPES[match.group()], text)


def parse_labels(text: str, line: str) -> Labels:
    labels, position = [], 0
    while True:
        match = LABEL.match(text, position)
        if not match:
            raise Malformed(f"no label at column {position} of the labels in {line!r}")
        labels.append((match[1], unescape(match[2])))
        position = match.end()
        if position == len(text):
            break
        if text[position] != ",":
            raise Malformed(f"labels are not parted by commas: {line!r}")
        position += 1
    if len(dict(labels)) != len(labels):
        raise Malformed(f"a label twice: {line!r}")
    return tuple(sorted(labels))


class Exposition:
    """Returns the families by their name in text 0.0.4 (with _total and _info)."""

    def __init__(self, body: bytes, openmetrics: bool = False):
        self.openmetrics = openmetrics
        self.families: dict[str, Family] = {}
        self._open: Family | None = None
        text = body.decode("utf-8")
        if openmetrics:
            if not text.endswith("\n# EOF\n"):
                raise Malformed(f"no '# EOF' at the end: {text[-100:]!r}")
            text = text[: -len("# EOF\n")]
        if text and not text.endswith("\n"):
            raise Malformed(f"the last line is cut off: {text[-100:]!r}")
        for line in text.split("\n")[:-1]:
            self._line(line)
        self._close()

    def _line(self, line: str) -> None:
        if line.startswith("#"):
            match = META.fullmatch(line)
            if not match:
                raise Malformed(f"not a HELP, TYPE or UNIT line: {line!r}")
            self._metadata(match[1], match[2], match[3])
            return
        match = SAMPLE.fullmatch(line)
        if not match:
            raise Malformed(f"not a sample: {line!r}")
        self._sample(match[1], match[2], match[3], line)

    def _metadata(self, kind: str, name: str, value: str) -> None:
        if self._open is None or self._open.name != name:
            self._close()
            if name in self.families:
                raise Malformed(f"family {name} comes twice")
            self._open = self.families[name] = Family(name)
        if kind in self._open.meta:
            raise Malformed(f"{kind} of {name} comes twice")
        if self._open.samples:
            raise Malformed(f"{kind} of {name} after its samples")
        self._open.meta[kind] = value

    def _close(self) -> None:
        family = self._open
        if family is None:
            return
        if set(family.meta) - {"UNIT"} != {"HELP", "TYPE"} or not family.meta["HELP"]:
            raise Malformed(f"family {family.name} has only {family.meta}")
        if family.meta["TYPE"] not in TYPES[self.openmetrics]:
            raise Malformed(f"family {family.name} is a {family.meta['TYPE']}")
        if "UNIT" in family.meta and not family.name.endswith("_" + family.meta["UNIT"]):
            raise Malformed(f"the unit of {family.name} is not {family.meta['UNIT']}")
        if family.meta["TYPE"] == "counter" and self.openmetrics == family.name.endswith("_total"):
            raise Malformed(f"counter {family.name} is misnamed")

    def _sample(self, name: str, labels: str | None, value: str, line: str) -> None:
        family = self._open
        if family is None or name != family.name + self._suffix(family):
            raise Malformed(f"a sample outside of its family: {line!r}")
        if not NUMBER.fullmatch(value):
            raise Malformed(f"not a plain number: {line!r}")
        key = parse_labels(labels, line) if labels is not None else ()
        if any(value == "" for _, value in key):
            raise Malformed(f"an empty label: {line!r}")
        if key in family.samples:
            raise Malformed(f"a series twice: {line!r}")
        family.samples[key] = float(value) if "." in value else int(value)

    def _suffix(self, family: Family) -> str:
        suffixes = {"counter": "_total", "info": "_info"}
        return suffixes.get(family.meta.get("TYPE", ""), "") if self.openmetrics else ""

    # Queries

    def family(self, name: str) -> Family:
        for suffix in ("", "_total", "_info"):
            if name.endswith(suffix) and name[: len(name) - len(suffix)] in self.families:
                return self.families[name[: len(name) - len(suffix)]]
        raise AssertionError(f"there is no family {name}; there are {sorted(self.families)}")

    def value(self, name: str, **labels: str) -> float:
        """Returns the value of the only sample with exactly these labels."""
        family = self.family(name)
        key = tuple(sorted(labels.items()))
        if key not in family.samples:
            raise AssertionError(f"there is no {name}{labels}; there are {sorted(family.samples)}")
        return family.samples[key]

    def sum_by(self, name: str, *labels: str, keep: Callable[[dict], bool] = lambda labels: True) -> Counter:
        """Returns sums by these labels, without sums of zero."""
        sums: Counter = Counter()
        for key, value in self.family(name).samples.items():
            if keep(dict(key)):
                sums[tuple(dict(key).get(label, "") for label in labels)] += value
        return Counter({key: value for key, value in sums.items() if value})
