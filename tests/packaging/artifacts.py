#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what exporter/packaging/build has made: checksums, lintian and rpmlint without complaint, the same files in
both packages and the tarball, and SPDX documents that name what the loader loads, or what a static program contains.

artifacts.py --packages FOLDER --build FOLDER|--static
The packages of the parts linux and windows, and a build with another prefix than theirs; or those of a static part.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from license_expression import get_spdx_licensing

HERE = pathlib.Path(__file__).resolve().parent
# The first release of a package closes no bug of Debian's.
LINTIAN_IGNORES = "initial-upload-closes-no-bugs"
# A static program contains its libraries, and lintian takes it for a shared library.
LINTIAN_IGNORES_STATIC = f"{LINTIAN_IGNORES},embedded-library,shared-library-lacks-prerequisites"
DEBIAN_ONLY = {"/usr/share/doc/tcp-exporter/copyright", "/usr/share/doc/tcp-exporter/changelog.Debian.gz"}
SETTINGS = "/etc/default/tcp_exporter"
# Some of the packages whose libraries a static program contains.
CONTAINED = {"gnutls28", "libbpf-dev", "libc6-dev", "libmicrohttpd-dev", "libpcre2-dev", "libseccomp-dev"}
PACKAGE_FIELDS = {"SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared"}
RELATIONSHIPS = {"DESCRIBES", "DYNAMIC_LINK", "STATIC_LINK"}


def run(*command: str, **more: object) -> tuple[int, str]:
    made = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False, **more)
    return made.returncode, made.stdout + made.stderr


def complaint_faults(deb: str, rpm: str, static: bool):
    ignores = LINTIAN_IGNORES_STATIC if static else LINTIAN_IGNORES
    code, said = run("lintian", "--fail-on=error,warning", "--allow-root", f"--suppress-tags={ignores}", deb)
    if code != 0:
        yield f"lintian:\n{said}"
    code, said = run("rpmlint", "--config", str(HERE / "rpmlint.toml"), rpm)
    if code != 0 or "0 errors, 0 warnings" not in said:
        yield f"rpmlint:\n{said}"


def listed(*command: str) -> set[str]:
    """Returns the files of an archive, without its folders."""
    code, said = run(*command)
    if code != 0:
        raise SystemExit(said)
    return {name for name in said.splitlines() if not name.endswith("/")}


def debian_files(deb: str) -> set[str]:
    members = run("sh", "-c", f"dpkg-deb --fsys-tarfile '{deb}' | tar -t")[1].splitlines()
    return {name.removeprefix(".") for name in members if not name.endswith("/")}


def content_faults(deb: str, rpm: str, tarball: str):
    """Yields differences between the three, except Debian's own files and zsh's folder."""
    debian = debian_files(deb)
    rpms = listed("rpm", "-qlp", "--nosignature", rpm)
    folders = {name for name in rpms if any(other.startswith(name + "/") for other in rpms)}
    rpms = {name.replace("zsh/site-functions", "zsh/vendor-completions") for name in rpms - folders}
    if debian - DEBIAN_ONLY != rpms:
        yield f"only in one of the packages: {sorted((debian - DEBIAN_ONLY) ^ rpms)}"
    in_tarball = {re.sub(r"^[^/]+/(?!etc)", "/usr/", name) for name in listed("tar", "-tf", tarball)}
    in_tarball = {re.sub(r"^[^/]+/etc", "/etc", name) for name in in_tarball}
    if in_tarball - {"/usr/LICENSE"} != debian - DEBIAN_ONLY:
        yield f"only in the tarball or the packages: {sorted((debian - DEBIAN_ONLY) ^ in_tarball)}"
    if run("rpm", "-qcp", "--nosignature", rpm)[1].strip() != SETTINGS:
        yield f"{SETTINGS} is no configuration file of the RPM package"


def prefix_faults(build: str, deb: str):
    """Yields faults of cmake --install: it installs the same below any prefix, and the program prints its version."""
    with tempfile.TemporaryDirectory() as prefix:
        code, said = run("cmake", "--install", build, "--prefix", prefix)
        if code != 0:
            yield f"cmake --install: {said}"
        paths = (path for path in pathlib.Path(prefix).rglob("*") if not path.is_dir())
        installed = {f"/usr/{path.relative_to(prefix)}".replace("/usr/etc", "/etc") for path in paths}
        if installed != debian_files(deb) - DEBIAN_ONLY:
            yield f"only in the package or below a prefix: {sorted(installed ^ (debian_files(deb) - DEBIAN_ONLY))}"
        said = run(f"{prefix}/bin/tcp_exporter", "--version")[1]
        if not re.match(r"tcp_exporter, version \d+\.\d+\.\d+ \(revision: \w+\)\n  compiler: .*\n  platform: ", said):
            yield f"--version: {said}"


def rpm_faults(rpm: str):
    """Yields faults of the RPM: it installs, verifies, and its scripts are valid."""
    with tempfile.TemporaryDirectory() as root:
        code, said = run("rpm", "--force-debian", "--root", root, "--nodeps", "--noscripts", "--nosignature", "-i", rpm)
        said += run("rpm", "--root", root, "--nodeps", "-V", "tcp-exporter")[1]
        if code != 0 or said:
            yield f"rpm -i, rpm -V: {said}"
    for script in sorted((HERE.parents[1] / "exporter/packaging/rpm").glob("*.sh")):
        if script.read_text(encoding="utf-8").strip() not in run("rpm", "-qp", "--scripts", "--nosignature", rpm)[1]:
            yield f"the RPM package does not run {script.name}"
        code, said = run("sh", "-n", str(script))
        if code != 0:
            yield said


