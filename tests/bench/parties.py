# SPDX-License-Identifier: Apache-2.0
"""Parts of a measurement: the load, the servers, and a row per measured kind of work."""

import contextlib
import http.client
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import time

# Below the range of ephemeral ports that the bench sets.
FIRST_EXPORTER_PORT = 10793
NODE_EXPORTER_PORT = 9100
# A first snapshot of a million sockets needs a few seconds on a slow machine.
START_SECONDS = 60
STOP_SECONDS = 30

# Limit on the sockets of a process of the load, and the number of its other descriptors.
SOCKETS_PER_PROCESS = 10000
OTHER_DESCRIPTORS = 64

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


class BenchError(Exception):
    """The reason for a missing result."""


def processes_for(sockets, processes):
    """Returns the number of processes for this number of sockets, at least `processes`."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit == resource.RLIM_INFINITY:
        limit = SOCKETS_PER_PROCESS + OTHER_DESCRIPTORS
    return max(processes, -(-sockets // min(SOCKETS_PER_PROCESS, limit - OTHER_DESCRIPTORS)))


class TookTooLong(Exception):
    """The probe stopped the measured work after its time limit."""


class Generator:
    """A program that prints "ready ..." when its sockets exist. It ends with the `with` block."""

    def __init__(self, tools, name, *parameters):
        self._name = name
        self._command = [os.path.join(tools, name), *parameters]

    def __enter__(self):
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = self._child.stdout.readline().split()
        if words[:1] != ["ready"]:
            self._child.wait()
            raise BenchError(f"'{self._name}' could not make its sockets")
        self._ready = words[1:]
        return self

    def __exit__(self, kind, *_):
        self._child.stdin.close()
        self._last_words = self._child.stdout.read()
        self._child.stdout.close()
        if self._child.wait() != 0 and kind is None:
            raise BenchError(f"'{self._name}' ended with status {self._child.returncode}")


class Load(Generator):
    """The sockets of a measurement."""

    def __init__(self, tools, sockets, processes, half_closed):
        self.processes = processes
        self.connections = max(1, sockets // (2 * processes))
        self.half_closed = half_closed
        super().__init__(tools, "load", f"--processes={processes}", f"--connections={self.connections}",
                         f"--half-closed={half_closed}")

    def __enter__(self):
        super().__enter__()
        self.sockets = int(self._ready[0])
        return self


class Extras(Generator):
    """An addition to the load. `words` is its description."""

    def __init__(self, tools, kind, count):
        super().__init__(tools, "extras", kind, str(count))

    def __enter__(self):
        super().__enter__()
        count, *description = self._ready
        self.words = " ".join([f"{int(count):,}", *description])
        return self


class Churn(Generator):
    """Opens and closes connections at a rate. After the `with` block `opened` is their number."""

    def __init__(self, tools, rate, *flags):
        super().__init__(tools, "churn", f"--rate={rate}", *flags)
        self._rate = rate
        self.opened = 0

    def __enter__(self):
        return super().__enter__() if self._rate else self

    def __exit__(self, *error):
        if self._rate:
            super().__exit__(*error)
            self.opened = int(self._last_words or 0)


def reset_on_close(connection):
    """Makes close() reset the connection, so that no TIME_WAIT remains."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """A program that serves /metrics on a port of the loopback interface."""

    def __init__(self, command, port, quiet=False):
        self.port = port
        self._command = command
        self._stderr = subprocess.DEVNULL if quiet else None

    def __enter__(self):
        self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=self._stderr)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._child.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                with socket.create_connection(("127.0.0.1", self.port)) as connection:
                    reset_on_close(connection)
                return self
            time.sleep(0.02)
        self.__exit__()
        raise BenchError(f"'{self._command[0]}' does not listen on port {self.port}")

    def __exit__(self, *_):
        self._child.terminate()
        try:
            self.exit_status = self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self.exit_status = self._child.wait()

    def proc(self, name):
        return pathlib.Path(f"/proc/{self._child.pid}/{name}")

    def cpu_ns(self):
        fields = self.proc("stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # utime, stime: fields 14 and 15 of proc(5)
        return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Returns {VmRSS, VmHWM, RssAnon, ...} in bytes."""
        lines = (line.split() for line in self.proc("status").read_text().splitlines())
        return {words[0][:-1]: int(words[1]) * 1024 for words in lines if words[-1] == "kB"}

    def program_runs(self):
        """Returns the nanoseconds and runs of the server's BPF programs, which kernel.bpf_stats_enabled counts."""
        lines = []
        for path in self.proc("fdinfo").iterdir():
            with contextlib.suppress(FileNotFoundError):  # the server has closed the descriptor of a connection
                lines += [line.split() for line in path.read_text().splitlines()]
        return tuple(sum(int(words[1]) for words in lines if words[0] == name) for name in ("run_time_ns:", "run_cnt:"))

    def descriptors(self):
        return len(list(self.proc("fd").iterdir()))

    def scrape(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        connection.connect()
        reset_on_close(connection.sock)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return text


def parse_samples(text):
    """Returns [(name, labels, value)] of an exposition."""
    matches = (SAMPLE.match(line) for line in text.splitlines() if not line.startswith("#"))
    return [(match[1], dict(LABEL.findall(match[2] or "")), float(match[3])) for match in matches if match]


class Sample:
    def __init__(self, ns, cpu_ns, count):
        self.ns, self.cpu_ns, self.count = ns, cpu_ns, count


class Row:
    """One kind of work, measured by a probe process of its own."""

    def __init__(self, tools, key, title, kind):
        self.key, self.title = key, title
        self.samples = {}  # round -> Sample
        self._kind = kind
        self._command = [os.path.join(tools, "probe"), *kind]

    def __enter__(self):
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind, *_):
        self._child.stdin.close()
        self._child.stdout.close()
        if self._child.wait() != 0 and kind is None:
            raise BenchError(f"{self.title}: the probe ended with status {self._child.returncode}")

    def run(self):
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        words = self._child.stdout.readline().split()
        if words == ["timeout"]:
            raise TookTooLong(f"{self.title}: stopped after two minutes")
        if len(words) != 3:
            raise BenchError(f"{self.title}: the probe failed")
        return Sample(*map(int, words))

    def begin(self):
        """Runs before the first round. Drops the samples of earlier rounds."""
        self.samples = {}

    def after_run(self):
        """Runs after a measured run."""

    def end(self):
        """Runs after the last round."""

    def cpu_ns(self):
        return statistics.median(sample.cpu_ns for sample in self.samples.values())

    def facts(self):
        """Returns facts other than times: memory, phases."""
        return {}

    def sockets_seen(self):
        """Returns (count, True if it counts only the load's sockets), or None if it counts no sockets."""
        return (self.run().count, False) if self._kind[0] in ("dump", "dump-one-walk", "walk", "bpf-walk") else None


