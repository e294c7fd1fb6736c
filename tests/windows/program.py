# SPDX-License-Identifier: Apache-2.0
"""The Windows program as its tests use it: commands, a running exporter, requests and samples."""

import argparse
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TIMEOUT = 30  # seconds, longer than any step of these tests
programs = argparse.Namespace()


# Files, not pipes: Wine's own processes inherit those, and keep them open for seconds after the program's end.
def command(*arguments, environment=None):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        result = subprocess.run([*programs.emulator, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                timeout=TIMEOUT, env={**os.environ, **(environment or {})})
        for file in (out, err):
            file.seek(0)
        result.stdout, result.stderr = out.read().decode(), err.read().decode()
        return result


def run(*arguments):
    return command(programs.exporter, *arguments)


# Wine has the whole system as its drive Z.
def windows_path(path):
    path = str(pathlib.Path(path).resolve())
    return "Z:" + path.replace("/", "\\") if path.startswith("/") else path


def get(port, path="/metrics", **headers):
    """Returns status, headers and body."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}",
                                     headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Exporter:
    """A running exporter. Its log has its port."""

    def __init__(self, *flags, environment=None):
        self.flags, self.environment = flags, {**os.environ, **(environment or {})}

    def __enter__(self):
        self.log = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(
            [*programs.emulator, programs.exporter, "--web.listen-address=127.0.0.1:0", *self.flags],
            stdin=subprocess.DEVNULL, stderr=self.log, env=self.environment)
        found, deadline = None, time.monotonic() + TIMEOUT
        while not found:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it does not listen: {self.text()}")
            time.sleep(0.01)
            found = re.search(r"msg=listening address=127\.0\.0\.1:(\d+)\n", self.text())
        self.port = int(found.group(1))
        return self

    def text(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(TIMEOUT)

    def __exit__(self, *_):
        self.stop()
        self.log.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def refuses_connections(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def values(text, family):
    """Returns {labels: value} of the family's samples."""
    pattern = re.compile(rf"^{family}(?:{{(.*)}})? (\S+)$", re.MULTILINE)
    return {labels: float(value) for labels, value in pattern.findall(text)}


def wait_for_service(state):
    query, deadline = "", time.monotonic() + TIMEOUT
    while f"  {state}\n" not in query.replace("\r", ""):
        if time.monotonic() > deadline:
            raise AssertionError(f"the service is not {state}: {query}")
        time.sleep(0.05)
        query = command("sc", "query", "tcp_exporter").stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emulator", default="", type=str.split)
    parser.add_argument("--exporter", required=True, type=pathlib.Path)
    parser.parse_known_args(namespace=programs)
    programs.exporter = str(programs.exporter)
    _, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
