#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types into real shells and presses the tabulator key: every flag and its values complete.

completions.py --exporter PROGRAM --shell bash|zsh|fish --script FILE
"""
import argparse
import os
import pathlib
import pty
import re
import select
import signal
import sys
import tempfile
import time

import flags

TIMEOUT = 20  # seconds for the answer to one line
# What makes each shell interactive, free of a user's settings, and have the completions.
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
PREPARATIONS = {
    "bash": "bind 'set enable-bracketed-paste off'; source {script}; tcp_exporter() {{ printf '{{%s}}' \"$@\" END; }}",
    "zsh": "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; "
           "tcp_exporter() {{ printf '{{%s}}' \"$@\" END; }}",
    "fish": "source {script}; function tcp_exporter; printf '{{%s}}' $argv END; end",
}
ANSWER = re.compile(rb"((?:\{[^{}%\r\n]*\})*)\{END\}")


class Shell:
    """A shell at the other end of a terminal."""

    def __init__(self, name: str, script: pathlib.Path, home: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(COMMANDS[name][0], COMMANDS[name], {
                "PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm", "LANG": "C.UTF-8"})
        # fish asks its terminal for this, and waits.
        time.sleep(0.5)
        self.ask(PREPARATIONS[name].format(script=script, folder=script.parent) + "; tcp_exporter ready")

    def ask(self, line: str) -> list[str]:
        """Returns the arguments that tcp_exporter receives after this line is typed."""
        for part in re.split("(\t)", line):
            os.write(self.terminal, part.encode())
            if part == "\t":
                time.sleep(0.05)
        os.write(self.terminal, b"\r")
        end, seen = time.monotonic() + TIMEOUT, b""
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 65536)
                match = ANSWER.search(seen)
                if match:
                    return match.group(1).decode().strip("{}").split("}{")
        raise SystemExit(f"no answer to {line!r}, but: {seen!r}")

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def check(shell: Shell, typed: str, expected: str) -> list[str]:
    """Returns the faults of a line. Shells differ in "=" or a space before a value, and a slash after a folder."""
    seen = " ".join(shell.ask(f"tcp_exporter {typed}")).replace("=", " ").rstrip("/")
    return [] if seen == expected else [f"{typed!r}: {seen}, expected {expected}"]


def check_flag(shell: Shell, flag: str) -> list[str]:
    """Returns the faults of a flag, whose name without the last letter must have one completion."""
    seen = shell.ask(f"tcp_exporter {flag[:-1]}\t")
    return [] if seen[0].rstrip("=") == flag else [f"{flag[:-1]!r}: {seen}, expected [{flag!r}]"]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--exporter", required=True)
    parser.add_argument("--shell", required=True, choices=COMMANDS)
    parser.add_argument("--script", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    known = flags.read(arguments.exporter)
    with tempfile.TemporaryDirectory() as home:
        (pathlib.Path(home) / "sample.replay").touch()
        (pathlib.Path(home) / "samples").mkdir()
        shell = Shell(arguments.shell, arguments.script.resolve(), home)
        try:
            faults = check(shell, "--collector.netns=al\t", "--collector.netns all")
            faults += check(shell, "--collector.back\tprocf\t", "--collector.backend procfs")
            faults += check(shell, "--log.level de\t", "--log.level debug")
            faults += check(shell, "--print-table=js\t --log.form\tjs\t", "--print-table json --log.format json")
            faults += check(shell, "--collector.replay=sample.\t", "--collector.replay sample.replay")
            faults += check(shell, "--path.procfs=sam\t", "--path.procfs samples")
            for flag in known:
                faults += check_flag(shell, f"--{flag.name}")
                if flag.negatable:
                    faults += check_flag(shell, f"--no-{flag.name}")
        finally:
            shell.close()
    print("\n".join(faults) or f"{len(known)} flags complete in {arguments.shell}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
