#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks which way includes point: exporter -> metrics, and between the folders of exporter/ as MAY_USE draws.

metrics/             includes the C standard library and itself
exporter/platform/   includes of metrics/ only the snapshot, and nothing else of exporter/
a platform           includes nothing of another platform
exporter/cli/        is included by main() and by the generator of the manual page alone
http/, web/          show the others only the headers that SHOWN names; of a platform others see the seam
outside platform/    there is no preprocessor condition on an operating system

Then proves that each of these checks can fail, on a copy with something wrong in it.
"""

import pathlib
import re
import shutil
import sys
import tempfile

FOLDERS = ("metrics", "exporter")
SOURCES = {".c", ".h"}
STANDARD = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h",
    "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
}
PLATFORM_MAY = {"metrics/snapshot.h"}
# Folders of exporter/, and the other folders that each may include. main.c and serve.c put them all together; other
# files beside the folders may include the seam of the platforms, and all may include those files.
MAY_USE = {
    "cli": {"scrape", "sockets", "platform"},
    "http": {"scrape", "sockets", "web", "platform"},
    "packaging": {"cli"},
    "platform": set(),
    "scrape": {"sockets", "platform"},
    "sockets": set(),
    "web": {"platform"},
    "main.c": {"cli", "platform"},
    "serve.c": {"http", "scrape", "platform"},
}
# Headers that a folder shows to the others. Of a platform they see the headers next to its folder.
SHOWN = {
    "http": {"exporter/http/server.h"},
    "web": {"exporter/web/web.h", "exporter/web/transport.h"},
}
# A file or folder, and one more header that it may include.
EXCEPTIONS = {
    ("exporter/web/", "exporter/http/header.h"),  # a header field, which the web configuration gives
    ("exporter/cli/record.c", "exporter/platform/replay/parse.h"),  # the words of the file that replay reads
}
SYSTEMS = re.compile(
    r"\b(__linux__|__linux|linux|__gnu_linux__|__unix__|__unix|unix|_WIN32|_WIN64|WIN32|__CYGWIN__|__MINGW32__"
    r"|__MINGW64__|__APPLE__|__MACH__|__FreeBSD__|__NetBSD__|__OpenBSD__|__DragonFly__|__sun|_AIX"
    r"|__ANDROID__|_MSC_VER)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)"|(\S+))')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
# Literals come first, because they can contain the signs of a comment.
COMMENT = re.compile(r'''"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(/\*.*?\*/|//[^\n]*)''', re.DOTALL)


def code_lines(path):
    """Yields lines with their numbers, without comments and with continued lines joined."""
    def blank(match):
        return "\n" * match.group().count("\n") if match.group(1) else match.group()

    text = COMMENT.sub(blank, path.read_text(encoding="utf-8"))
    pending, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield start, pending + line
        pending, start = "", 0


def resolve(root, path, quoted):
    """Returns the included file's path below the root; None if it is not ours."""
    for base in (path.parent, root):
        target = (base / quoted).resolve()
        if target.is_file() and root in target.parents:
            return target.relative_to(root).as_posix()
    return None


def folder_of(place):
    """Returns the part of exporter/ that has the file: a folder, or a file next to the folders."""
    return place.split("/")[1]


def shown(target):
    """Returns True if files of other folders may include the header."""
    folder = folder_of(target)
    if folder == "platform":
        return target.count("/") == 2
    return folder not in SHOWN or target in SHOWN[folder]


def exporter_fault(place, target):
    """Returns the fault of an include of one file of exporter/ in another, or None."""
    if any(place.startswith(who) and target == what for who, what in EXCEPTIONS):
        return None
    here, there = folder_of(place), folder_of(target)
    if here == there:
        if here == "platform" and not shown(target) and place.count("/") > 2 and (
                place.split("/")[2] != target.split("/")[2]):
            return f"a platform uses {target}, of another"
        return None
    if target.count("/") == 1:
        return f"a platform uses {target}" if here == "platform" else None
    if there not in MAY_USE.get(here, {"platform"}):
        return f"{here} uses {target}"
    return None if shown(target) else f"{here} uses {target}, which is not for it"


def include_fault(root, path, system, quoted, computed):
    """Returns the fault of an include of this file, or None."""
    place = path.relative_to(root).as_posix()
    if computed:
        return f"an include that cannot be followed: {computed}"
    target = resolve(root, path, quoted or system)
    if place.startswith("metrics/"):
        if target is None and (quoted or system not in STANDARD):
            return f"metrics/ uses {quoted or system}, which is not the C standard library's"
        if target is not None and not target.startswith("metrics/"):
            return f"metrics/ uses {target}"
    elif target is not None and target.startswith("exporter/"):
        return exporter_fault(place, target)
    elif place.startswith("exporter/platform/") and target is not None and target not in PLATFORM_MAY:
        return f"a platform uses {target}: only {', '.join(sorted(PLATFORM_MAY))} is for it"
    return None


def file_faults(root, path):
    in_platform = path.relative_to(root).as_posix().startswith("exporter/platform/")
    for number, line in code_lines(path):
        include, condition = INCLUDE.match(line), CONDITION.match(line)
        fault = None
        if include:
            fault = include_fault(root, path, *include.groups())
        elif condition and not in_platform:
            system = SYSTEMS.search(condition.group(1))
            fault = f"a condition on {system.group()} outside exporter/platform/" if system else None
        if fault:
            yield f"{path.relative_to(root)}:{number}: {fault}"


