#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a build can be configured without what only its tests need, and that it says so in one line."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


class Configure(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = pathlib.Path(folder.name)

    def configure(self, *settings):
        """The configuration on a machine without cmocka."""
        pkg_config = self.build / "pkg-config"
        pkg_config.write_text('#!/bin/sh\ncase "$*" in *cmocka*) exit 1 ;; esac\n'
                              f'exec {shutil.which("pkg-config")} "$@"\n', encoding="ascii")
        pkg_config.chmod(0o755)
        return subprocess.run(["cmake", "-S", ROOT, "-B", self.build, *settings], capture_output=True, text=True,
                              timeout=100, env={**os.environ, "PKG_CONFIG": str(pkg_config)})

    def test_auto(self):
        result = self.configure()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("-- Tests: off, missing: cmocka\n", result.stdout)

    def test_on(self):
        result = self.configure("-DTCP_EXPORTER_TESTS=ON")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("TCP_EXPORTER_TESTS=ON, but missing: cmocka", result.stderr)


if __name__ == "__main__":
    unittest.main()
