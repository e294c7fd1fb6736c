#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the units: systemd accepts them, and rates the service as their README states, row by row.

usage: systemd_units.py SOURCE-FOLDER PATH-OF-THE-EXPORTER
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

INSTALLED = "/usr/bin/tcp_exporter"
SERVICE = "tcp_exporter.service"
UNITS = (SERVICE, "tcp_exporter.socket")
# The README states the rating without these capabilities.
NOT_FOR_BPF = " CAP_SYS_PTRACE CAP_DAC_READ_SEARCH"


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return result.returncode, result.stdout, result.stderr


def with_binary(source, folder, binary):
    """Returns copies of the units that start the built program."""
    for name in UNITS:
        text = (source / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(INSTALLED, binary), encoding="utf-8")
    return [folder / name for name in UNITS]


def verify_faults(units):
    """Yields the complaints of systemd-analyze verify, whose exit status is 0 even then."""
    code, out, err = run("systemd-analyze", "verify", "--man=no", *map(str, units))
    if code != 0 or out or err:
        yield f"systemd-analyze verify: exit {code}: {out}{err}"


def exposure(unit):
    """Returns the rating, and the points of the settings that add to it."""
    security = ("systemd-analyze", "security", "--offline=true", "--no-pager")
    overall = re.search(r"exposure level for .*: ([0-9.]+)", run(*security, str(unit))[1])
    _, out, err = run(*security, "--json=short", str(unit))
    if not overall or not out:
        sys.exit(f"systemd-analyze security says nothing to be understood: {out}{err}")
    rows = {row["name"]: float(row["exposure"]) for row in json.loads(out) if row["exposure"]}
    return float(overall.group(1)), rows


def stated(readme):
    """Returns the rating, the rating for the backend bpf, and the table of the README."""
    overall = re.search(r"at \*\*([0-9.]+)\*\* of 10", readme)
    bpf = re.search(r"; ([0-9.]+) with a drop-in", readme)
    table = readme.split("<!-- exposure -->")[1].split("<!-- /exposure -->")[0]
    rows = {}
    for line in table.splitlines():
        row = re.match(r"\| ([0-9.]+) \| `(.+?)` \| (.+) \|$", line)
        if row:
            rows[row.group(2).replace("\\|", "|")] = float(row.group(1))
    return float(overall.group(1)), float(bpf.group(1)), rows


def exposure_faults(service, readme):
    overall, bpf, rows = stated(readme)
    is_overall, is_rows = exposure(service)
    if is_overall != overall:
        yield f"the exposure is {is_overall}, the README says {overall}"
    for name in sorted(is_rows.keys() | rows.keys()):
        if is_rows.get(name) != rows.get(name):
            yield f"{name} adds {is_rows.get(name)}, the README says {rows.get(name)}"
    text = service.read_text(encoding="utf-8")
    service.write_text(text.replace(NOT_FOR_BPF, ""), encoding="utf-8")
    if exposure(service)[0] != bpf:
        yield f"for the backend bpf alone the exposure is {exposure(service)[0]}, the README says {bpf}"
    service.write_text(text, encoding="utf-8")


def example_faults(settings, binary):
    """Checks that the examples in the file of flags are valid flags, and that systemd passes them unchanged."""
    examples = re.findall(r'^# +ARGS="(.*)"$', settings.read_text(encoding="utf-8"), re.MULTILINE)
    if not examples:
        yield f"{settings.name} has no example"
    for example in examples:
        if "\\" in example:
            yield f"{settings.name}: systemd removes the backslash from {example}"
        flags = [flag for flag in example.split() if not flag.startswith("@")]
        code, _, err = run(binary, *flags, "--help")
        if code != 0:
            yield f"{settings.name}: {example}: {err}"


def restart_faults(service):
    """A wrong flag is not tried again and again, and a reload needs no other package."""
    text = service.read_text(encoding="utf-8")
    if "\nRestartPreventExitStatus=2\n" not in text:
        yield "the service restarts after a wrong flag"
    if "ExecReload=/bin/kill" in text:
        yield "the reload needs /bin/kill"


def sysusers_faults(source):
    """Yields a fault unless sysusers creates the user of the unit."""
    unit = (source / SERVICE).read_text(encoding="utf-8")
    user = re.search(r"^User=(\S+)$", unit, re.MULTILINE).group(1)
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "etc").mkdir()
        code, out, err = run("systemd-sysusers", f"--root={root}", str(source / "tcp_exporter.sysusers"))
        passwd = pathlib.Path(root, "etc/passwd")
        names = [line.split(":")[0] for line in passwd.read_text(encoding="utf-8").splitlines()] if code == 0 else []
    if names != [user]:
        yield f"sysusers makes {names}, the unit wants {user}: {out}{err}"


def main():
    source = pathlib.Path(sys.argv[1]).resolve() / "exporter/packaging/systemd"
    readme = (source / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        units = with_binary(source, pathlib.Path(folder), sys.argv[2])
        service = pathlib.Path(folder, SERVICE)
        faults = [*verify_faults(units), *exposure_faults(service, readme), *sysusers_faults(source),
                  *restart_faults(service), *example_faults(source.parent / "tcp_exporter.default", sys.argv[2])]
        # A service that gives away one of its protections must not pass.
        service.write_text(service.read_text(encoding="utf-8").replace("ProtectHome=yes\n", ""), encoding="utf-8")
        if not list(exposure_faults(service, readme)):
            faults.append("self-test: a service without ProtectHome= passes")
    print("\n".join(faults) or f"{len(units)} units as the README says")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
