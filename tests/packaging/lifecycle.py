#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of the Debian package on a machine of its own: installed by one command, it runs, hardened, is reloaded, and a
Prometheus scrapes it; it is upgraded, disabled, started by its socket, removed and purged, and nothing stays behind.

lifecycle.py --packages FOLDER --store FOLDER --build FOLDER
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from capabilities import ALLOWED
from machine import Machine, disk, run

SERVICE, SOCKET = "tcp_exporter.service", "tcp_exporter.socket"
SETTINGS = "/etc/default/tcp_exporter"
METRICS = "http://localhost:10793/metrics"
# Records of dpkg, apt, the journal and services about their own work.
NOTES = ("/proc", "/sys", "/dev", "/run", "/tmp", "/packages", "/var/lib/dpkg", "/var/lib/apt", "/var/cache",
         "/var/log", "/var/tmp")
SCRAPE_SECONDS = 30
SKIPPED = 77
EVIDENCE = 'up{job="tcp"} == 1 and on (instance) tcp_sockets{state="listen"} > 0'


def expect(truth: bool, text: str) -> None:
    if not truth:
        raise SystemExit(f"lifecycle: {text}")


def install(machine: Machine, package: str) -> None:
    """Installs a package as in exporter/packaging/README.md."""
    machine.run("apt-get", "install", "-q", "-y", package)


def files(machine: Machine) -> set[str]:
    """Returns every path on the machine's disk, and every user."""
    skipped = [word for folder in NOTES for word in ("-path", folder, "-prune", "-o")]
    users = machine.run("getent", "passwd").splitlines() + machine.run("getent", "group").splitlines()
    return set(machine.run("find", "/", *skipped, "-print").splitlines()) | set(users)


def main_pid(machine: Machine) -> int:
    return int(machine.run("systemctl", "show", "--property=MainPID", "--value", SERVICE))


def samples(text: str, name: str) -> dict[str, float]:
    """Returns the values of one metric by labels."""
    return {match[1]: float(match[2]) for match in re.finditer(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)}


def check_outside(machine: Machine, text: str) -> None:
    """Checks that the exporter counts the processes outside the machine, which is a PID namespace, and warns once."""
    hidden = samples(text, "tcp_exporter_unreadable_processes")[None]
    log = machine.run("journalctl", "--no-pager", "--output=cat", f"_PID={main_pid(machine)}")
    warnings = [line for line in log.splitlines() if "level=warn" in line]
    expect(hidden > 0, "it does not count the processes that it cannot see")
    expect(len(warnings) == 1 and "PID namespace" in warnings[0] and "--pid=host" in warnings[0],
           f"it does not warn once of the PID namespace:\n{log}")


def check_running(machine: Machine) -> None:
    """Checks that it runs as in the unit, and reports its own socket."""
    state = machine.run("systemctl", "is-active", SERVICE, check=False).strip()
    expect(state == "active", f"the service is {state}:\n{machine.run('journalctl', '--no-pager', '-u', SERVICE)}")
    expect(machine.run("systemctl", "is-enabled", SERVICE).strip() == "enabled", "the service is not enabled")
    text = machine.get(METRICS)
    listening = [labels for labels, value in samples(text, "tcp_connections").items()
                 if value > 0 and 'state="listen"' in labels and 'local_port="10793"' in labels]
    expect(len(listening) == 1 and 'process="tcp_exporter"' in listening[0], f"port 10793 is not its own:\n{text}")
    check_outside(machine, text)
    expect(samples(text, "tcp_exporter_backend_info") == {'backend="bpf"': 1}, "its backend is not bpf")


def check_hardened(machine: Machine) -> None:
    """Checks the kernel's status of the process."""
    status = dict(line.split(":\t", 1) for line in
                  machine.run("cat", f"/proc/{main_pid(machine)}/status").splitlines() if ":\t" in line)
    user = machine.run("id", "-u", "tcp_exporter").strip()
    expect(user != "0" and set(status["Uid"].split()) == {user}, f"it runs as {status['Uid']}, not as {user}")
    allowed = sum(1 << bit for bit in ALLOWED.values())
    for name in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb"):
        expect(int(status[name], 16) & ~allowed == 0, f"{name} {status[name]} is more than {', '.join(ALLOWED)}")
    expect(int(status["CapPrm"], 16) == 0, f"CapPrm {status['CapPrm']}: its backend needs none once it has started")
    expect(status["NoNewPrivs"] == "1", "it may gain privileges")
    expect(status["Seccomp"] == "2", "no seccomp filter is active")


