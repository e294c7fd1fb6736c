# SPDX-License-Identifier: Apache-2.0
"""Base of the integration tests: a scene, an exporter in it, and the comparison of the two.

Run a test file as `test_NAME.py PATH-OF-THE-EXPORTER [unittest arguments]`, with the backend in the environment
variable TCP_EXPORTER_TEST_BACKEND.
"""
import os
import socketserver
import sys
import tempfile
import threading
import unittest
from collections import Counter
from typing import Any, Callable, Iterable

from exporter import PORT, SANITIZER_WORDS, Exporter
from exposition import Exposition
from process import wait_until
from scene import Output, Scene
from sockets import Oracle, Row, show, show_rows
from twin import compare_with_twin

SKIPPED = 77  # SKIP_RETURN_CODE of the CTest cases
QUIET_TRIES = 20
STATES = {"established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "closed",
          "close_wait", "last_ack", "listen", "closing"}  # fmt: skip
# (state, process, local_port) -> how many
Owners = dict[tuple[str, str, str], int]


def kernel_version() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor)


class SceneCase(unittest.TestCase):
    maxDiff = None
    binary = ""
    backend = os.environ.get("TCP_EXPORTER_TEST_BACKEND", "procfs")
    make_scene: Callable[[], Any] = Scene
    flags: tuple[str, ...] = ()  # of every exporter of this case
    # sock_diag dumps bound sockets since Linux 6.8 (net/ipv4/inet_diag.c).
    counts_bound_ports = backend != "procfs" or kernel_version() >= (6, 8)
    compares = backend != "procfs"  # the metrics are compared with those of an exporter that uses procfs

    def setUp(self) -> None:
        self.scene = self.make_scene()
        self.addCleanup(self.scene.close)

    def start_exporter(self, *flags: str, **options) -> Exporter:
        binary = options.pop("binary", self.binary)
        backend = f"--collector.backend={options.pop('backend', self.backend)}"
        exporter = Exporter(self.scene, binary, backend, *self.flags, *flags, **options)
        self.addCleanup(self.end_well, exporter)
        return exporter

    def serve(self, server: socketserver.BaseServer) -> None:
        """Serves in another thread until the test ends."""
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for cleanup in thread.join, server.server_close, server.shutdown:
            self.addCleanup(cleanup)

    def write_script(self, text: str) -> str:
        """Writes an executable file, which is removed after the test."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        path = os.path.join(folder.name, "start")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/bash\n{text}\n")
        os.chmod(path, 0o755)
        return path

    def output_of_binary(self, *flags: str) -> Output:
        return self.scene.output_of(self.binary, f"--collector.backend={self.backend}", *flags)

    def end_well(self, exporter: Exporter) -> None:
        if self.compares and exporter.program.wait(0) is None:
            compare_with_twin(self, exporter)
        output = exporter.stop()
        self.assertEqual(output.code, 0, f"the exporter did not end well: {output}")
        for word in SANITIZER_WORDS:
            self.assertNotIn(word, output.stderr)

    # The scene, and its metrics

    def rows(self) -> list[Row]:
        """Returns the scene's rows without the exporter's own."""
        return [row for row in self.scene.ss() if not row.touches(PORT)]

    def await_states(self, states: Counter) -> None:
        """Waits until ss shows the scene as the test made it."""
        if not wait_until(lambda: Counter(row.state for row in self.rows()) == states, 10):
            self.fail(f"the scene did not come about: wanted {dict(states)}\n{show_rows(self.rows())}")

    def quiet_scrape(self, exporter: Exporter) -> tuple[Exposition, list[Row]]:
        """Returns a scrape, and the rows of ss at the same time, which include the scrape's own connection."""
        for _ in range(QUIET_TRIES):
            with exporter.link() as link:
                before = self.rows()
                exposition = link.metrics()
                after = self.scene.ss()
                if Counter(before) == Counter(row for row in after if not row.touches(PORT)):
                    return exposition, [settled(row) for row in after]
        self.fail(f"the scene never is quiet\n{show_rows(after)}")

    def oracle(self, rows: Iterable[Row], **options) -> Oracle:
        return Oracle(rows, self.scene.ephemeral(), **options)

    def check(self, owners: Owners, exporter: Exporter | None = None) -> Exposition:
        """Compares the totals with ss, and the owners with the test's processes."""
        states: Counter = Counter()
        for (state, _, _), count in owners.items():
            states[state] += count
        self.await_states(+states)
        exporter = exporter or self.start_exporter()
        exposition, rows = self.quiet_scrape(exporter)
        self.check_totals(exposition, self.oracle(rows))
        self.check_owners(exposition, Counter(owners) + own_sockets(exporter))
        if self.compares:
            compare_with_twin(self, exporter)
        return exposition

    def check_totals(self, exposition: Exposition, oracle: Oracle) -> None:
        exact = [
            ("tcp_connections", ("state", "local_port"), oracle.connections()),
            ("tcp_sockets", ("state",), oracle.states()),
            ("tcp_outbound_connections", ("state", "remote_port"), oracle.outbound()),
            ("tcp_accept_queue_length", ("local_port",), oracle.queue_length()),
            ("tcp_accept_queue_limit", ("local_port",), oracle.queue_limit()),
            ("tcp_receive_queue_bytes", ("local_port",), oracle.receive_queue()),
            ("tcp_send_queue_bytes", ("local_port",), oracle.send_queue()),
        ]
        for family, labels, expected in exact:
            self.check_counts(family, exposition.sum_by(family, *labels), expected, oracle.rows)
        total = sum(exposition.family("tcp_connections").samples.values())
        self.assertEqual(total, len(oracle.rows), f"sum of tcp_connections, rows of ss\n{show_rows(oracle.rows)}")
        self.assertEqual(exposition.value("tcp_ephemeral_ports_used"), oracle.ephemeral_used(), show_rows(oracle.rows))
        self.assertEqual(exposition.value("tcp_ephemeral_ports_limit"), oracle.ephemeral_limit())
        self.check_zeros(exposition)

    def check_counts(self, what: str, got: Counter, expected: Counter, rows: Iterable[Row] = ()) -> None:
        if got == expected:
            return
        keys = (key for key in sorted(got | expected) if got[key] != expected[key])
        wrong = [f"{key}: is {got[key]}, must be {expected[key]}" for key in keys]
        self.fail("\n".join([show(what, wrong), show("all of it", sorted(got.items())), show_rows(rows)]))

    def check_owners(self, exposition: Exposition, expected: Counter) -> None:
        got = exposition.sum_by("tcp_connections", "state", "process", "local_port")
        self.check_counts("owners in tcp_connections", got, expected, self.scene.ss())

    def check_zeros(self, exposition: Exposition) -> None:
        """Checks that each group has every state, so that alerts find no gap."""
        self.assertEqual({dict(key)["state"] for key in exposition.family("tcp_sockets").samples}, STATES)
        states: dict[tuple, set[str]] = {}
        for key in exposition.family("tcp_connections").samples:
            rest = tuple(label for label in key if label[0] != "state")
            states.setdefault(rest, set()).add(dict(key)["state"])
        for rest, seen in states.items():
            self.assertEqual(seen - {"closed"}, STATES - {"closed"}, f"states of {rest}")


def own_sockets(exporter: Exporter) -> Counter:
    """Returns the sockets that the exporter itself and the scrape add to the scene."""
    return Counter({
        ("listen", exporter.name, str(PORT)): 1,
        ("established", exporter.name, str(PORT)): 1,
        ("established", exporter.client, "ephemeral"): 1,
    })  # fmt: skip


def settled(row: Row) -> Row:
    """The queues of the scrape's own connection differ between the scrape and the answer."""
    if row.touches(PORT) and row.state != "listen":
        return row._replace(receive=0, send=0)
    return row


def main() -> None:
    if os.geteuid() != 0 and not os.environ.get("CI"):
        print("skipped: network namespaces need root")
        sys.exit(SKIPPED)
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(f"usage: {sys.argv[0]} PATH-OF-THE-EXPORTER [unittest arguments]")
    SceneCase.binary = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)
