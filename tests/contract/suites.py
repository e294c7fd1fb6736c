#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks tests/run: it runs the suites, continues after a failure, and lists all failures at its end. Checks
that exporter/quickstart --help only prints.

It runs copies, whose cmake, ctest and apt-get are scripts that note their arguments.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
FILES = ("tests/run", "tests/tools/outcomes.py", "tests/packages", "tests/packages-kernel", "tests/packages-windows",
         "exporter/packages", "exporter/quickstart")
# What fetches the libraries of some suites.
LIBRARIES = ("exporter/packaging/windows/dependencies", "exporter/packaging/linux/dependencies", "tests/processors/sysroot")
ALL = ["asan", "tsan", "fuzz", "windows", "arm64", "static-amd64", "release"]
CASE = {"pass": "", "fail": "<failure/>", "skip": '<skipped message="no kernel"/>'}
STUBS = {
    "apt-get": "touch installed",
    "npm": "",
    "id": "echo 0",
    "nproc": "echo 2",
    "cmake": '[ "$*" != "--build --preset $BROKEN" ]',
    "ctest": '''
        suite=$2; echo "$suite" >> ran; outcome=pass
        [ "$suite" != "$FAILING" ] || outcome=fail
        [ "$suite" != "$SKIPPING" ] || outcome=skip
        mkdir -p build/$suite; cp $outcome.xml build/$suite/ctest.xml
        echo "100% tests passed in $suite"
        [ $outcome != fail ]''',
}


def write_script(path, text):
    path.write_text(f"#!/bin/bash\n{text}\n", encoding="ascii")
    path.chmod(0o755)


class Suites(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in FILES:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        for name in LIBRARIES:
            (self.root / name).parent.mkdir(parents=True)
            write_script(self.root / name, "")
        (self.root / "bin").mkdir()
        for name, text in STUBS.items():
            write_script(self.root / "bin" / name, text)
        for suite in ALL:
            (self.root / "build" / suite).mkdir(parents=True)
        for name, result in CASE.items():
            (self.root / f"{name}.xml").write_text(
                f'<testsuite><testcase name="unit.a">{result}</testcase></testsuite>', encoding="ascii")

    def run_suites(self, *suites, **environment):
        """Returns the result of tests/run, and the suites whose tests it ran."""
        environment = {"BROKEN": "", "FAILING": "", "SKIPPING": "", "CI": "", **environment}
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        result = subprocess.run([self.root / "tests/run", *suites], capture_output=True, text=True, timeout=60,
                                env={**os.environ, "PATH": path, **environment})
        ran = self.root / "ran"
        return result, ran.read_text(encoding="ascii").split() if ran.exists() else []

    def test_all(self):
        result, ran = self.run_suites()
        self.assertEqual((result.returncode, ran), (0, ALL), result.stderr)
        self.assertTrue(result.stdout.endswith("100% tests passed in release\n"), result.stdout)

    def test_quickstart_help(self):
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        result = subprocess.run([self.root / "exporter/quickstart", "--web.listen-address=:1", "--help"], text=True,
                                capture_output=True, timeout=60, env={**os.environ, "PATH": path})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("exporter/quickstart [FLAG...]", result.stdout)
        self.assertFalse((self.root / "installed").exists())

    def test_one(self):
        result, ran = self.run_suites("tsan")
        self.assertEqual((result.returncode, ran), (0, ["tsan"]), result.stderr)

    def test_on_request(self):
        (self.root / "build/s390x").mkdir()
        result, ran = self.run_suites("s390x")
        self.assertEqual((result.returncode, ran), (0, ["s390x"]), result.stderr)

    def test_unknown(self):
        result, ran = self.run_suites("tsan", "nonsense")
        self.assertEqual((result.returncode, ran), (2, []))
        self.assertIn('unknown suite "nonsense"', result.stderr)

    def test_failure(self):
        result, ran = self.run_suites(FAILING="asan")
        self.assertEqual((result.returncode, ran), (1, ALL))
        self.assertIn("1 failed in 7 suites\n  asan: unit.a\n", result.stdout)
        self.assertTrue(result.stdout.endswith("tests passed in asan\n"), result.stdout)

    def test_broken_build(self):
        result, ran = self.run_suites(BROKEN="fuzz")
        self.assertEqual((result.returncode, ran), (1, [suite for suite in ALL if suite != "fuzz"]))
        self.assertIn("1 failed in 7 suites\n  fuzz: no results\n", result.stdout)

    def test_skip(self):
        result, _ = self.run_suites(SKIPPING="asan")
        self.assertEqual(result.returncode, 0)
        self.assertIn("1 skipped in 7 suites\n  asan: unit.a: no kernel\n", result.stdout)
        result, _ = self.run_suites(SKIPPING="asan", CI="true")
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
