# SPDX-License-Identifier: Apache-2.0
"""Tests of the MSI: it is installed, upgraded and removed, and a second build has the same bytes. Tests of the manifests
for winget and Chocolatey, and of the links in copied documents."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import yaml

from program import (command, free_port, get, main, programs, refuses_connections, run, wait_for_service,
                     windows_path)

DOCUMENTS = ("LICENSE.txt", "WINDOWS.md")
SERVICE = r"HKLM\System\CurrentControlSet\Services\tcp_exporter"
SETTINGS = r"HKLM\Software\tcp_exporter"
EVENTS = r"HKLM\System\CurrentControlSet\Services\EventLog\Application\tcp_exporter"
FOLDER = r"C:\Program Files\tcp_exporter"
TIME = "1700000000"
SOURCES = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = SOURCES / "exporter/packaging/windows"
NUSPEC = "{http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd}"
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def make(file, version="1.0.0", time=TIME):
    """Makes an MSI of the program and some documents."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(programs.exporter, folder)
        for name in DOCUMENTS:
            (pathlib.Path(folder) / name).write_text(f"{name}\n", encoding="utf-8")
        subprocess.run([PACKAGING / "msi", version, folder, file], check=True, env={**os.environ, "SOURCE_DATE_EPOCH": time})
    return file


def table(file, name):
    """Returns the rows of a table of the MSI by their first column."""
    text = subprocess.run(["msiinfo", "export", file, name], check=True, capture_output=True, text=True).stdout
    return {row[0]: row[1:] for row in (line.rstrip("\r").split("\t") for line in text.split("\n")[3:] if line)}


def exists(key):
    return command("reg", "query", key).returncode == 0


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def make(self, *arguments):
        self.made = self.folder / f"{len(list(self.folder.iterdir()))}.msi"
        return make(self.made, *arguments)


class Content(Files):
    def test_the_same_sources_make_the_same_bytes(self):
        self.assertEqual(self.make().read_bytes(), self.make().read_bytes())

    def test_versions(self):
        first, second = (table(self.make(version), "Property") for version in ("1.0.0", "1.0.1"))
        self.assertEqual(first["UpgradeCode"], second["UpgradeCode"])
        self.assertNotEqual(first["ProductCode"], second["ProductCode"])

    def test_files(self):
        names = [row[1] for row in table(self.make(), "File").values()]
        self.assertEqual(sorted(names), sorted([pathlib.Path(programs.exporter).name, *DOCUMENTS]))

    def test_the_old_service_goes_before_the_new_one_comes(self):
        order = {name: int(row[1]) for name, row in table(self.make(), "InstallExecuteSequence").items()}
        names = ["KeepGivenFlags", "AppSearch", "UseGivenFlags", "InstallInitialize", "RemoveExistingProducts",
                 "StopServices", "UndoRemoveService", "RemoveService", "RemoveFiles", "InstallFiles",
                 "UndoInstallService", "InstallService", "StartServices"]  # fmt: skip
        self.assertEqual(sorted(names, key=order.get), names)


