#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tcp_exporter.exe on tables that no host here has. Stand-ins for iphlpapi.dll and netsh.exe serve them, with PIDs of Wine.

The stand-ins replace Wine's files while the scenes run. Only programs of a scene load them, by WINEDLLOVERRIDES.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from program import TIMEOUT, Exporter, command, get, main, programs, values, windows_path

MODULE_WORDS = 16
# MIB_TCP_STATE (tcpmib.h), with the exporter's names
STATES = {1: "closed", 2: "listen", 3: "syn_sent", 4: "syn_recv", 5: "established", 6: "fin_wait1", 7: "fin_wait2",
          8: "close_wait", 9: "closing", 10: "last_ack", 11: "time_wait", 12: "delete_tcb"}
LISTEN, ESTABLISHED, CLOSE_WAIT, TIME_WAIT = 2, 5, 8, 11
HOLD = 20  # seconds: HOLD_MS of fake_iphlpapi.c
LATER, TICKS = 3600, 10_000_000  # seconds; ticks of a FILETIME in a second
ERROR_ACCESS_DENIED, ERROR_NOT_SUPPORTED = 5, 50
ROWS_MANY = 100_000
PID_DEAD = 0x3FFFFFF0  # Wine's PIDs are small


def port_bytes(port):
    """32 bits, of which Windows defines the first 16."""
    return struct.pack(">H", port) + b"\xbe\xef"


def row4(state, local, remote, pid, created=0, service=0):
    """A MIB_TCPROW_OWNER_MODULE; an end is (address, port)."""
    ends = b"".join(socket.inet_aton(address) + port_bytes(port) for address, port in (local, remote))
    return struct.pack("<I", state) + ends + struct.pack(f"<IQ{MODULE_WORDS}Q", pid, created, service,
                                                         *[0] * (MODULE_WORDS - 1))


def row6(state, local, remote, pid, scope=0):
    """A MIB_TCP6ROW_OWNER_MODULE."""
    ends = b"".join(socket.inet_pton(socket.AF_INET6, address) + struct.pack("<I", scope) + port_bytes(port)
                    for address, port in (local, remote))
    return ends + struct.pack(f"<IIQ{MODULE_WORDS}Q", state, pid, 0, *[0] * MODULE_WORDS)


