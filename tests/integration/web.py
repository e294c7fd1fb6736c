# SPDX-License-Identifier: Apache-2.0
"""An exporter with a web configuration, and clients that have certificates and passwords."""
import base64
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
from typing import Any, NamedTuple

from case import SceneCase
from exporter import PORT, Reply
from process import wait_until
from scene import Program

# Made by htpasswd -B: at its default cost of 10, at 7, and at the minimum, 4.
HASHES = {
    "secret": "$2y$10$NzD1959gJZlIHXrQARzfXu24HtoKAYwwIl3XtC5LIUCMS.8QQOzIG",
    "mild": "$2y$07$zs/L.MoBsUk0pBkIZ.X2MOGBTEN1f0EJIme4EI4gSQc0HNCdgARwq",
    "other": "$2y$04$dPsJ2KfMaxJvVa00jo10tuvjtp9zNjk1os.Yi7v/ikvk4hQzMrN3.",
}
START_SECONDS = 30
REPLY_SECONDS = 20
# Templates of certtool for certificates, which are clients' by default.
CERTIFICATES = {
    "server": ("dns_name=localhost", "ip_address=127.0.0.1", "tls_www_server"),
    "client": ("dns_name=client.test", "ip_address=10.1.2.3", "ip_address=2001:db8::7", "email=a@client.test",
               "uri=spiffe://client.test/a", "tls_www_client"),
    "expired": ("dns_name=client.test", "tls_www_client", 'activation_date="2020-01-01"',
                'expiration_date="2021-01-01"'),
    "early": ("dns_name=client.test", "tls_www_client", 'activation_date="2100-01-01"',
              'expiration_date="2101-01-01"'),
    "not-a-client": ("dns_name=client.test", "tls_www_server"),
}  # fmt: skip


class Authority:
    """A certificate authority in a folder: the certificates NAME.pem and NAME.key, which it has signed, and its own."""

    def __init__(self, folder: pathlib.Path, name: str = "ca", key_type: str = "ecdsa"):
        self.folder, self.name, self.key_type = folder, name, key_type
        self._key(name, "ecdsa")
        self._certtool(name, ("ca", "cert_signing_key"), "--generate-self-signed")

    def issue(self, name: str, *lines: str, file: str = "") -> None:
        file = file or name
        self._key(file, self.key_type)
        self._certtool(file, lines or CERTIFICATES[name], "--generate-certificate",
                       f"--load-ca-certificate={self.folder / self.name}.pem",
                       f"--load-ca-privkey={self.folder / self.name}.key")  # fmt: skip

    def _key(self, name: str, kind: str) -> None:
        size = ("--curve=secp256r1",) if kind == "ecdsa" else ("--bits=2048",)
        run("certtool", "--generate-privkey", f"--key-type={kind}", *size, f"--outfile={self.folder / name}.key")

    def _certtool(self, name: str, lines: tuple[str, ...], *flags: str) -> None:
        template = self.folder / f"{name}.tmpl"
        lasts = () if any("expiration" in line for line in lines) else ("expiration_days=30",)
        template.write_text("\n".join((f"cn={name}", *lines, *lasts)) + "\n", encoding="utf-8")
        run("certtool", *flags, f"--load-privkey={self.folder / name}.key", f"--template={template}",
            f"--outfile={self.folder / name}.pem")  # fmt: skip


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


class Shake(NamedTuple):
    """The client's result of a handshake: the version, or the alert or other reason of its failure."""

    version: str = ""
    failure: str = ""
    cipher: str = ""


class WebCase(SceneCase):
    """A test with a folder of certificates and web.yml, which the exporter in the scene uses."""

    compares = False  # the twin has no web configuration

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="w\u00f6b")  # not ASCII: a name of any file
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "web.yml"
        self.programs: list[Program] = []

    def make_certificates(self, *names: str) -> None:
        authority = Authority(self.folder)
        for name in names:
            authority.issue(name)

    def write(self, config: Any) -> None:
        """Writes JSON, which is YAML. Replaces the file as a whole, as configuration management does."""
        text = config if isinstance(config, str) else json.dumps(config, indent=1)
        new = self.config.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.config)

    def tls(self, **settings: Any) -> dict:
        return {"cert_file": "server.pem", "key_file": "server.key", **settings}

    # Programs

    def serve(self, config: Any = None, *flags: str, under: tuple[str, ...] = ()) -> Program:
        """Starts the exporter by `under` and waits until it accepts connections. It must end well after the test."""
        if config is not None:
            self.write(config)
        program = self.scene.start(*under, self.binary, f"--web.listen-address=127.0.0.1:{PORT}",
                                   f"--collector.backend={self.backend}", f"--web.config.file={self.config}",
                                   *flags)  # fmt: skip
        self.addCleanup(self.end_program, program)
        self.await_port(program, PORT)
        # its sockets accept connections before it has read its configuration
        self.assertTrue(wait_until(lambda: "msg=listening" in self.log(program), START_SECONDS), program.output())
        return program

    def end_program(self, program: Program) -> None:
        if program.wait(0) is None:
            program.signal(15)
        output = program.output() if program.wait(START_SECONDS) is not None else None
        self.assertIsNotNone(output, "it does not end")
        self.assertEqual(output.code, 0, output)
        for word in b"Sanitizer", b"runtime error:":
            self.assertNotIn(word, output.stderr)

    def await_port(self, program: Program, port: int) -> None:
        def accepts() -> bool:
            self.assertIsNone(program.wait(0), program.output())
            try:
                self.connect(port).close()
            except ConnectionRefusedError:
                return False
            return True

        self.assertTrue(wait_until(accepts, START_SECONDS), program.output())

    def log(self, program: Program) -> str:
        return program.output().stderr.decode()

    # Clients

    def connect(self, port: int = PORT) -> socket.socket:
        with self.scene.network():
            return socket.create_connection(("127.0.0.1", port), timeout=REPLY_SECONDS)

    def client(self, name: str = "", **settings: Any) -> ssl.SSLContext:
        """Returns a client's context that trusts our authority, with the certificate `name` if given."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        for key, value in settings.items():
            setattr(context, key, value)
        return context

    def open(self, context: ssl.SSLContext | None, port: int = PORT) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("localhost", port)
        sock = self.connect(port)
        try:
            connection.sock = context.wrap_socket(sock, server_hostname="localhost") if context else sock
        except Exception:
            sock.close()
            raise
        self.addCleanup(connection.close)
        return connection

    def ask(self, context: ssl.SSLContext | None = None, login: str | None = None, path: str = "/healthz",
            port: int = PORT, method: str = "GET", **headers: str) -> Reply:  # fmt: skip
        """Makes one request on a new connection. `login` is NAME:PASSWORD."""
        connection = self.open(context, port)
        try:
            return ask_on(connection, login, path, method, **headers)
        finally:
            connection.close()

    def shake(self, context: ssl.SSLContext, port: int = PORT) -> Shake:
        """Makes a handshake and a first read, because a server of TLS 1.3 refuses after the handshake."""
        sock = self.connect(port)
        try:
            with context.wrap_socket(sock, server_hostname="localhost") as tls:
                tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                if not tls.recv(1):
                    return Shake(failure="closed")
                return Shake(version=tls.version() or "", cipher=(tls.cipher() or ("",))[0])
        except ssl.SSLError as error:
            return Shake(failure=error.reason or str(error))
        except ConnectionError as error:
            return Shake(failure=type(error).__name__)
        finally:
            sock.close()


def ask_on(connection: http.client.HTTPConnection, login: str | None = None, path: str = "/healthz",
           method: str = "GET", **headers: str) -> Reply:  # fmt: skip
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())
