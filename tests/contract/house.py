#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the habits of the house that a machine can count, in metrics/, exporter/, tests/ and dashboards/.

Folders of metrics/ and exporter/: at most 20 files.
Files: under 400 lines; the licence first and the purpose next; a newline at the end.
C: functions of at most 70 lines, nine in ten under 40, half of them under 12; tabs to indent.

Then proves that each of these checks can fail, on files made for it.
"""

import pathlib
import re
import shutil
import statistics
import sys
import tempfile

FOLDERS = ("metrics", "exporter", "tests", "dashboards")
C_SUFFIXES = {".c", ".h"}
JSONNET_SUFFIXES = {".jsonnet", ".libsonnet"}
SUFFIXES = C_SUFFIXES | JSONNET_SUFFIXES | {".py"}
FOLDERS_SMALL, FOLDER_FILES = ("metrics", "exporter"), 20
FILE_LINES = 400  # fewer than
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_FEW, SHARE_FEW = 40, 0.9  # this share of all functions has fewer lines
FUNCTION_LINES_MEDIAN = 12  # fewer than
OFFENDERS = 10  # functions to show when a share is missed

LICENCE = "SPDX-License-Identifier: Apache-2.0"
# The kernel lends some of its functions only to BPF programs that are under the GPL.
BPF_FOLDER, BPF_LICENCE = "programs", LICENCE + " OR GPL-2.0-only"
NAME = re.compile(r"(\w+)\s*\(")


def functions(lines):
    """Yields (name, first line, number of lines) of each function, from its signature to its closing brace.

    A function's braces are alone in the first column; a signature goes before, perhaps over several lines.
    """
    for number, line in enumerate(lines):
        if line != "{" or number == 0 or not lines[number - 1].endswith(")"):
            continue
        start = number - 1
        while start > 0 and lines[start][:1] in (" ", "\t"):
            start -= 1
        end = number
        while end < len(lines) and lines[end] != "}":
            end += 1
        name = NAME.search(lines[start])
        yield name.group(1) if name else lines[start], start + 1, end - start + 1


def header_fault(lines, is_c, licence=LICENCE):
    """The licence is the first line, after a "#!" if there is one, and a comment says what the file is for."""
    if not is_c and lines[0].startswith("#!"):
        lines = lines[1:]
    licence = f"/* {licence} */" if is_c else f"# {licence}"
    if not lines or lines[0] != licence:
        return f'the first line is not "{licence}"'
    opening = ("/*",) if is_c else ('"""', "#")
    text = "".join(lines[1:3]).strip()
    if not text.startswith(opening) or len(re.sub(r"\W", "", text)) < 8:
        return "no comment after the licence says what the file is for"
    return None


def indent_faults(lines):
    """Tabs to indent; blanks only to align a continued line, so that a tab never comes after one."""
    for number, line in enumerate(lines, 1):
        margin = line[: len(line) - len(line.lstrip())]
        if " \t" in margin:
            yield number, "a tab after a blank at the start of the line"
        elif margin and not line.strip():
            yield number, "a line of blanks"


