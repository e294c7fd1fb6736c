#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the exporter as the DaemonSet does: on the image's files alone, read-only, with the manifest's arguments and
rights, in the PID and network namespaces of its host, which are the test's own.

container.py PROGRAM
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import capabilities
import yaml

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "exporter/packaging"
SKIPPED, TIMEOUT = 77, 20
INSIDE = "--inside"
# A socket of another user, whose owner the exporter must find.
STRANGER = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", sys.executable, "-c",
            "import socket, time; s = socket.create_server(('127.0.0.1', 8007)); time.sleep(60)"]
# The image's files, as a runtime mounts them.
MOUNTS = """
set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t tmpfs tmpfs "$1/dev"
touch "$1/dev/null"
mount --bind /dev/null "$1/dev/null"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"""


def manifest() -> dict:
    text = (PACKAGING / "kubernetes/base/daemonset.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["spec"]["template"]["spec"]["containers"][0]


def start(root: str, container: dict, *flags: str) -> subprocess.Popen:
    rights = ",".join(f"CAP_{name}" for name in container["securityContext"]["capabilities"]["add"])
    return subprocess.Popen(["unshare", "--mount", "sh", "-c", MOUNTS, "sh", root, sys.executable,
                             capabilities.__file__, root, rights, "/usr/bin/tcp_exporter", *container["args"], *flags])


def get(path: str) -> str:
    """Returns the body of a page, or "" if the exporter does not answer yet."""
    return subprocess.run(["curl", "-sf", "--max-time", "10", f"http://localhost:10793{path}"], capture_output=True,
                          encoding="utf-8", timeout=20, check=False).stdout


def check(root: str, backend: str) -> list[str]:
    container = manifest()
    program = start(root, container, f"--collector.backend={backend}")
    try:
        end, text = time.monotonic() + TIMEOUT, ""
        while time.monotonic() < end and 'local_port="8007"' not in text:
            time.sleep(0.1)
            text = get("/metrics")
        faults = [f"{probe} does not answer" for probe in
                  (container[kind]["httpGet"]["path"] for kind in ("livenessProbe", "readinessProbe"))
                  if not get(probe)]
        for line in ('tcp_connections{state="listen",process="python3[^"]*",local_port="8007"} 1',
                     "tcp_exporter_unreadable_processes 0", f'tcp_exporter_backend_info{{backend="{backend}"}} 1'):
            if not re.search(f"^{line}$", text, re.MULTILINE):
                faults.append(f"no line is {line}\n{text}")
        return [f"{backend}: {fault}" for fault in faults]
    finally:
        program.terminate()
        program.wait(TIMEOUT)


def inside(program: str) -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=20)
    with tempfile.TemporaryDirectory() as root:
        subprocess.run([PACKAGING / "container/rootfs", program, root], check=True, timeout=60)
        stranger = subprocess.Popen(STRANGER)
        try:
            faults = [fault for backend in ("bpf", "procfs") for fault in check(root, backend)]
        finally:
            stranger.kill()
            stranger.wait()
    print("\n".join(faults) or "as in the DaemonSet: bpf and procfs")
    return 1 if faults else 0


def main() -> int:
    if sys.argv[1] == INSIDE:
        return inside(sys.argv[2])
    if os.geteuid() != 0:
        print("a container needs root")
        return SKIPPED
    return subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc",
                           sys.executable, "-B", __file__, INSIDE, sys.argv[1]], timeout=120, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
