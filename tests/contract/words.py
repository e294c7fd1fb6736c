#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of plain words that a machine can count.

usage: words.py [FILE...]   lists the findings in these files, or in the whole tree, as FILE:LINE: FINDING

Prose is read: the documents, all comments of headers, the first comment of every source, and the texts that users see:
strings of C, descriptions of panels, annotations of alerts. In prose
 - no sentence opens with a clause of What, Who, Whether, Where, Of, That, or with "0 or -errno" without "Returns";
 - no word stands for which the house has a plainer one, and no picture for which the field has a noun;
 - a file's first comment names the module or says what it does: it opens with a noun or a verb.

First it proves that each of these checks can fail, on texts made for it.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = {".c", ".h", ".py", ".js", ".mjs", ".cmake", ".jsonnet", ".libsonnet"}
DASHBOARD = "tcp-exporter-*.json"
PRUNED = {".git", "build", "node_modules", "corpus", "expected"}
TEXT_WORDS = 4  # a string with fewer is a name or a format

OPENERS = re.compile(r"(?:What|Who|Whoever|Whatever|Whose|Whether|Where|Wherever|Of|That|Those who)\s")
RETURNS = re.compile(r"(?:0|NULL),? or\b|(?:True|False)(?::| if\b)")
# A file's comment that opens so has neither a noun nor a verb to go by.
NAMELESS = re.compile(
    r"(?:What|Who|Whose|Whether|Where|When|Which|How|Why|Of|From|That|Those|These|This|It|They|On|In|Into|With|Without|By"
    r"|For|To|Once|As|If|Only|Not)\b")
# Words and what to write instead.
PLAINER = {
    r"anew": "again",
    r"at the most": "at most",
    r"at the least": "at least",
    r"beside": "in addition to, next to",
    r"in force": "active",
    r"met(?! by)": "seen",
    r"tells|told": "reports, returns",
    r"takes(?! (?:effect|place|precedence|over|ownership|care)\b)": "needs, accepts, costs",
    r"gives? up|gave up|given up": "drops",
    r"for want of": "without",
    r"there (?:is|are) none": "there is no X",
    r"(?:is|are|was|were) to be": "must, will",
    r"may not": "cannot, must not",
    r"goodbyes?": "close_notify",
    r"farewells?": "close_notify",
    r"hopeless(?:ly)?": "the reason, as a noun",
    r"luckier|lucky": "the reason, as a noun",
    r"roads?": "data flow, path",
    r"blind(?:ly|ness)?": "unable to read",
    r"wish(?:es|ed)?": "asks, requests, is configured",
    r"welcomes?": "allowed",
    r"teach(?:es)?|taught": "adds, configures",
}
WORDS = [(re.compile(rf"\b(?:{word})(?!\w)", re.IGNORECASE), word, instead) for word, instead in PLAINER.items()]

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_`]*[A-Z0-9])")
C_TOKEN = re.compile(r'''/\*(?P<comment>.*?)\*/|(?P<string>"(?:\\.|[^"\\\n])*")|'(?:\\.|[^'\\\n])*'|//[^\n]*''', re.DOTALL)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def paragraphs(text, line):
    """(line, text) of each paragraph or list item; `line` is that of the first character."""
    kept, start = [], line
    for number, part in enumerate(text.split("\n"), line):
        part = part.strip()
        item = re.match(r"(?:[-*+]|\d+\.)\s+|#+\s+", part)
        if (not part or item) and kept:
            yield start, " ".join(kept)
            kept = []
        if part:
            start = start if kept else number
            kept.append(part[item.end():] if item else part)
    if kept:
        yield start, " ".join(kept)


def markdown_units(text):
    """Paragraphs, list items, headings and cells of tables, without code."""
    def blank(match):
        return "\n" * match.group().count("\n")

    text = re.sub(r"^(```|~~~).*?^\1", blank, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", lambda match: "`x`" + blank(match), text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    # A row of a table is a paragraph per cell.
    for line, unit in paragraphs(re.sub(r"^\s*\|.*$", lambda match: f"\n{match.group().strip()}\n", text,
                                        flags=re.MULTILINE), 1):
        yield from ((line, cell.strip()) for cell in unit.split("|") if cell.strip(" -:"))


def comment_units(comment, line):
    text = "\n".join(re.sub(r"^\s*\*(?:\s|$)", "", part) for part in comment.split("\n"))
    return paragraphs(re.sub(r"`[^`]*`", "`x`", text), line)


def c_units(text, is_header):
    """(line, text, is the file's comment) of comments and texts of C."""
    first, strings, end = True, "", 0
    for match in C_TOKEN.finditer(text):
        if match["string"] is not None:
            strings = (strings if not text[end:match.start()].strip() else "") + match["string"][1:-1]
            end = match.end()
            following = text[end:].lstrip()
            if not following.startswith('"') and len(strings.split()) >= TEXT_WORDS:
                yield line_of(text, match.start()), strings, False
        elif match["comment"] is not None and "SPDX" not in match["comment"]:
            if is_header or first:
                for line, unit in comment_units(match["comment"], line_of(text, match.start())):
                    yield line, unit, first
                    first = False


def script_units(text):
    """The first comment of a script, whichever form it has."""
    body = re.sub(r"\A(?:#!.*\n)?(?:(?:#|//) SPDX.*\n)?", lambda match: "\n" * match.group().count("\n"), text)
    match = re.match(r'\s*"""(.*?)"""|\s*((?:(?:#|//)[^\n]*\n)+)', body, re.DOTALL)
    if match:
        comment = match[1] or re.sub(r"^(?:#|//) ?", "", match[2], flags=re.MULTILINE)
        at = match.start(1) if match[1] else match.start(2)
        for index, (line, unit) in enumerate(comment_units(comment, line_of(body, at))):
            yield line, unit, index == 0


