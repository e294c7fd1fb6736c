#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tcp_exporter.exe: scrapes in both formats, refused requests, the stop, and the service."""

import base64
import contextlib
import gzip
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from program import (TIMEOUT, Exporter, command, free_port, get, main, programs, refuses_connections, run, values,
                     wait_for_service, windows_path)

try:
    import pty
except ImportError:  # on Windows
    pty = None

REQUEST_TIMEOUT = 10  # seconds: REQUEST_NS of connections.c
RECORDED = pathlib.Path(__file__).parent.parent / "data" / "web.replay"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
HASH = "$2y$04$dPsJ2KfMaxJvVa00jo10tuvjtp9zNjk1os.Yi7v/ikvk4hQzMrN3."  # of "other", by htpasswd -B


def on_terminal(*arguments):
    """Returns the program's output on a terminal."""
    terminal, side = pty.openpty()
    with subprocess.Popen([*programs.emulator, *arguments], stdin=side, stdout=side, stderr=side,
                          env={**os.environ, "TERM": "xterm"}):
        os.close(side)
        shown = b""
        with contextlib.suppress(OSError):  # the end
            while more := os.read(terminal, 65536):
                shown += more
    os.close(terminal)
    return re.sub(rb"\x1b\[\??[0-9;]*[A-Za-z]", b"", shown).decode(errors="replace")


class Endpoint(unittest.TestCase):
    def test_text(self):
        with Exporter() as running:
            status, headers, body = get(running.port)
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            text = body.decode()
            self.assertEqual(values(text, "tcp_exporter_backend_info"), {'backend="iphlpapi"': 1})
            states = values(text, "tcp_sockets")
            self.assertEqual(len(states), 12)
            self.assertGreaterEqual(states['state="listen"'], 1)
            ours = [labels for labels in values(text, "tcp_connections")
                    if 'state="listen"' in labels and f'local_port="{running.port}"' in labels]
            self.assertEqual(len(ours), 1)
            for family in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
                           "process_start_time_seconds"):
                self.assertEqual(len(values(text, family)), 1, family)
            self.assertLess(abs(values(text, "process_start_time_seconds")[""] - time.time()), TIMEOUT)
            # Facts that Windows does not report are absent, not zero.
            for family in ("tcp_close_wait_oldest_seconds", "tcp_accept_queue_length", "tcp_accept_queue_limit",
                           "tcp_receive_queue_bytes", "tcp_send_queue_bytes", "tcp_exporter_unreadable_processes",
                           "tcp_exporter_shared_sockets"):
                self.assertNotIn(family, text)

    def test_openmetrics(self):
        with Exporter() as running:
            status, headers, body = get(running.port, Accept=OPENMETRICS)
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.assertTrue(body.endswith(b"# EOF\n"))

    def test_gzip(self):
        with Exporter() as running:
            _, headers, body = get(running.port, Accept_Encoding="gzip")
            self.assertEqual(headers["Content-Encoding"], "gzip")
            self.assertIn(b"\ntcp_sockets{", gzip.decompress(body))

    def test_other_paths(self):
        with Exporter() as running:
            get(running.port)
            for path, status, word in (("/", 200, b"<html"), ("/page.js", 200, b"import "),
                                       ("/healthz", 200, b"ok"), ("/readyz", 200, b"ready"),
                                       ("/nope", 404, b"not found")):
                answer = get(running.port, path)
                self.assertEqual((answer[0], word in answer[2]), (status, True), path)

    def test_no_connection_to_itself(self):
        with Exporter() as running:
            get(running.port)
            rows = json.loads(run("--print-table=json").stdout)
            # Wine does not know the process of every socket.
            own = [row for row in rows if row["process"] in ("tcp_exporter.exe", "System Idle Process")]
            self.assertIn(("listen", running.port), [(row["state"], row["local_port"]) for row in own])
            self.assertEqual([row for row in own if row["state"] == "established" and
                              running.port not in (row["local_port"], row["remote_port"])], [])

    def test_many_scrapes_on_one_connection(self):
        with Exporter() as running:
            with socket.create_connection(("127.0.0.1", running.port), timeout=TIMEOUT) as client:
                for _ in range(50):
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                    received = b""
                    while b"\r\n\r\n" not in received:
                        received += self.receive(client)
                    head, _, body = received.partition(b"\r\n\r\n")
                    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
                    while len(body) < length:
                        body += self.receive(client)
                    self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"))
                    self.assertEqual(len(body), length)

    def receive(self, client):
        piece = client.recv(65536)
        self.assertTrue(piece, "the connection ended within an answer")
        return piece

    def test_silent_clients(self):
        # More connections than slots. The clients do not close connections that the exporter has shut down.
        with Exporter() as running, contextlib.ExitStack() as clients:
            for _ in range(140):
                clients.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=TIMEOUT))
            for wait in (0, REQUEST_TIMEOUT):
                time.sleep(wait)
                began = time.monotonic()
                self.assertEqual(get(running.port, "/healthz")[0], 200)
                self.assertLess(time.monotonic() - began, 5)

    def test_stops(self):
        with Exporter() as running:
            get(running.port)
            began = time.monotonic()
            self.assertEqual(running.stop(), 0)
            self.assertLess(time.monotonic() - began, 5)
            self.assertIn("msg=stopping signal=CTRL_C", running.text())
            self.assertTrue(refuses_connections(running.port))

    def test_address_in_use(self):
        with Exporter() as running:
            result = run(f"--web.listen-address=127.0.0.1:{running.port}")
            self.assertEqual(result.returncode, 1)
            self.assertIn(f'cannot listen on \\"127.0.0.1:{running.port}\\"', result.stderr)


