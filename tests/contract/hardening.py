#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the program for the protections that the compiler and the linker must build in.

usage: hardening.py PROGRAM COMPILER CONFIGURATION SANITIZERS
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# A build without protections, to prove that each check can fail.
WEAK = ("-O2", "-no-pie", "-fno-stack-protector", "-fcf-protection=none", "-fno-stack-clash-protection",
        "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/tmp")  # fmt: skip
WEAK_SOURCE = "#include <string.h>\nint main(int c, char **v) { char b[99999]; strcpy(b, v[0]); return b[c]; }\n"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def elf_faults(program, optimized, sanitized):
    header, segments = output("readelf", "-hW", program), output("readelf", "-lW", program)
    dynamic, symbols = output("readelf", "-dW", program), output("readelf", "-sW", program)
    stack = re.search(r"GNU_STACK.* (R\w*) ", segments)
    if not re.search(r"Type:\s+DYN", header) or "Flags: " in dynamic and "PIE" not in dynamic:
        yield "it is loaded at a fixed address (no PIE)"
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|Flags:.* NOW", dynamic):
        yield "its relocations stay writable (no full RELRO)"
    if not stack or "E" in stack.group(1):
        yield "its stack is executable"
    if re.search(r"LOAD.* RWE ", segments):
        yield "some of its memory is writable and executable"
    if re.search(r"R(UN)?PATH", dynamic):
        yield "it looks for libraries in a folder of the build's"
    if "__stack_chk_fail" not in symbols:
        yield "its stack frames are not guarded (no stack protector)"
    if optimized and not sanitized and not re.search(r"__(memcpy|snprintf|vsnprintf|memmove|strcpy)_chk", symbols):
        yield "its copies are not checked (no _FORTIFY_SOURCE)"
    if "x86-64" in header:
        code = output("objdump", "-d", "--no-show-raw-insn", program)
        if not re.search(r"<main>:\s+[0-9a-f]+:\s+endbr64", code):
            yield "its functions do not begin with endbr64 (no -fcf-protection)"
        if not re.search(r"or[qb]?\s+\$0x0,(0x[0-9a-f]+)?\(%rsp", code):
            yield "its large stack frames are not probed (no -fstack-clash-protection)"


def pe_faults(program, objdump):
    text = output(objdump, "-p", program)
    for name in "HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT":
        if name not in text:
            yield f"its header has no {name}"
    if "__stack_chk_fail" not in output(objdump, "-t", program):
        yield "its stack frames are not guarded (no stack protector)"


def self_test(compiler):
    """Yields the protections whose absence in a weak program is not found."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "weak.c"), str(pathlib.Path(folder, "weak"))
        source.write_text(WEAK_SOURCE, encoding="ascii")
        subprocess.run([compiler, *WEAK, str(source), "-o", program], check=True, timeout=60)
        found = list(elf_faults(program, True, False))
    expected = 9 if "x86-64" in output("readelf", "-hW", sys.argv[1]) else 7
    # An executable stack makes some linkers mark data executable, too, and others not.
    if len(found) not in (expected - 1, expected):
        yield f"self-test: a program with {expected} weaknesses is found to have {found}"


def main():
    program, compiler, configuration, sanitizers = sys.argv[1:5]
    optimized = configuration != "Debug"
    if program.endswith(".exe"):
        found = list(pe_faults(program, compiler.replace("gcc-posix", "objdump")))
    else:
        found = [*elf_faults(program, optimized, bool(sanitizers)), *self_test(compiler)]
    print("\n".join(found) or f"{program}: as it should be")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
