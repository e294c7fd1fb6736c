#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of TLS, passwords, changes of the web configuration and framing: those of tests/integration, on the Windows
program. They run in the emulator's network namespace, with the same clients as on Linux."""

import argparse
import contextlib
import importlib
import pathlib
import signal
import sys
import unittest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
# pylint: disable=wrong-import-position
import scene
from case import SceneCase
from process import Process, close_all_but

MODULES = ("test_web_tls", "test_web_auth", "test_web_reload", "test_framing")
# Tests that cannot run here, or show nothing of Windows.
LEFT_OUT = {
    "test_few_descriptors": "Windows has no limit on open files",
    "test_hangup": "Windows has no SIGHUP",
    "test_guesses": "the scene's actor makes its sockets in a namespace of Linux",
    "test_prometheus": "its connections are like those of the other tests",
    "test_a_long_hash_has_its_time": "it waits for 20 s, and the code of the limit is that of Linux",
}
emulator: list[str] = []


class Program(scene.Program):
    """A program, in the emulator if it is the exporter. It ends at Ctrl+C, as at SIGTERM on Linux."""

    def __init__(self, argv: tuple[str, ...], environment: dict[str, str]):
        super().__init__((*emulator, *argv) if argv[0] == SceneCase.binary else argv, (), None, environment)

    def signal(self, number: int) -> None:
        super().signal(signal.SIGINT if number == signal.SIGTERM else number)


class Scene:
    """The methods of a Linux scene, in the namespace that this process is in."""

    def __init__(self) -> None:
        self._closing = contextlib.ExitStack()
        self.close = self._closing.close

    def start(self, *argv: str, **environment: str) -> Program:
        program = Program(argv, environment)
        self._closing.callback(program.close)
        return program

    def output_of(self, *argv: str) -> scene.Output:
        with contextlib.closing(Program(argv, {})) as program:
            if program.wait(scene.PROGRAM_SECONDS) is None:
                raise AssertionError(f"{' '.join(argv)} still runs: {program.output()}")
            return program.output()

    def spawn(self, body) -> Process:
        def inside() -> None:
            close_all_but(())
            body()

        process = Process(inside)
        self._closing.callback(process.kill)
        return process

    def network(self) -> contextlib.nullcontext:
        return contextlib.nullcontext()


def each_test(suite: unittest.TestSuite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each_test(test)
        else:
            yield test


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--emulator", default="", type=str.split)
    parser.add_argument("--exporter", required=True)
    parser.add_argument("only", nargs="*")
    given = parser.parse_args()
    emulator.extend(given.emulator)
    SceneCase.binary, SceneCase.backend, SceneCase.make_scene = given.exporter, "iphlpapi", Scene
    chosen = unittest.TestSuite()
    for name in MODULES:
        tests = list(each_test(unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))))
        names = {test.id().rpartition(".")[2] for test in tests}
        for test in tests:
            method = test.id().rpartition(".")[2]
            if method not in LEFT_OUT and (not given.only or method in given.only):
                chosen.addTest(test)
        print(f"{name}: left out", ", ".join(sorted(names & set(LEFT_OUT))) or "nothing")
    return 0 if unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