def file_faults(path, shown, sizes):
    """Faults of one file; its functions' sizes go to `sizes`."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    is_c = path.suffix in C_SUFFIXES
    if not text.endswith("\n"):
        yield f"{shown}: no newline at the end"
    elif text.endswith("\n\n"):
        yield f"{shown}: an empty line at the end"
    count = text.count("\n")
    if count >= FILE_LINES:
        yield f"{shown}: {count} lines, which is not under {FILE_LINES}"
    if path.suffix in JSONNET_SUFFIXES:  # whose comments open with "//"
        lines = [re.sub("^//", "#", line) for line in lines]
    fault = header_fault(lines, is_c, BPF_LICENCE if path.parent.name == BPF_FOLDER else LICENCE)
    if fault:
        yield f"{shown}:1: {fault}"
    if not is_c:
        return
    for number, fault in indent_faults(lines):
        yield f"{shown}:{number}: {fault}"
    for name, start, size in functions(lines):
        sizes.append((size, f"{shown}:{start}: {name}() has {size} lines"))
        if size > FUNCTION_LINES_MAX:
            yield f"{sizes[-1][1]}, which is over {FUNCTION_LINES_MAX}"


def folder_faults(root):
    """Folders in which a stranger would have to search."""
    for name in FOLDERS_SMALL:
        for folder in sorted({path.parent for path in (root / name).rglob("*") if path.is_file()}):
            count = sum(path.is_file() for path in folder.iterdir())
            if count > FOLDER_FILES:
                yield f"{folder.relative_to(root)}/: {count} files, which is over {FOLDER_FILES}"


def share_faults(sizes):
    """What the functions miss together, with the worst of them."""
    if not sizes:
        yield "no functions found"
        return
    counts = [size for size, _ in sizes]
    few = sum(size < FUNCTION_LINES_FEW for size in counts) / len(counts)
    median = statistics.median(counts)
    if few < SHARE_FEW:
        yield f"only {few:.1%} of the functions are under {FUNCTION_LINES_FEW} lines, not {SHARE_FEW:.0%}"
    if median >= FUNCTION_LINES_MEDIAN:
        yield f"the median function has {median:g} lines, which is not under {FUNCTION_LINES_MEDIAN}"
    if few < SHARE_FEW or median >= FUNCTION_LINES_MEDIAN:
        yield from (f"  {text}" for _, text in sorted(sizes, reverse=True)[:OFFENDERS])


def examine(root):
    """All faults below the root, and the sizes of all functions."""
    found, sizes = [], []
    for folder in FOLDERS:
        files = sorted(path for path in (root / folder).rglob("*") if path.suffix in SUFFIXES and path.is_file())
        if not files:
            found.append(f"{folder}/: no sources")
        for path in files:
            found += file_faults(path, path.relative_to(root), sizes)
    return found + list(folder_faults(root)) + list(share_faults(sizes)), sizes


GOOD_C = f"/* {LICENCE} */\n/* What it is for. */\n"
GOOD_PY = f'#!/usr/bin/env python3\n# {LICENCE}\n"""What it is for."""\n'


def function(lines, name="long"):
    """A function of so many lines, with a signature of two."""
    return f"static int {name}(int first,\n\tint second)\n{{\n" + "\tfirst();\n" * (lines - 4) + "}\n"


SMALL = "".join("\n" + function(5, f"small{i}") for i in range(20))
# A file, its text, and a word of the fault that it must cause.
VIOLATIONS = (
    ("a.c", GOOD_C + "\n" * 397 + "int a;\n", "400 lines"),
    ("a.py", GOOD_PY + "\n" * 396 + "a = 1\n", "400 lines"),
    ("a.c", GOOD_C + "int a;", "no newline"),
    ("a.c", "int a;\n", "first line"),
    ("a.h", f"// {LICENCE}\n/* What it is for. */\n", "first line"),
    ("a.py", '"""What it is for."""\n', "first line"),
    ("a.c", f"/* {LICENCE} */\n#include <stdio.h>\nint a;\n", "what the file is for"),
    ("a.py", f"# {LICENCE}\nimport sys\n\nsys.exit()\n", "what the file is for"),
    ("a.c", GOOD_C + "struct a {\n \tint b;\n};\n", "a tab after a blank"),
    ("a.c", GOOD_C + "int a;\n\t\nint b;\n", "a line of blanks"),
    ("a.c", GOOD_C + SMALL + "\n" + function(71), "long() has 71 lines"),
    ("a.c", GOOD_C + SMALL + "".join("\n" + function(40) for _ in range(3)), "of the functions are under 40"),
    ("a.c", GOOD_C + function(12), "the median function has 12 lines"),
    ("a.c", GOOD_C + "int a;\n", "no functions"),
)
HARMLESS = (
    ("a.c", GOOD_C + "\n" * 396 + "int a;\n"),
    ("a.c", GOOD_C + SMALL + "\n" + function(70)),
    ("a.c", GOOD_C + SMALL + "".join("\n" + function(40) for _ in range(2))),
    ("a.c", GOOD_C + "struct a {\n\tint b;\n};\nint c[] = {\n        1,\n};\n"),
    ("a.h", f"/* {LICENCE} */\n/*\n * What it is for.\n */\n"),
    ("a.py", GOOD_PY),
)


def trial(root, name, text):
    """The faults of a tree that has this file and, in each folder, a good one without functions."""
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "good.py").write_text(GOOD_PY, encoding="utf-8")
    path = root / "metrics" / name
    path.write_text(text, encoding="utf-8")
    found, _ = examine(root)
    path.unlink()
    return found


def folder_trial(root, count):
    """The faults of a tree with a folder of so many files."""
    folder = root / "exporter" / "many"
    folder.mkdir()
    for i in range(count):
        (folder / f"{i}.in").touch()
    found = list(folder_faults(root))
    shutil.rmtree(folder)
    return found


def self_test():
    """What the checks do not notice that they should, or do that they should not."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "exporter").mkdir()
        if not folder_trial(root, FOLDER_FILES + 1) or folder_trial(root, FOLDER_FILES):
            yield "self-test: the size of folders is not noticed"
        for name, text, word in VIOLATIONS:
            if not any(word in fault for fault in trial(root, name, text)):
                yield f"self-test: not noticed in {name}: {word}"
        for name, text in HARMLESS:
            found = [fault for fault in trial(root, name, text) if fault != "no functions found"]
            if found:
                yield f"self-test: taken for a fault: {found}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found, sizes = examine(root)
    found += self_test()
    counts = sorted(size for size, _ in sizes)
    for fault in found:
        print(fault)
    if counts:
        few = sum(size < FUNCTION_LINES_FEW for size in counts) / len(counts)
        print(f"{len(counts)} functions, median {statistics.median(counts):g} lines, {few:.1%} under "
              f"{FUNCTION_LINES_FEW}, longest {counts[-1]}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
