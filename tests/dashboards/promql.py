# SPDX-License-Identifier: Apache-2.0
"""Reader of the names in a PromQL expression: metrics, matched labels, grouping labels.

It reads names, not grammar; promtool checks the grammar. Variables of Grafana ($job, ${job:regex},
[$__rate_interval]) are accepted where Grafana accepts them.
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
  | (?P<range>\[[^\]]*\])
  | (?P<variable>\$\{[^}]*\}|\$\w+)
  | (?P<number>(?:\d|\.\d)[\w.]*)
  | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^<>=(){},@])
""", re.VERBOSE)  # fmt: skip
GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}


class Malformed(Exception):
    pass


class Token(NamedTuple):
    kind: str
    text: str


class Matcher(NamedTuple):
    label: str
    sign: str
    value: str


class Selector(NamedTuple):
    metric: str  # "" where only labels are given
    matchers: tuple[Matcher, ...]


class Grouping(NamedTuple):
    word: str
    labels: tuple[str, ...]


class Names(NamedTuple):
    selectors: list[Selector]
    groupings: list[Grouping]
    made: list[str]  # labels that label_replace() adds


def tokens_of(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Malformed(f"unexpected {text[at]!r} at column {at}")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match[0]))
        at = match.end()
    return found


class Reader:
    """Reads the tokens once."""

    def __init__(self, text: str):
        self.tokens = tokens_of(text)
        self.at = 0
        self.names = Names([], [], [])

    def next_is(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text in texts

    def take(self) -> Token:
        if self.at == len(self.tokens):
            raise Malformed("ends too soon")
        self.at += 1
        return self.tokens[self.at - 1]

    def until(self, end: str) -> list[Token]:
        taken = []
        while not self.next_is(end):
            taken.append(self.take())
        self.take()
        return taken

    def matchers(self) -> tuple[Matcher, ...]:
        """Reads the matchers after the opening brace, up to the closing brace."""
        inside = [token for token in self.until("}") if token.text != ","]
        if len(inside) % 3:
            raise Malformed("label matchers are not of the form label=\"value\"")
        found = []
        for label, sign, value in zip(*[iter(inside)] * 3):
            if label.kind != "name" or value.kind != "string":
                raise Malformed(f"not a label matcher: {label.text}{sign.text}{value.text}")
            found.append(Matcher(label.text, sign.text, value.text[1:-1]))
        return tuple(found)

    def label_values(self) -> None:
        """Reads Grafana's label_values([selector,] label)."""
        self.take()
        *rest, label = self.until(")")
        self.names.groupings.append(Grouping("label_values", (label.text,)))
        inner = names_in(" ".join(token.text for token in rest[:-1]))
        self.names.selectors.extend(inner.selectors)
        self.names.made.extend(inner.made)

    def name(self, text: str) -> None:
        if text == "label_values":
            self.label_values()
        elif text in GROUPINGS:
            labels: tuple[str, ...] = ()
            if self.next_is("("):
                self.take()
                labels = tuple(token.text for token in self.until(")") if token.text != ",")
            self.names.groupings.append(Grouping(text, labels))
        elif text.lower() in WORDS or self.next_is("(", "by", "without"):
            pass  # an operator, or a function or aggregation
        else:
            matchers: tuple[Matcher, ...] = ()
            if self.next_is("{"):
                self.take()
                matchers = self.matchers()
            self.names.selectors.append(Selector(text, matchers))

    def read(self) -> Names:
        strings = []
        while self.at < len(self.tokens):
            token = self.take()
            if token.kind == "string":
                strings.append(token.text[1:-1])
            if token.kind == "name":
                self.name(token.text)
            elif token.text == "{":
                self.names.selectors.append(Selector("", self.matchers()))
        self.names.made.extend(strings[::4])  # label_replace(vector, label, replacement, source, pattern)
        return self.names


def names_in(expression: str) -> Names:
    return Reader(expression).read()
