# SPDX-License-Identifier: Apache-2.0
"""Tests of the addresses to serve on, in every form."""
import http.client
import os
import socket
import tempfile

from case import SceneCase, main
from process import wait_until
from scene import Program


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Addresses(SceneCase):
    compares = False

    def start(self, *flags: str) -> Program:
        program = self.scene.start(self.binary, f"--collector.backend={self.backend}", *flags)
        self.addCleanup(self.end_program, program)
        return program

    def end_program(self, program: Program) -> None:
        if program.wait(0) is None:
            program.signal(15)
        self.assertEqual(program.wait(20), 0, program.output())

    def await_log(self, program: Program, text: str) -> None:
        self.assertTrue(wait_until(lambda: text in program.output().stderr.decode(), 30), program.output())

    def ask(self, address: str, port: int, path: str = "/healthz") -> int:
        with self.scene.network():
            connection = http.client.HTTPConnection(address, port, timeout=20)
            connection.connect()
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def test_forms(self) -> None:
        for form, address, port in (("0.0.0.0:8001", "127.0.0.1", 8001), ("*:8001", "::1", 8001),
                                    ("[::1%lo]:8001", "::1", 8001), ("127.0.0.1:http", "127.0.0.1", 80),
                                    (":http-alt", "::1", 8080)):  # fmt: skip
            with self.subTest(form):
                program = self.start(f"--web.listen-address={form}")
                self.await_log(program, "msg=listening")
                self.assertEqual(self.ask(address, port), 200)
                self.end_program(program)

    def test_what_is_not_there(self) -> None:
        for form, reason in (("[::1%nowhere]:1", "there is no such interface"), (":no-such", "there is no such service")):
            output = self.output_of_binary(f"--web.listen-address={form}")
            self.assertEqual(output.code, 1)
            self.assertIn(reason, output.stderr.decode())

    def test_unix_socket(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            for _ in range(2):  # the second exporter finds the file of the first
                program = self.start(f"--web.listen-address=unix:{path}", "--web.listen-address=127.0.0.1:8001")
                self.await_log(program, f"address=unix:{path}")
                connection = UnixConnection(path)
                for target in "/healthz", "/metrics":
                    connection.request("GET", target)
                    response = connection.getresponse()
                    self.assertEqual(response.status, 200)
                    self.assertTrue(response.read())
                connection.close()
                self.assertEqual(self.ask("127.0.0.1", 8001), 200)
                other = self.output_of_binary(f"--web.listen-address=unix:{path}")
                self.assertIn("Address already in use", other.stderr.decode())
                self.end_program(program)

    def test_a_file_that_is_no_socket_stays(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file, link = os.path.join(folder, "file"), os.path.join(folder, "link")
            with open(file, "w", encoding="ascii") as stream:
                stream.write("text")
            os.symlink(file, link)
            for path in file, link:
                output = self.output_of_binary(f"--web.listen-address=unix:{path}")
                self.assertEqual(output.code, 1)
                self.assertIn("Address already in use", output.stderr.decode())
                with open(path, encoding="ascii") as stream:
                    self.assertEqual(stream.read(), "text")

    def test_socket_unit_with_a_path(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            argv = ("systemd-socket-activate", "-l", path, self.binary, f"--collector.backend={self.backend}",
                    "--web.systemd-socket")  # fmt: skip
            program = self.scene.start(*argv)
            self.addCleanup(self.end_program, program)
            self.assertTrue(wait_until(lambda: os.path.exists(path), 20), program.output())
            connection = UnixConnection(path)
            connection.request("GET", "/healthz")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()

    def test_arguments_from_a_file(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".flags") as file:
            file.write("# where\n--web.listen-address=127.0.0.1:8001\n--web.telemetry-path=/m\n")
            file.flush()
            program = self.start(f"@{file.name}")
            self.await_log(program, "address=127.0.0.1:8001")
            self.assertEqual(self.ask("127.0.0.1", 8001, "/m"), 200)

    def test_no_limit_on_requests(self) -> None:
        exporter = self.start_exporter("--web.max-requests=0")
        links = [exporter.link().__enter__() for _ in range(150)]
        for link in links:
            link.request("GET", "/metrics")
        self.assertEqual({link.getresponse().status for link in links}, {200})
        for link in links:
            link.close()

    def test_health(self) -> None:
        exporter = self.start_exporter()
        for path in "/healthz", "/readyz", "/-/healthy", "/-/ready":
            self.assertEqual(exporter.ask(path).status, 200, path)
        self.assertEqual(exporter.metrics().value("tcp_exporter_http_requests_in_flight"), 1)


if __name__ == "__main__":
    main()
