#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs static analysis on the product's code. Every finding is a failure, unless a comment at its place excuses it.

usage: analyze.py clang-tidy|cppcheck|gcc BUILD-FOLDER

The folder must be configured with GCC and built: its compile_commands.json has the command of each file.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).parents[2]
PRODUCT = (SOURCE / "metrics", SOURCE / "exporter")
SKIPPED = 77
FILE_SECONDS = 300
# Not of this system, so that no command compiles them: read by cppcheck, which needs no headers.
WINDOWS = SOURCE / "exporter/platform/windows"

# A file that each analyzer has to find fault with, each by what it is good at.
FAULTY = """
#include <stdlib.h>
#include <string.h>
int faulty(int count);
int faulty(int count)
{
	int numbers[4] = {0};
	char *bytes = malloc(16);

	if (count == 1)
		free(bytes);
	if (bytes != NULL && memcmp(bytes, "x", 1))
		free(bytes);
	return numbers[4 + (count & 0)];
}
"""

# What GCC 12 has lost sight of, as soon as it is in a list, it takes for lost by the program. It has no name for it
# then. The leak checks of the sanitized suites know better.
OUT_OF_SIGHT = "leak of ‘<unknown>’"

CPPCHECK = ("cppcheck", "--quiet", "--std=c11", "--inline-suppr", "--enable=warning,performance,portability",
            "--suppress=missingIncludeSystem", "--template={file}:{line}: {message} [{id}]", "-I", str(SOURCE),
            "-U__GNUC__", "-U__clang__",
            "--suppressions-list=" + str(pathlib.Path(__file__).with_name("cppcheck-suppressions")))  # fmt: skip


class Command:
    """How a file is compiled."""

    def __init__(self, folder, entry):
        self.folder = folder
        self.file = entry["file"]
        self.arguments = shlex.split(entry["command"])

    def with_output(self, *more):
        """Not optimized: what is moved about, or inlined from a header, is found in other places, or none. And
        without what turns warnings into errors: which they are is told here."""
        at = self.arguments.index("-o")
        kept = self.arguments[:at] + self.arguments[at + 2:]
        # What it depends on is of no interest, and would be written beside the real output.
        for name, count in ("-MD", 1), ("-MT", 2), ("-MF", 2):
            if name in kept:
                at = kept.index(name)
                del kept[at:at + count]
        kept = [word for word in kept if word != "-Werror" and not word.startswith(("-O", "-D_FORTIFY_SOURCE"))]
        return [*kept, "-o", "/dev/null", *more]


def run(command, folder=None):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=FILE_SECONDS,
                            env={**os.environ, "LC_ALL": "C.UTF-8"})  # whose quotes OUT_OF_SIGHT has
    return result.stdout + result.stderr


def clang_tidy(command):
    """One file at a time: with several, the analyzer of clang 14 takes every va_list for uninitialized."""
    text = run(["clang-tidy", f"--config-file={SOURCE / '.clang-tidy'}", "--quiet", "-p", str(command.folder),
                command.file])  # fmt: skip
    # Code that bpftool has generated is included, too.
    found = re.findall(r"^(.+: (?:warning|error): .+ \[.+\])$", text, re.MULTILINE)
    return [line for line in found if not line.startswith(str(command.folder))]


def cppcheck(command):
    """As another compiler: attributes in some places are no C to it."""
    defines = [word for word in command.arguments if word.startswith("-D")]
    return run([*CPPCHECK, *defines, command.file]).splitlines()


def gcc(command):
    """A finding that is none says so by its name and a reason: as a comment, since clang knows no such pragma."""
    text = run(command.with_output("-fanalyzer"), command.folder)
    found = re.findall(r"^((.+?):(\d+):\d+: (?:warning: .+ \[(-Wanalyzer\S+)\]|error: .+))$", text, re.MULTILINE)
    return [line for line, file, number, name in found
            if OUT_OF_SIGHT not in line and not (name and explained(file, int(number), name))]


def explained(file, number, name):
    """On the line itself, or the one above."""
    lines = (SOURCE / file.removeprefix("./")).read_text(encoding="utf-8").splitlines()
    return any(f"{name}: " in line for line in lines[max(number - 2, 0):number])


ANALYZERS = {"clang-tidy": clang_tidy, "cppcheck": cppcheck, "gcc": gcc}


def product_commands(folder):
    entries = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    return [Command(folder, entry) for entry in entries
            if any(root in pathlib.Path(entry["file"]).parents for root in PRODUCT)]  # fmt: skip


def windows_commands(folder):
    return [Command(folder, {"file": str(path), "command": "-D_WIN32 -o x"}) for path in sorted(WINDOWS.glob("*.c"))]


def self_test(analyze):
    """Whether it finds fault with what is faulty."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "faulty.c"
        path.write_text(FAULTY, encoding="utf-8")
        entry = {"directory": name, "file": str(path), "command": f"cc -std=c11 -O1 -o x.o -c {path}"}
        (folder / "compile_commands.json").write_text(json.dumps([entry]), encoding="utf-8")
        # Not below the folder that generated code is known by.
        command = Command(folder, entry)
        found = analyze(command) if analyze is not clang_tidy else [run(["clang-tidy", "--quiet", "-p", name, str(path),
            f"--config-file={SOURCE / '.clang-tidy'}"])]  # fmt: skip
        return "" if "faulty.c" in "".join(found) else f"self-test: nothing found in\n{FAULTY}"


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    if not shutil.which(name):
        print(f"skipped: {name} is not installed")
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    commands = product_commands(folder) + (windows_commands(folder) if name == "cppcheck" else [])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = {line for lines in pool.map(ANALYZERS[name], commands) for line in lines}
    fault = self_test(ANALYZERS[name])
    for line in sorted(found | ({fault} if fault else set())):
        print(line.replace(f"{SOURCE}/", ""))
    print(f"{name}: {len(commands)} files, {len(found)} findings")
    sys.exit(1 if found or fault else 0)


if __name__ == "__main__":
    main()