def units(path, text):
    """(line, text, is the file's first comment) of all prose of a file."""
    if path.suffix == ".md":
        return [(line, unit, False) for line, unit in markdown_units(text)]
    if path.suffix == ".yml":
        return [(line_of(text, match.start()), match[1], False)
                for match in re.finditer(r"^\s*(?:summary|description): (.*(?:\n\s{10,}\S.*)*)", text, re.MULTILINE)]
    if path.suffix == ".json":
        return [(line_of(text, match.start()), match[1], False)
                for match in re.finditer(r'"description": "((?:\\.|[^"\\])*)"', text)]
    if path.suffix in (".c", ".h"):
        return list(c_units(text, path.suffix == ".h"))
    return list(script_units(text))


def findings(path, text):
    for line, unit, is_first in units(path, text):
        for sentence in SENTENCE_END.split(unit):
            shown = sentence if len(sentence) <= 60 else sentence[:57] + "..."
            plain = sentence.lstrip("\"'([*_")
            if is_first and NAMELESS.match(plain):
                yield line, f"the file's comment names no module: {shown}"
            elif (OPENERS.match(plain) or RETURNS.match(plain)) and not sentence.rstrip("\"')*_").endswith("?"):
                yield line, f"opens without a subject: {shown}"
            is_first = False
        for word, _, instead in WORDS:
            for match in word.finditer(unit):
                yield line, f'"{match.group().strip()}", write {instead}'


def is_prose(path):
    relative = path.relative_to(ROOT)
    if PRUNED & set(relative.parts) or path == pathlib.Path(__file__).resolve() or not path.is_file():
        return False
    return path.suffix in SOURCES | {".md"} or path.name == "alerts.yml" or path.match(DASHBOARD)


# A file, its text, and a word of the finding that it must cause.
C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
FAULTY = (
    [("a.md", f"It is so. {opener} is wrong is logged.", "opens without")
     for opener in ("What", "Who", "Whether it", "Where it", "Of these one", "That it")]
    + [("a.md", "| name | What is wrong with it |", "opens without"),
       ("a.md", "* Who stalls makes\n  room.", "opens without"),
       ("a.h", C + "/* A list. */\n/* Whether it is so. */\nbool a(void);", "opens without"),
       ("a.h", C + "/* A list. */\n/*\n * Opens it. 0 or -errno.\n */\nint a(void);", "opens without"),
       ("a.h", C + "/* A list. */\n/* Adds it. False: there is no room. */\nbool a(void);", "opens without"),
       ("a.c", C + "/* How it is done. */\n", "names no module"),
       ("a.h", C + "/*\n * What is in\n * it. */\n", "names no module"),
       ("a.py", '#!/usr/bin/env python3\n# SPDX\n"""What it does."""\n', "names no module"),
       ("a.js", "// SPDX\n// From here to there.\n", "names no module"),
       ("a.c", C + '/* A list. */\nconst char *a = "it is read " \n "anew at each scrape";', "anew"),
       ("alerts.yml", "        summary: it takes up\n          to five tries", "takes"),
       ("a.libsonnet", "// SPDX\n// What is made.\n", "names no module"),
       (DASHBOARD, '{"title": "a", "description": "All of them at the most."}', "at the most")]
    + [("a.md", f"It is {words} so.", words) for words in (
        "anew", "at the most", "beside", "in force", "met", "tells", "takes", "gives up", "for want of", "there is none",
        "is to be", "may not", "goodbye", "farewell", "hopeless", "luckier", "road", "blind", "wishes", "welcome",
        "teaches")])
HARMLESS = (
    ("a.md", "What is it?\n\n```\nWhat is wrong anew\n```\nIt says `anew`. Besides, that is [fine](anew.md)."),
    ("a.md", "| What |\n|---|\n| a symbol |\n\nA rule takes effect. A reason: what it is."),
    ("a.h", C + "/* A list. */\n/* Returns 0 or -errno. */\nint a(int whether); /* 0: no limit */"),
    ("a.c", C + '/* Reads a list. */\n/* What is wrong anew. */\nconst char *a = "anew";'),
    ("a.py", '#!/usr/bin/env python3\n# SPDX\n"""Reads a list."""\na = "it is read anew"\n'),
    ("a.cmake", "# SPDX\n# Reads a list.\nset(a 1)\n# What is wrong anew.\n"),
)


def self_test():
    """The texts that the checks judge wrongly."""
    for name, text, word in FAULTY:
        if not any(word in finding for _, finding in findings(pathlib.Path(name), text)):
            yield f"self-test: not noticed in {name}: {text!r}"
    for name, text in HARMLESS:
        found = list(findings(pathlib.Path(name), text))
        if found:
            yield f"self-test: taken for a fault in {name}: {found}"


def main():
    wrong = list(self_test())
    paths = [pathlib.Path(name).resolve() for name in sys.argv[1:]] or sorted(filter(is_prose, ROOT.rglob("*")))
    found = [f"{path.relative_to(ROOT)}:{line}: {finding}" for path in paths
             for line, finding in sorted(findings(path, path.read_text(encoding="utf-8")))]
    print("\n".join(wrong + found))
    print(f"{len(FAULTY)} kinds of fault tried, {len(paths)} files, {len(found)} findings")
    sys.exit(1 if wrong or found else 0)


if __name__ == "__main__":
    main()