def check_reload(machine: Machine) -> None:
    """Checks that a reload reaches the process, and that it stays the same process."""
    before = main_pid(machine)
    machine.run("systemctl", "reload", SERVICE)
    end, log = time.monotonic() + SCRAPE_SECONDS, ""
    while time.monotonic() < end and "nothing to reload" not in log:
        time.sleep(0.1)
        log = machine.run("journalctl", "--no-pager", "--output=cat", f"_PID={before}")
    expect("nothing to reload" in log, f"a reload does not reach it:\n{log}")
    expect(main_pid(machine) == before, "the reload restarted it")


def check_prometheus(machine: Machine) -> None:
    """Checks that a Prometheus on the machine scrapes it, with the configuration of the README."""
    readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    config = re.search(r"```yaml\n(scrape_configs:.*?)```", readme, re.DOTALL).group(1)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "prometheus.yml"
        path.write_text("global:\n  scrape_interval: 1s\n" + config, encoding="utf-8")
        prometheus = subprocess.Popen([*machine.enter("--net"), "prometheus", f"--config.file={path}",
                                       f"--storage.tsdb.path={folder}/data", "--log.level=error"])
        try:
            end, answer = time.monotonic() + SCRAPE_SECONDS, ""
            while time.monotonic() < end and '"value"' not in answer:
                time.sleep(0.5)
                answer = machine.get("http://localhost:9090/api/v1/query", check=False, query=EVIDENCE)
            expect('"value"' in answer, f"Prometheus does not scrape it: {answer}")
        finally:
            prometheus.kill()
            prometheus.wait()


def check_upgrade(machine: Machine, newer: str) -> None:
    """Checks an upgrade to a higher version: a new process has the administrator's flags."""
    settings = machine.path(SETTINGS)
    settings.write_text(settings.read_text(encoding="utf-8").replace('ARGS=""', 'ARGS="--collector.label=unit"'),
                        encoding="utf-8")
    before, text = main_pid(machine), settings.read_text(encoding="utf-8")
    install(machine, newer)
    expect(main_pid(machine) not in (0, before), "the upgrade did not start the service anew")
    expect(settings.read_text(encoding="utf-8") == text, "the upgrade changed the settings")
    expect(f'unit="{SERVICE}"' in machine.get(METRICS), "the flags in the settings are not in force")
    check_running(machine)


def check_choices(machine: Machine, package: str) -> None:
    """Checks that a disabled service stays disabled, and that the socket unit starts it."""
    machine.run("systemctl", "disable", "--now", SERVICE)
    machine.run("apt-get", "install", "-q", "-y", "--reinstall", package)
    expect(machine.run("systemctl", "is-enabled", SERVICE, check=False).strip() == "disabled", "it was enabled again")
    expect(main_pid(machine) == 0, "it was started though it is disabled")
    machine.path(SETTINGS).write_text('ARGS="--web.systemd-socket"\n', encoding="utf-8")
    machine.run("systemctl", "enable", "--now", SOCKET)
    expect(main_pid(machine) == 0, "it runs before anyone asks")
    expect(sum(samples(machine.get(METRICS), "tcp_sockets").values()) > 0, "it does not answer on systemd's socket")
    expect(main_pid(machine) != 0, "somebody else answers")


def check_removal(machine: Machine, before: set[str]) -> None:
    machine.run("apt-get", "remove", "-q", "-y", "tcp-exporter")
    expect(machine.path(SETTINGS).exists(), "to remove the package takes the settings away")
    expect("10793" not in run(*machine.enter("--net"), "ss", "-tlnH"), "somebody still listens")
    expect("tcp_exporter" not in machine.processes(), "it still runs")
    machine.run("apt-get", "purge", "-q", "-y", "--auto-remove", "tcp-exporter")
    units = machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "tcp_exporter*")
    expect(units == "", f"systemd still knows its units: {units}")
    left = sorted(files(machine) ^ before)
    expect(not left, "the package leaves behind, or took away:\n" + "\n".join(left))


def newer_package(build: pathlib.Path, folder: str) -> pathlib.Path:
    """Builds the same package with a higher version."""
    run("cpack", "-G", "DEB", "-D", "CPACK_DEBIAN_PACKAGE_RELEASE=2", "-B", folder, cwd=build, timeout=120)
    return next(pathlib.Path(folder).glob("*.deb"))


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("--packages", "--store", "--build"):
        parser.add_argument(name, required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("a machine in namespaces needs root")
        return SKIPPED
    package = next(arguments.packages.glob("*.deb"))
    with tempfile.TemporaryDirectory() as folder, Machine(disk(package, arguments.store)) as machine:
        before = files(machine)
        install(machine, machine.copy(package))
        check_running(machine)
        check_hardened(machine)
        check_reload(machine)
        check_prometheus(machine)
        newer = machine.copy(newer_package(arguments.build, folder))
        check_upgrade(machine, newer)
        check_choices(machine, newer)
        check_removal(machine, before)
    print("installed, reloaded, scraped, upgraded, disabled, started by its socket, removed and purged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