def faults(root):
    found = []
    for folder in FOLDERS:
        files = sorted(path for path in (root / folder).rglob("*") if path.suffix in SOURCES)
        found += [fault for path in files for fault in file_faults(root, path)] if files else [f"{folder}/: no sources"]
    return found


# A file, what is added to it, and a word of the fault that it must cause.
VIOLATIONS = (
    ("metrics/snapshot.c", "#include <unistd.h>", "standard library"),
    ("metrics/snapshot.h", "#include <sys/socket.h>", "standard library"),
    ("metrics/census/census.c", '#include "exporter/scrape/scrape.h"', "metrics/ uses exporter/"),
    ("metrics/census/census.c", '#include "../../exporter/scrape/scrape.h"', "metrics/ uses exporter/"),
    ("metrics/census/census.c", "#include <exporter/scrape/scrape.h>", "metrics/ uses exporter/"),
    ("metrics/census/census.c", '#include "pthread.h"', "standard library"),
    ("metrics/census/census.c", "#include OWN_HEADER", "cannot be followed"),
    ("exporter/platform/linux/procfs/procfs.c", '#include "metrics/census/census.h"',
     "a platform uses metrics/census/census.h"),
    ("exporter/platform/linux/procfs/procfs.c", '#include "../../../../metrics/report/catalog.h"',
     "a platform uses metrics/report/catalog.h"),
    ("exporter/platform/replay/replay.c", "#  include <metrics/report/exposition.h>",
     "a platform uses metrics/report/exposition.h"),
    ("exporter/platform/platform.h", '#include "exporter/log.h"', "a platform uses exporter/log.h"),
    ("exporter/platform/linux/host/host.c", '#include "exporter/scrape/scrape.h"', "platform uses exporter/scrape"),
    ("exporter/platform/linux/procfs/procfs.c", '#include "exporter/platform/windows/utf16.h"', "of another"),
    ("exporter/platform/replay/replay.c", '#include "../linux/procfs/parse.h"', "of another"),
    ("exporter/web/state.h", '#include "exporter/http/reply.h"', "web uses exporter/http/reply.h"),
    ("exporter/web/tls/tls_names.h", '#include "exporter/cli/option_values.h"', "web uses exporter/cli/"),
    ("exporter/http/request.c", '#include "exporter/web/state.h"', "which is not for it"),
    ("exporter/serve.c", '#include "exporter/http/reply.h"', "which is not for it"),
    ("exporter/serve.c", '#include "exporter/cli/parser.h"', "serve.c uses exporter/cli/parser.h"),
    ("exporter/scrape/backend.h", '#include "exporter/cli/option_table.h"', "scrape uses exporter/cli/"),
    ("exporter/scrape/collector.h", '#include "exporter/http/server.h"', "scrape uses exporter/http/"),
    ("exporter/log.h", '#include "exporter/scrape/scrape.h"', "log.h uses exporter/scrape/"),
    ("exporter/scrape/scrape.c", '#include "exporter/platform/linux/procfs/parse.h"', "which is not for it"),
    ("exporter/scrape/scrape.c", "#ifdef __linux__\n#endif", "__linux__"),
    ("exporter/scrape/scrape.c", "#if !defined(_WIN32)\n#endif", "_WIN32"),
    ("exporter/http/server.h", "#if 1 && \\\n defined(__APPLE__)\n#endif", "__APPLE__"),
    ("exporter/scrape/scrape.c", 'static const char any[] = "*/*";\n#ifdef _WIN64\n#endif', "_WIN64"),
    ("metrics/sort.c", "#if 0\n#elif defined(__FreeBSD__)\n#endif", "__FreeBSD__"),
)
# Texts without a fault.
HARMLESS = (
    ("metrics/census/census.c", "/* #include <unistd.h> */\n// #ifdef __linux__"),
    ("metrics/census/census.c", '#include <string.h>\n#include "metrics/sort.h"'),
    ("exporter/platform/linux/procfs/procfs.c", '#ifdef __linux__\n#endif\n#include "metrics/snapshot.h"'),
    ("exporter/scrape/scrape.c", '#include <unistd.h>\n#include "metrics/census/census.h"'),
    ("exporter/http/server.c", '#include "exporter/scrape/scrape.h"\n#include "exporter/web/web.h"'),
    ("exporter/cli/record.c", '#include "exporter/platform/replay/parse.h"\n#include "exporter/log.h"'),
    ("exporter/platform/windows/tables/mib_tcp.c", '#include "exporter/platform/platform.h"\n#include "../utf16.h"'),
)


def with_change(copy, place, text):
    """Returns the faults of a file of the copy without the text, and with the text at its end."""
    path = copy / place
    before = list(file_faults(copy, path))
    text_before = path.read_text(encoding="utf-8")
    path.write_text(f"{text_before}\n{text}\n", encoding="utf-8")
    found = list(file_faults(copy, path))
    path.write_text(text_before, encoding="utf-8")
    return before, found


def self_test(root):
    """Yields the faults that the checks do not find, and the harmless texts that they take for faults."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder).resolve()
        for name in FOLDERS:
            shutil.copytree(root / name, copy / name)
        for place, text, word in VIOLATIONS:
            before, found = with_change(copy, place, text)
            if len(found) != len(before) + 1 or not any(place in fault and word in fault for fault in found):
                yield f"self-test: not noticed in {place}: {text!r}"
        for place, text in HARMLESS:
            before, found = with_change(copy, place, text)
            if found != before:
                yield f"self-test: taken for a fault in {place}: {text!r}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = faults(root) + list(self_test(root))
    for fault in found:
        print(fault)
    print(f"{len(VIOLATIONS)} kinds of violation tried, {len(found)} faults")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