class Command(unittest.TestCase):
    def test_print_table(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as client, listener.accept()[0]:
                lines = run("--print-table").stdout.splitlines()
                # Sockets of this machine that no process of Wine holds.
                nobody = "0      System Idle Process"
                self.assertIn(f"LISTEN            127.0.0.1:{port:<8}         0.0.0.0:0        {nobody}", lines)
                other = client.getsockname()[1]
                self.assertIn(f"ESTAB             127.0.0.1:{port:<8}       127.0.0.1:{other:<8} {nobody}", lines)
                rows = json.loads(run("--print-table=json").stdout)
                row = [each for each in rows if each["local_port"] == port and each["state"] == "listen"]
                self.assertEqual([(each["pid"], each["process"]) for each in row], [(0, "System Idle Process")])

    def test_print_metrics(self):
        printed = run("--print-metrics")
        self.assertEqual(printed.returncode, 0)
        self.assertIn('tcp_sockets{state="listen"} ', printed.stdout)
        for family in ("drops_total", "retransmitting_connections", "zero_window_connections"):
            self.assertNotIn(family, printed.stdout)  # Windows does not report them

    def test_record_and_replay(self):
        recorded = run("--print-table=replay")
        self.assertEqual(recorded.returncode, 0)
        self.assertTrue(recorded.stdout.startswith("tcp_exporter-snapshot 1\n"))
        self.assertNotIn("\r", recorded.stdout)

    def test_refused_flags(self):
        for flags in (["--path.procfs=/proc2"], ["--collector.netns=all"], ["--collector.label=netns"],
                      ["--collector.label=container"], ["--collector.process-name=cmdline"],
                      ["--collector.closed-owners"], ["--collector.shared-sockets"], ["--web.systemd-socket"],
                      ["--security.seccomp"], ["--service=install", "--security.seccomp"],
                      ["--print-table", "--collector.netns=all"]):
            result = run("--web.listen-address=127.0.0.1:0", *flags)
            shown = f"tcp_exporter: {flags[-1].partition('=/')[0]} does not work on Windows\n"
            self.assertEqual((result.returncode, result.stderr.replace("\r", "")), (2, shown))

    @unittest.skipUnless(pty, "its console cannot be read")
    def test_console(self):
        self.assertIn('cannot read "/nowhere/\u00f6"',
                      on_terminal(programs.exporter, "--print-table", "--collector.replay=/nowhere/\u00f6"))
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "version.bat")
            script.write_text(f'@chcp 850\n@"{windows_path(programs.exporter)}" --version\n@chcp\n', encoding="utf-8")
            shown = on_terminal("cmd", "/c", windows_path(script))
        self.assertIn("Windows/", shown)
        self.assertEqual(shown.count(": 850"), 2, shown)  # as it was before

    def test_names_outside_the_code_page(self):
        page = command("reg", "query", r"HKLM\System\CurrentControlSet\Control\Nls\CodePage", "/v", "ACP").stdout
        self.assertRegex(page, r"REG_SZ\s+1252\b")  # Latin letters alone
        with tempfile.TemporaryDirectory(suffix="\u65e5") as folder:
            replay, flags = pathlib.Path(folder, "\u672c.replay"), pathlib.Path(folder, "\u672c.flags")
            shutil.copyfile(RECORDED, replay)
            flags.write_text(f"--print-table=json\n--collector.replay={windows_path(replay)}\n", encoding="utf-8-sig")
            for arguments in ([f"@{windows_path(flags)}"],
                              ["--print-table=json", f"--collector.replay={windows_path(replay)}"]):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn("nginx", [row["process"] for row in json.loads(result.stdout)])
            result = run("--print-table", f"--collector.replay={windows_path(folder)}\\\u8a9e")
            self.assertTrue(result.stderr.endswith("\\\u8a9e\": No such file or directory\n"), result.stderr)

    def test_own_folder(self):
        """A DLL beside the program is not loaded, not even by libraries before main()."""
        libraries = ("bcrypt", "crypt32", "ncrypt")
        with tempfile.TemporaryDirectory() as folder:
            program = shutil.copy(programs.exporter, folder)
            for library in libraries:
                pathlib.Path(folder, f"{library}.dll").write_text("not a DLL", encoding="utf-8")
            # Wine would load its own otherwise
            result = command(str(program), "--version", environment={"WINEDLLOVERRIDES": ",".join(libraries) + "=n,b"})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Windows/", result.stdout)

    def test_version(self):
        result = run("--version")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Windows/", result.stdout)