class Peer:
    """A process of Wine that owns nothing until a scene says so."""

    def __init__(self):
        self.log = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen([*programs.emulator, programs.idle], stdin=subprocess.DEVNULL, stdout=self.log)
        deadline, words = time.monotonic() + TIMEOUT, []
        while len(words) < 3:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the process does not start")
            time.sleep(0.01)
            words = pathlib.Path(self.log.name).read_text(encoding="utf-8").split()
        self.pid, self.created = int(words[1]), int(words[2])
        self.name = pathlib.Path(programs.idle).name

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Scene(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"SCENE": windows_path(self.folder), "WINEDLLOVERRIDES": "iphlpapi,netsh.exe=n"}
        self.peer = Peer()
        self.addCleanup(self.peer.end)

    def enterContext(self, context):  # unittest has it since Python 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def put(self, name, content):
        """Replaces a file at once, since a call may read it."""
        new = self.folder / "new"
        new.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        new.replace(self.folder / name)

    def tables(self, rows4=(), rows6=()):
        for name, rows in (("tcp4", rows4), ("tcp6", rows6)):
            self.put(name, struct.pack("<II", len(rows), 0) + b"".join(rows))

    def exporter(self, *flags):
        return self.enterContext(Exporter(*flags, environment=self.environment))

    def scrape(self, running, **headers):
        status, _, body = get(running.port, **headers)
        self.assertEqual(status, 200, body)
        return body.decode()

    def connections(self, text, **labels):
        """The number of connections with these labels."""
        wanted = {f'{name}="{value}"' for name, value in labels.items()}
        return sum(number for given, number in values(text, "tcp_connections").items()
                   if wanted <= set(given.split(",")))

    def test_states(self):
        rows = [row4(state, ("192.0.2.1", 80), ("198.51.100.1", 50000 + state), self.peer.pid, self.peer.created)
                for state in [*STATES, 100]]
        self.tables(rows)
        text = self.scrape(self.exporter())
        for state in STATES.values():
            # A state that Windows does not define counts as closed.
            number = 2 if state == "closed" else 1
            self.assertEqual(values(text, "tcp_sockets")[f'state="{state}"'], number, state)
            self.assertEqual(self.connections(text, state=state, process=self.peer.name, local_port=80), number, state)

    def test_growth(self):
        self.tables([row4(LISTEN, ("0.0.0.0", 80), ("0.0.0.0", 0), self.peer.pid)])
        self.put("growth", 5)  # of ten tries
        running = self.exporter()
        self.assertEqual(values(self.scrape(running), "tcp_sockets")['state="listen"'], 1)
        self.put("growth", 1000)
        status, _, body = get(running.port)
        self.assertEqual(status, 503)
        self.assertIn(b"it grew faster than it could be read", body)
        (self.folder / "growth").unlink()
        self.scrape(running)

    def test_many_rows(self):
        servers = [row4(LISTEN, ("0.0.0.0", 443), ("0.0.0.0", 0), self.peer.pid)]
        for i in range(ROWS_MANY - 1):
            remote = (f"198.51.{i // 16384}.1", 49152 + i % 16384)
            servers.append(row4(CLOSE_WAIT if i % 10 == 0 else ESTABLISHED, ("192.0.2.1", 443), remote,
                                0 if i % 50 == 1 else self.peer.pid, self.peer.created))
        self.tables(servers)
        text = self.scrape(self.exporter())
        self.assertEqual(sum(values(text, "tcp_sockets").values()), ROWS_MANY)
        self.assertEqual(self.connections(text, process=self.peer.name, local_port=443), ROWS_MANY)
        self.assertEqual(self.connections(text, state="close_wait", process=self.peer.name), (ROWS_MANY - 2) // 10 + 1)

    def test_dead_owners(self):
        self.tables([row4(ESTABLISHED, ("192.0.2.1", 80), ("198.51.100.1", 50000), PID_DEAD, self.peer.created),
                     row4(ESTABLISHED, ("192.0.2.1", 80), ("198.51.100.1", 50001), self.peer.pid, self.peer.created),
                     # The PID belonged to another process when this socket was created.
                     row4(CLOSE_WAIT, ("192.0.2.1", 81), ("198.51.100.1", 50002), self.peer.pid,
                          self.peer.created - LATER * TICKS),
                     row4(CLOSE_WAIT, ("192.0.2.1", 82), ("198.51.100.1", 50003), self.peer.pid,
                          self.peer.created + LATER * TICKS)])
        running = self.exporter()
        for _ in range(2):
            text = self.scrape(running)
            for state, port, name in (("established", 80, "(exited)"), ("established", 80, self.peer.name),
                                      ("close_wait", 81, "(exited)"), ("close_wait", 82, self.peer.name)):
                self.assertEqual(self.connections(text, state=state, local_port=port, process=name), 1, text)
            self.assertNotIn("(unknown)", text)

    def test_time_wait(self):
        self.tables([row4(LISTEN, ("0.0.0.0", 80), ("0.0.0.0", 0), self.peer.pid),
                     row4(TIME_WAIT, ("192.0.2.1", 80), ("198.51.100.1", 50000), 0),
                     row4(TIME_WAIT, ("192.0.2.1", 50000), ("198.51.100.1", 443), 0)])
        text = self.scrape(self.exporter())
        self.assertEqual(self.connections(text, state="time_wait", process=self.peer.name, local_port=80), 1)
        self.assertEqual(self.connections(text, state="time_wait", process="(none)"), 1)

    def test_ipv6(self):
        self.tables(rows6=[row6(LISTEN, ("::", 445), ("::", 0), self.peer.pid),
                           row6(ESTABLISHED, ("fe80::1", 445), ("fe80::2", 49700), self.peer.pid, scope=3),
                           row6(ESTABLISHED, ("fe80::1", 445), ("fe80::2", 49700), self.peer.pid, scope=5),
                           row6(CLOSE_WAIT, ("::ffff:192.0.2.1", 80), ("::ffff:192.0.2.2", 50000), self.peer.pid)])
        text = self.scrape(self.exporter("--collector.label=family"))
        self.assertEqual(self.connections(text, state="established", process=self.peer.name, family="ipv6", local_port=445), 2)
        self.assertEqual(self.connections(text, state="close_wait", process=self.peer.name, family="ipv4"), 1)
        shown = command(programs.exporter, "--print-table=json", environment=self.environment)
        rows = json.loads(shown.stdout)
        self.assertEqual([row["remote_address"] for row in rows if row["local_address"] == "fe80::1"], ["fe80::2"] * 2)

    def test_errors(self):
        running = self.exporter()
        self.put("error6", ERROR_NOT_SUPPORTED)
        self.scrape(running)  # the host has no IPv6
        for family in (6, 4):
            self.put(f"error{family}", ERROR_ACCESS_DENIED)
            status, _, body = get(running.port)
            self.assertEqual(status, 503)
            self.assertRegex(body.decode(), rf"cannot read the table of IPv{family}: .*\(error 5\)")
        for family in (6, 4):
            (self.folder / f"error{family}").unlink()
        self.scrape(running)

    def test_short_table(self):
        self.put("tcp4", struct.pack("<II", 1000, 0) + row4(LISTEN, ("0.0.0.0", 80), ("0.0.0.0", 0), 4) * 10)
        status, _, body = get(self.exporter().port)
        self.assertEqual(status, 503)
        self.assertIn(b"it is shorter than it says", body)

    def test_slow_table(self):
        running = self.exporter()
        self.scrape(running)
        self.put("hold", "")
        self.addCleanup((self.folder / "hold").unlink, missing_ok=True)
        began = time.monotonic()
        self.assertEqual(get(running.port, X_Prometheus_Scrape_Timeout_Seconds="2")[0], 503)
        self.assertEqual(get(running.port, "/healthz")[0], 200)
        self.assertLess(time.monotonic() - began, HOLD)
        (self.folder / "hold").unlink()
        deadline = time.monotonic() + TIMEOUT
        while get(running.port)[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        self.scrape(running)

    def test_stop_during_a_call(self):
        running = self.exporter()
        self.put("hold", "")
        self.addCleanup((self.folder / "hold").unlink, missing_ok=True)
        self.assertEqual(get(running.port, X_Prometheus_Scrape_Timeout_Seconds="1")[0], 503)
        began = time.monotonic()
        self.assertEqual(running.stop(), 0)
        self.assertLess(time.monotonic() - began, HOLD / 2)

    def test_bound_sockets(self):
        bound4 = struct.pack("<I", 0) + socket.inet_aton("0.0.0.0") + port_bytes(49152) + bytes(8) + struct.pack(
            "<II", self.peer.pid, 0)
        bound6 = bytes(16 + 4) + port_bytes(49153) + bytes(16 + 4 + 4) + struct.pack("<III", 0, self.peer.pid, 0)
        self.tables([row4(ESTABLISHED, ("192.0.2.1", 65535), ("198.51.100.1", 443), self.peer.pid)])
        running = self.exporter()
        used = values(self.scrape(running), "tcp_ephemeral_ports_used")[""]
        self.assertEqual(used, 1)
        self.put("bound4", struct.pack("<I", 1) + bound4)
        self.put("bound6", struct.pack("<I", 1) + bound6)
        text = self.scrape(running)
        self.assertEqual(values(text, "tcp_ephemeral_ports_used")[""], 3)
        self.assertEqual(sum(values(text, "tcp_sockets").values()), 1)

    def test_port_range(self):
        default = values(self.scrape(self.exporter()), "tcp_ephemeral_ports_limit")[""]
        self.assertEqual(default, 65535 - 49152 + 1)
        self.put("ipv4-dynamicport", "\r\nProtocol tcp\r\n---\r\nStart Port      : 1025\r\nNumber of Ports : 64511\r\n")
        self.put("ipv6-dynamicport", "\r\nProtocol tcp\r\n---\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n")
        self.put("ipv4-excludedportrange", "Start Port    End Port\r\n---   ---\r\n  5357  5357\r\n  50000  50059  *\r\n")
        # Outbound connections from the whole range to services make no series of their own.
        self.tables([row4(ESTABLISHED, ("192.0.2.1", 1025 + 20 * i), (f"198.51.100.{i % 200}", 443), self.peer.pid)
                     for i in range(3000)])
        text = self.scrape(self.exporter())
        self.assertEqual(values(text, "tcp_ephemeral_ports_limit")[""], 64511 - 1 - 60)
        self.assertEqual(self.connections(text, state="established", local_port="ephemeral"), 3000)
        self.assertEqual(values(text, "tcp_exporter_folded_series")[""], 0)

    def test_services(self):
        pid = self.service_process()
        self.tables([row4(LISTEN, ("0.0.0.0", 7680), ("0.0.0.0", 0), pid, service=3),
                     row4(LISTEN, ("0.0.0.0", 5040), ("0.0.0.0", 0), pid, service=4),
                     row4(LISTEN, ("0.0.0.0", 5041), ("0.0.0.0", 0), pid, service=5)])
        self.put("modules", "3 DoSvc\n4 CDPSvc\n")
        text = self.scrape(self.exporter("--collector.label=unit"))
        self.assertEqual(self.connections(text, state="listen", local_port=7680, unit="DoSvc"), 1, text)
        self.assertEqual(self.connections(text, state="listen", local_port=5040, unit="CDPSvc"), 1)
        # Windows does not name the service, so the socket has the services of the process.
        self.assertEqual(self.connections(text, state="listen", local_port=5041, unit="scene_service"), 1, text)

    def service_process(self):
        """The PID of a running service."""
        file = self.folder / "pid"
        made = command("sc", "create", "scene_service", "binpath=",
                       f'"{windows_path(programs.service)}" "{windows_path(file)}"')
        self.assertEqual(made.returncode, 0, made.stdout)
        self.addCleanup(command, "sc", "delete", "scene_service")
        self.addCleanup(command, "net", "stop", "scene_service")
        self.assertEqual(command("net", "start", "scene_service").returncode, 0)
        return int(file.read_text(encoding="utf-8"))

    def test_descriptions(self):
        self.tables([row4(LISTEN, ("0.0.0.0", 80), ("0.0.0.0", 0), self.peer.pid)])
        text = self.scrape(self.exporter("--collector.label=exe", "--collector.label=user", "--collector.label=pid"))
        self.assertEqual(values(text, "tcp_exporter_undescribed_processes")[""], 0)
        labels = next(each for each in values(text, "tcp_connections") if 'state="listen"' in each)
        self.assertIn(f'pid="{self.peer.pid}"', labels)
        self.assertRegex(labels, r'user="[^"]*\\\\[^"]+"')
        self.assertRegex(labels, rf'exe="[A-Z]:\\\\[^"]*\\\\{re.escape(self.peer.name)}"')
        self.assertNotIn("tcp_exporter_undescribed_processes", self.scrape(self.exporter()))


@contextlib.contextmanager
def stand_in(file):
    """Puts a stand-in in the place of Wine's file."""
    place = pathlib.Path(os.environ["WINEPREFIX"], "drive_c/windows/system32", file.name.removeprefix("fake_"))
    kept = place.with_suffix(".kept")
    if not kept.exists():  # an interrupted run leaves it
        shutil.copy2(place, kept)
    try:
        shutil.copyfile(file, place)
        yield
    finally:
        kept.replace(place)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for file in ("--library", "--netsh"):
        parser.add_argument(file, required=True, type=pathlib.Path)
    parser.add_argument("--idle", required=True)
    parser.add_argument("--service", required=True)
    given, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    programs.idle, programs.service = given.idle, given.service
    with stand_in(given.library), stand_in(given.netsh):
        main()
