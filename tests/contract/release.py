#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks exporter/packaging/release: what it refuses, and its notes, checksums and signature. The build is a stub."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [1.2.3] - 2026-01-02\n\n- New.\n\n## [1.2.2] - 2025-01-02\n\n- Old.\n"
BUILD = """#!/bin/sh
mkdir -p build/packages && cd build/packages && echo "$STRICT $*" > built && sha256sum built > sha256sums.txt
"""


class Release(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        packaging = self.root / "exporter/packaging"
        packaging.mkdir(parents=True)
        shutil.copy(ROOT / "exporter/packaging/release", packaging)
        self.write("exporter/packaging/build", BUILD)
        (packaging / "build").chmod(0o755)
        self.write("CMakeLists.txt", "project(tcp_exporter VERSION 1.2.3 LANGUAGES C)\n")
        self.write("CHANGELOG.md", CHANGELOG)
        self.write(".gitignore", "/build/\n")
        self.git("init", "-q")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=self.root, check=True,
                       timeout=60, capture_output=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "all")

    def release(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.root / "exporter/packaging/release", *arguments], capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, "SIGN": "", **environment})

    def refused(self, why: str, *arguments: str) -> None:
        result = self.release(*arguments)
        self.assertEqual(result.returncode, 1)
        self.assertIn(why, result.stderr)
        self.assertFalse((self.root / "build").exists())

    def test_files(self) -> None:
        self.assertNotEqual(self.release("1.2.3", SIGN="false").returncode, 0)
        self.assertEqual(self.release("1.2.3").returncode, 0)
        out = self.root / "build/packages"
        self.assertEqual((out / "built").read_text(encoding="utf-8"), "yes static windows\n")
        self.assertEqual((out / "release-notes.md").read_text(encoding="utf-8"), "\n- New.\n\n")
        sums = subprocess.run(["sha256sum", "-c", "sha256sums.txt"], cwd=out, capture_output=True, text=True,
                              timeout=60, check=True).stdout
        self.assertEqual(sums, "built: OK\nrelease-notes.md: OK\n")

    def test_signature(self) -> None:
        signer = self.root / "build/sign"
        signer.parent.mkdir()
        signer.write_text('#!/bin/sh\ncp "$2" "$2.$1"\n', encoding="ascii")
        signer.chmod(0o755)
        self.assertEqual(self.release("1.2.3", SIGN=f"{signer} asc").returncode, 0)
        self.assertTrue((self.root / "build/packages/sha256sums.txt.asc").exists())
        self.assertIn("not signed", self.release("1.2.3").stderr)

    def test_refusals(self) -> None:
        self.refused("expected VERSION")
        self.refused("another version than 1.2.4", "1.2.4")
        self.write("new", "")
        self.refused("not committed", "1.2.3")
        self.write("CHANGELOG.md", CHANGELOG.replace("2026-01-02", "Unreleased"))
        self.commit()
        self.refused('no section "## [1.2.3] - DATE"', "1.2.3")


if __name__ == "__main__":
    unittest.main()