class Service(unittest.TestCase):
    """The service manager starts and stops the exporter, which must not be installed on this machine."""

    def net(self, *arguments):
        return command("net", *arguments)

    # "net" returns when the action has begun, perhaps before its end.
    def start(self):
        result = self.net("start", "tcp_exporter")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        wait_for_service("RUNNING")

    def install(self, port, *flags):
        result = run(f"--web.listen-address=127.0.0.1:{port}", *flags, "--service", "install")
        self.addCleanup(run, "--service=remove")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_life(self):
        port = free_port()
        self.install(port)
        again = run("--service=install")
        self.assertEqual(again.returncode, 1)
        self.assertIn("cannot install the service", again.stderr)
        self.start()
        self.assertIn(b"\ntcp_sockets{", get(port)[2])
        self.assertEqual(self.net("stop", "tcp_exporter").returncode, 0)
        wait_for_service("STOPPED")
        self.assertTrue(refuses_connections(port))
        self.start()
        self.assertEqual(get(port, "/healthz")[0], 200)
        self.assertEqual(run("--service=remove").returncode, 0)  # stops the service, and waits for its end
        self.assertTrue(refuses_connections(port))
        self.install(port)
        self.assertEqual(run("--service=remove").returncode, 0)
        self.assertEqual(run("--service=remove").returncode, 1)

    def test_removal_at_the_start(self):
        """A service that is starting refuses to stop until it runs."""
        for _ in range(5):
            self.install(free_port())
            self.net("start", "tcp_exporter")
            result = run("--service=remove")
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_open_quote(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "install.bat")
            script.write_text(f'@"{windows_path(programs.exporter)}" --web.listen-address=127.0.0.1:{port} '
                              '--service=install "--log.format=logfmt\n', encoding="utf-8")
            self.addCleanup(run, "--service=remove")
            result = command("cmd", "/c", windows_path(script))
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.start()
        self.assertEqual(get(port, "/healthz")[0], 200)

    def test_names_outside_the_code_page(self):
        port = free_port()
        with tempfile.TemporaryDirectory(suffix="\u65e5") as folder:
            replay = pathlib.Path(folder, "\u672c.replay")
            shutil.copyfile(RECORDED, replay)
            self.install(port, f"--collector.replay={windows_path(replay)}")
            self.start()
            self.assertIn(b'process="nginx"', get(port)[2])
            run("--service=remove")

    def test_that_cannot_start(self):
        port = free_port()
        self.install(port)
        with socket.create_server(("127.0.0.1", port)):
            self.net("start", "tcp_exporter")
            wait_for_service("STOPPED")
            query = command("sc", "query", "tcp_exporter").stdout
            self.assertRegex(query, r"WIN32_EXIT_CODE\s+: 1066")  # ERROR_SERVICE_SPECIFIC_ERROR
            self.assertRegex(query, r"SERVICE_EXIT_CODE\s+: 1\b")

    def test_install_checks_the_flags(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = run(f"--web.listen-address={address}", "--service=install")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f'cannot listen on "{address}"', result.stderr)
        self.assertEqual(run("--service=install", "--collector.netns=all").returncode, 2)
        self.assertEqual(run("--service=remove").returncode, 1)  # nothing is installed

    def test_web_configuration(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "web.yml")
            flags = (f"--web.listen-address=127.0.0.1:{port}", f"--web.config.file={windows_path(file)}",
                     "--service=install")
            self.addCleanup(run, "--service=remove")
            file.write_text("basic_auth_users: {alice: no hash}\r\n", encoding="utf-8")
            result = run(*flags)
            self.assertEqual(result.returncode, 1)
            self.assertIn("web.yml:1: a user's password must be a bcrypt hash", result.stderr)
            result = run("--web.config.file=web.yml", "--service=install")  # not in the folder of a service
            self.assertEqual(result.returncode, 1)
            self.assertIn("a service needs the whole path", result.stderr)
            file.write_text(f"basic_auth_users:\r\n  alice: {HASH}\r\n", encoding="utf-8")
            self.assertEqual(run(*flags).returncode, 0)
            self.start()
            self.assertEqual(get(port)[0], 401)
            login = base64.b64encode(b"alice:other").decode()
            self.assertEqual(get(port, Authorization=f"Basic {login}")[0], 200)
            self.assertEqual(run("--service=remove").returncode, 0)

    def test_account(self):
        self.install(free_port())
        shown = command("reg", "query", r"HKLM\System\CurrentControlSet\Services\tcp_exporter").stdout
        self.assertRegex(shown, r"ObjectName\s+REG_SZ\s+NT SERVICE\\tcp_exporter")

    def test_event_source(self):
        key = r"HKLM\System\CurrentControlSet\Services\EventLog\Application\tcp_exporter"
        self.install(free_port())
        self.assertIn("EventMessageFile", command("reg", "query", key).stdout)
        self.assertEqual(run("--service=remove").returncode, 0)
        self.assertNotEqual(command("reg", "query", key).returncode, 0)

    def test_run_by_hand(self):
        result = run("--service=run")
        self.assertEqual(result.returncode, 1)
        self.assertIn("only the service manager can start this", result.stderr)


if __name__ == "__main__":
    main()