class ServerRow(Row):
    """Scrapes of a server, with the CPU time and memory of the server."""

    def __init__(self, tools, key, title, server):
        super().__init__(tools, key, title, ["get", "127.0.0.1", str(server.port), "/metrics"])
        self.server = server

    def begin(self):
        super().begin()
        self.phases = []
        self._cpu = self.server.cpu_ns()

    def end(self):
        self._cpu = (self.server.cpu_ns() - self._cpu) / (len(self.samples) + len(self.phases))
        self._memory = self.server.memory()

    def cpu_ns(self):
        return self._cpu

    def facts(self):
        return {"memory": self._memory}


class ExporterRow(ServerRow):
    def after_run(self):
        """Scrapes once more and returns the durations of the exporter's phases."""
        self.phases.append({labels["phase"]: value * 1e9 for name, labels, value in parse_samples(self.server.scrape())
                            if name == "tcp_exporter_scrape_duration_seconds"})

    def facts(self):
        parts = {phase: statistics.median(scrape[phase] for scrape in self.phases) for phase in self.phases[0]}
        whole = statistics.median(sample.ns for sample in self.samples.values())
        return {**super().facts(), "phases": {**parts, "the rest": whole - sum(parts.values())}}

    def sockets_seen(self):
        count = sum(value for name, labels, value in parse_samples(self.server.scrape())
                    if name == "tcp_connections" and labels["process"].startswith("load-"))
        return int(count), True

    def count(self, family, wanted):
        """Returns the sum of the family's samples that have these labels."""
        return int(sum(value for name, labels, value in parse_samples(self.server.scrape())
                       if name == family and wanted.items() <= labels.items()))


def exporter_server(arguments, backend, port, flags=()):
    """Returns the exporter's server. It logs errors only, since it would warn of the bench's PID namespace."""
    return Server([arguments.exporter, f"--web.listen-address=127.0.0.1:{port}", f"--collector.backend={backend}",
                   "--log.level=error", *flags], port)


def node_exporter_server():
    return Server(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.tcpstat",
                   f"--web.listen-address=127.0.0.1:{NODE_EXPORTER_PORT}"], NODE_EXPORTER_PORT, quiet=True)


def exporter_rows(arguments, flags, stack):
    """Yields a row per backend, each with a server of its own."""
    for number, backend in enumerate(arguments.backends):
        server = stack.enter_context(exporter_server(arguments, backend, FIRST_EXPORTER_PORT + number, flags))
        yield ExporterRow(arguments.tools, f"exporter-{backend}", f"tcp_exporter, {backend}", server)


def floor_rows(arguments):
    tools = arguments.tools
    yield Row(tools, "dump", "bare dump: IPv4, then IPv6", ["dump"])
    yield Row(tools, "dump-one-walk", "bare dump in one walk", ["dump-one-walk"])
    yield Row(tools, "walk", "bare walk of all fds", ["walk"])
    if "bpf" in arguments.backends:
        yield Row(tools, "bpf-walk", "bare BPF walk of all fds", ["bpf-walk"])


def peer_rows(arguments, stack, missing):
    """Yields the rows of other tools, and adds a text per missing row to `missing`."""
    tools = arguments.tools
    yield Row(tools, "ss", "`ss -tanH` (no processes)", ["exec", "ss", "-tanH"])
    if arguments.slow_peers:
        yield Row(tools, "ss-processes", "`ss -tanpH`", ["exec", "ss", "-tanpH"])
    if shutil.which("prometheus-node-exporter"):
        node = stack.enter_context(node_exporter_server())
        yield ServerRow(tools, "node-exporter", "node_exporter, tcpstat only (no processes)", node)
    else:
        missing.append("'prometheus-node-exporter' is not installed (package prometheus-node-exporter)")


@contextlib.contextmanager
def rows(arguments, flags=(), has_peers=True):
    """Yields the rows that this machine can measure, opened, and a text per missing row. `flags` are the exporter's."""
    missing = []
    with contextlib.ExitStack() as servers, contextlib.ExitStack() as probes:
        exporters = list(exporter_rows(arguments, flags, servers))
        found = [*exporters, *floor_rows(arguments),
                 *(peer_rows(arguments, servers, missing) if has_peers else [])]
        if missing and arguments.require_all:
            raise BenchError("cannot measure: " + "; ".join(missing))
        for row in found:
            probes.enter_context(row)
        yield found, missing
    for row in exporters:
        if row.server.exit_status != 0:
            raise BenchError(f"{row.title}: ended with status {row.server.exit_status}")