class Manifests(Files):
    def setUp(self):
        super().setUp()
        self.file = self.make("1.2.3")
        self.checksum = hashlib.sha256(self.file.read_bytes()).hexdigest().upper()
        subprocess.run([PACKAGING / "manifests", "1.2.3", self.file, self.folder], check=True,
                       env={**os.environ, "PROJECT": "https://host/project"})
        self.url = f"https://host/project/releases/download/v1.2.3/{self.file.name}"

    def test_winget(self):
        """Three files of one package, as the schemas of version 1.6.0 have them."""
        name = "tcp_exporter.tcp_exporter"
        parts = {file.name: yaml.safe_load(file.read_text(encoding="utf-8"))
                 for file in (self.folder / "winget").iterdir()}
        types = {part["ManifestType"]: file for file, part in parts.items()}
        self.assertEqual(types, {"version": f"{name}.yaml", "installer": f"{name}.installer.yaml",
                                 "defaultLocale": f"{name}.locale.en-US.yaml"})
        for part in parts.values():
            self.assertEqual((part["PackageIdentifier"], part["PackageVersion"], part["ManifestVersion"]),
                             (name, "1.2.3", "1.6.0"))
        installer, properties = parts[f"{name}.installer.yaml"], table(self.file, "Property")
        self.assertEqual(installer["Installers"], [
            {"Architecture": "x64", "InstallerUrl": self.url, "InstallerSha256": self.checksum}])
        self.assertEqual(installer["ProductCode"], properties["ProductCode"][0])
        self.assertEqual(installer["AppsAndFeaturesEntries"][0]["UpgradeCode"], properties["UpgradeCode"][0])

    def test_chocolatey(self):
        folder = self.folder / "chocolatey"
        metadata = xml.etree.ElementTree.parse(folder / "tcp_exporter.nuspec").getroot().find(f"{NUSPEC}metadata")
        self.assertEqual({name: metadata.find(NUSPEC + name).text for name in ("id", "version", "projectUrl")},
                         {"id": "tcp_exporter", "version": "1.2.3", "projectUrl": "https://host/project"})
        script = (folder / "tools/chocolateyinstall.ps1").read_text(encoding="utf-8")
        self.assertIn(f"'{self.url}'", script)
        self.assertIn(f"'{self.checksum}'", script)
        self.assertNotIn("@VERSION@", script)


class Documents(unittest.TestCase):
    def test_links(self):
        """Every link of the copied pages leads to a copied file or to a web page, and some lead to files."""
        pages = ["exporter/packaging/windows/README.md", "SECURITY.md", "docs/reference.md", "docs/troubleshooting.md",
                 "docs/faq.md"]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PACKAGING / "documents", folder, *pages], check=True, cwd=SOURCES)
            self.assertFalse((pathlib.Path(folder) / "exporter").exists())
            links = [(page, target) for page in pathlib.Path(folder).rglob("*.md")
                     for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
            self.assertGreater(len(links), 5)
            self.assertEqual([link for link in links if not (link[0].parent / link[1]).exists()], [])


class Life(Files):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.addCleanup(self.clean)

    def clean(self):
        run("--service=remove")
        for file in self.folder.iterdir():
            self.install("/x", file)

    def install(self, verb, file, *properties):
        return command("msiexec", verb, windows_path(file), "/qn", *properties).returncode

    def assert_served(self):
        wait_for_service("RUNNING")
        self.assertIn(b"\ntcp_sockets{", get(self.port)[2])

    def assert_nothing_left(self):
        self.assertEqual([key for key in (SERVICE, SETTINGS, EVENTS) if exists(key)], [])
        self.assertNotEqual(command("cmd", "/c", f'dir "{FOLDER}"').returncode, 0)

    def test_upgrade(self):
        old, new = self.make("1.0.0"), self.make("1.0.1")
        flag = f"--web.listen-address=127.0.0.1:{self.port}"
        self.assertEqual(self.install("/i", old, f"EXTRA_FLAGS={flag}"), 0)
        self.assert_served()
        self.assertEqual(self.install("/i", new), 0)
        self.assert_served()
        shown = command("reg", "query", SERVICE).stdout
        self.assertRegex(shown, rf'"{re.escape(FOLDER)}\\tcp_exporter.exe" {re.escape(flag)} ')
        self.assertRegex(shown, r"ObjectName\s+REG_SZ\s+NT SERVICE\\tcp_exporter")
        other = free_port()
        self.assertEqual(self.install("/x", new), 0)
        self.assertTrue(refuses_connections(self.port))
        self.assert_nothing_left()
        self.assertEqual(self.install("/i", old, f"EXTRA_FLAGS={flag}"), 0)
        self.port = other
        self.assertEqual(self.install("/i", new, f"EXTRA_FLAGS=--web.listen-address=127.0.0.1:{other}"), 0)
        self.assert_served()
        self.assertEqual(self.install("/x", new), 0)
        self.assert_nothing_left()

    def test_a_flag_that_is_wrong(self):
        self.assertNotEqual(self.install("/i", self.make(), "EXTRA_FLAGS=--nothing"), 0)
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
