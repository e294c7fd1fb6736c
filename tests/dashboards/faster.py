# SPDX-License-Identifier: Apache-2.0
"""Shipped rules in shorter time: every duration in them is divided by the same number.

Ranges and `for` do not become shorter than a few evaluations, so that a scrape that is late on a busy machine does
not count as a change.
"""
import re
from typing import Any

from promql import Token, tokens_of

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
LEAST = 3.0  # seconds, of a range or a `for`
LEAST_INTERVAL = 1.0  # seconds, of a group


def seconds(duration: str) -> float:
    parts = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    if not parts or "".join(map("".join, parts)) != duration:
        raise ValueError(f"not a duration: {duration!r}")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def shorter(duration: str, factor: float, least: float = 0) -> str:
    return f"{round(1000 * max(seconds(duration) / factor, least))}ms"


def faster_expression(expression: str, factor: float) -> str:
    tokens = tokens_of(expression)
    texts = []
    for before, token in zip([Token("", ""), *tokens], tokens):
        text = token.text
        if token.kind == "range":
            text = f"[{shorter(text[1:-1], factor, LEAST)}]"
        elif before.text == "offset":
            text = shorter(text, factor)
        texts.append(text)
    return " ".join(texts)


def faster(rules: dict[str, Any], factor: float) -> dict[str, Any]:
    """Returns the same rules with shorter durations. Nothing else differs."""
    groups = []
    for group in rules["groups"]:
        changed = []
        for rule in group["rules"]:
            rule = {**rule, "expr": faster_expression(rule["expr"], factor)}
            if "for" in rule:
                rule["for"] = shorter(rule["for"], factor, LEAST)
            changed.append(rule)
        group = {**group, "rules": changed}
        if "interval" in group:
            group["interval"] = shorter(group["interval"], factor, LEAST_INTERVAL)
        groups.append(group)
    return {"groups": groups}
