# SPDX-License-Identifier: Apache-2.0
"""The exporter under test in a scene, and its HTTP client."""
import contextlib
import gzip
import http.client
import os
import signal
import socket
from typing import Iterator, NamedTuple

from exposition import Exposition
from address import family_of
from brief import LINGER_RESET
from process import wait_until
from scene import MAIN, Output, Scene

PORT = 10793
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SANITIZER_WORDS = (b"Sanitizer", b"runtime error:")
# A build with AddressSanitizer is slow on a busy machine.
START_SECONDS = 30
STOP_SECONDS = 20


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Link(http.client.HTTPConnection):
    """One connection from the test to the exporter. Its close resets it, so that no TIME_WAIT stays in the scene.

    Its socket belongs to the scene's network, but no process in the scene holds it.
    """

    def __init__(self, scene: Scene, address: str, port: int, network: str):
        super().__init__(address, port, timeout=30)
        self.scene = scene
        self.network = network

    def connect(self) -> None:
        with self.scene.network(self.network):
            self.sock = socket.socket(family_of(self.host), socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.sock.connect((self.host, self.port))

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Reply:
        self.request(method, path, headers=headers or {})
        response = self.getresponse()
        return Reply(response.status, response.headers, response.read())

    def metrics(self, path: str = "/metrics") -> Exposition:
        return read_metrics(self.ask(path))


def read_metrics(reply: Reply) -> Exposition:
    """Returns the exposition in a reply, which must have status 200."""
    if reply.status != 200:
        raise AssertionError(f"scrape: status {reply.status}: {reply.body[:500]!r}")
    content_type = reply.headers["Content-Type"] or ""
    if content_type != TEXT and not content_type.startswith(OPENMETRICS):
        raise AssertionError(f"scrape: Content-Type is {content_type!r}")
    body = reply.body
    if reply.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    return Exposition(body, openmetrics=content_type != TEXT)


def without_limit(stderr: bytes) -> bytes:
    """Returns the log without the warning of the scene's PID namespace, which every exporter in a scene logs once."""
    lines = stderr.splitlines(keepends=True)
    others = [line for line in lines if b'msg="some owners cannot be seen" reason="the exporter is in a PID' not in line]
    if len(others) != len(lines) - 1:
        raise AssertionError(f"not one warning of the PID namespace: {stderr!r}")
    return b"".join(others)


class Exporter:
    def __init__(self, scene: Scene, binary: str, *flags: str, uid: int | None = None, network: str = MAIN,
                 address: str = "127.0.0.1", port: int = PORT, **environment: str):
        self.scene = scene
        self.binary = binary
        self.flags = flags
        self.uid = uid
        self.address = address
        self.port = port
        self.network = network
        self.environment = environment
        self.name = os.path.basename(binary)[:15]
        # Owner of the test's end of a scrape, for the exporter.
        self.client = "(unknown)"  # a process outside the scene's PID namespace
        host = f"[{address}]" if ":" in address else address
        self.program = scene.start(binary, f"--web.listen-address={host}:{port}", *flags,
                                   network=network, uid=uid, **environment)  # fmt: skip
        if not wait_until(self._ready, START_SECONDS):
            raise AssertionError(f"the exporter is not ready: {self.program.output()}")

    @property
    def pid(self) -> int:
        """Returns the process id in the test's PID namespace."""
        return self.program.pid

    @contextlib.contextmanager
    def link(self, address: str = "", port: int = 0) -> Iterator[Link]:
        link = Link(self.scene, address or self.address, port or self.port, self.network)
        try:
            yield link
        finally:
            link.close()

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Reply:
        with self.link() as link:
            return link.ask(path, method, headers)

    def metrics(self, path: str = "/metrics") -> Exposition:
        with self.link() as link:
            return link.metrics(path)

    def _ready(self) -> bool:
        if self.program.wait(0) is not None:
            raise AssertionError(f"the exporter ended at once: {self.program.output()}")
        try:
            # Ready: the first snapshot has ended, so that no scrape shares it.
            return self.ask("/readyz").status == 200
        except ConnectionRefusedError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> Output:
        """Ends the exporter as an init system does. Checks its output."""
        if self.program.wait(0) is None:
            self.program.signal(number)
        self.program.wait(STOP_SECONDS)
        return self.program.output()

    def open_fds(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def context_switches(self) -> dict[str, int]:
        """Returns how often each thread has begun to wait."""
        switches = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
            switches[task] = int(fields["voluntary_ctxt_switches"])
        return switches

    def resident_kib(self) -> int:
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