def field_faults(document: dict):
    """What SPDX 2.3 requires of a document and its packages."""
    expected = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT"}
    for field, value in expected.items():
        if document.get(field) != value:
            yield f"{field} is {document.get(field)!r}"
    if not re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["documentNamespace"]):
        yield "documentNamespace is no URI of ours"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"]):
        yield "creationInfo.created is no date in UTC"
    if not all(re.match(r"(Tool|Person|Organization): \S", creator) for creator in document["creationInfo"]["creators"]):
        yield "creationInfo.creators names none"
    licensing = get_spdx_licensing()
    for package in document["packages"]:
        if PACKAGE_FIELDS - set(package) or not re.fullmatch(r"SPDXRef-[a-zA-Z0-9.-]+", package["SPDXID"]):
            yield f"a field is missing or wrong: {package}"
        stated = package["licenseDeclared"]
        if stated != "NOASSERTION" and licensing.validate(stated).errors:
            yield f"{package['name']}: {stated!r} is no SPDX expression"


def relationship_faults(document: dict):
    """Yields packages that the document does not relate to the program."""
    known = {package["SPDXID"] for package in document["packages"]}
    edges = {(edge["spdxElementId"], edge["relatedSpdxElement"]) for edge in document["relationships"]}
    kinds = {edge["relationshipType"] for edge in document["relationships"]}
    if kinds - RELATIONSHIPS or "DESCRIBES" not in kinds:
        yield f"relationships are {kinds}"
    reached = {"SPDXRef-DOCUMENT"}
    while more := {whom for who, whom in edges if who in reached} - reached:
        reached |= more
    if reached - {"SPDXRef-DOCUMENT"} != known or len(known) != len(document["packages"]):
        yield f"packages without a relationship, or the reverse: {reached ^ known}"


def loaded_faults(document: dict, tarball: str):
    """Yields loaded libraries whose package is not in the document in its installed version."""
    versions = {package["name"]: package["versionInfo"] for package in document["packages"]}
    with tempfile.TemporaryDirectory() as folder:
        run("tar", "-C", folder, "-xf", tarball)
        libraries = re.findall(r"(/\S+\.so\S*)", run("ldd", str(next(pathlib.Path(folder).glob("*/bin/*"))))[1])
    if len(libraries) < 5:
        yield f"the loader brings in only {libraries}"
    for library in libraries:
        found = run("dpkg", "-S", library)[1] + run("dpkg", "-S", str(pathlib.Path(library).resolve()))[1]
        names = set(re.findall(r"^(\S+?):\S+ /|^(\S+?): /", found, re.MULTILINE))
        owners = {one or other for one, other in names} & set(versions)
        if not owners:
            yield f"{library} is from {found!r}, which the document does not name"
        for name in owners:
            if run("dpkg-query", "-W", "-f", "${Version}", name)[1] != versions[name]:
                yield f"{name} has not the version {versions[name]}"


def static_faults(document: dict, tarball: str, deb: str, rpm: str):
    """Yields what a static program needs of its system, and libraries that the document does not name."""
    with tempfile.TemporaryDirectory() as folder:
        run("tar", "-C", folder, "-xf", tarball)
        headers = run("readelf", "-ldW", str(next(pathlib.Path(folder).glob("*/bin/*"))))[1]
    needed = re.findall(r"INTERP .*|.*NEEDED.*", headers)
    required = run("rpm", "-qp", "--requires", "--nosignature", rpm)[1] + run("dpkg-deb", "-f", deb, "Depends")[1]
    needed += re.findall(r"\S*\.so\S*|lib\w+\S*", required)
    if needed:
        yield f"the static program or its packages need {needed}"
    missing = CONTAINED - {package["name"] for package in document["packages"]}
    if missing:
        yield f"the document does not name {missing}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", required=True, type=pathlib.Path)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--build")
    kind.add_argument("--static", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.packages
    deb, rpm, tarball = (str(next(folder.glob(f"*.{suffix}"))) for suffix in ("deb", "rpm", "linux-*.tar.gz"))
    faults = [*complaint_faults(deb, rpm, arguments.static), *content_faults(deb, rpm, tarball), *rpm_faults(rpm)]
    if arguments.build:
        faults += prefix_faults(arguments.build, deb)
    code, said = run("sha256sum", "--check", "--strict", "sha256sums.txt", cwd=folder)
    if code != 0 or len(said.splitlines()) != len(list(folder.iterdir())) - 1:
        faults.append(f"checksums: {said}")
    documents = sorted(folder.glob("*.spdx.json"))
    for path in documents:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = [*field_faults(document), *relationship_faults(document)]
        if arguments.static:
            found += static_faults(document, tarball, deb, rpm)
        elif "linux" in path.name:
            found += loaded_faults(document, tarball)
        faults += [f"{path.name}: {fault}" for fault in found]
    if len(documents) != (1 if arguments.static else 2):
        faults.append(f"{len(documents)} SPDX documents, not one per program")
    print("\n".join(faults) or f"{len(list(folder.iterdir()))} files as they should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
