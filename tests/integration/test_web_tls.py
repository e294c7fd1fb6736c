# SPDX-License-Identifier: Apache-2.0
"""Tests of TLS by --web.config.file: client certificates, versions and ciphers, and the answers to refused clients."""
import contextlib
import os
import socket
import ssl
import subprocess
import threading
import time
import warnings
from typing import Any, Callable

from case import main
from exporter import PORT, read_metrics
from process import wait_until
from scene import Program
from web import CERTIFICATES, Authority, Shake, WebCase

ASKED = ("RequestClientCert", "VerifyClientCertIfGiven")
VERIFIED = ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
REQUIRED = ("RequireAnyClientCert", "RequireAndVerifyClientCert")
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
OLD_VERSIONS = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
# The alerts of Go's crypto/tls, by OpenSSL's names. Go has told these reasons apart since 1.21.
BAD, UNKNOWN_CA, EXPIRED = "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_CERTIFICATE_EXPIRED"
HANDSHAKE_FAILURE = "SSLV3_ALERT_HANDSHAKE_FAILURE"
MISSING = {"TLSv1.2": BAD, "TLSv1.3": "TLSV13_ALERT_CERTIFICATE_REQUIRED"}
REFUSED = {"stranger": UNKNOWN_CA, "expired": EXPIRED, "early": EXPIRED, "not-a-client": BAD}


class TlsCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_certificates("server", "client", "expired", "early", "not-a-client")
        Authority(self.folder, "stranger-ca").issue("client", file="stranger")

    def expected(self, auth: str, name: str, version: str) -> Shake:
        if not name and auth in REQUIRED:
            return Shake(failure=MISSING[version])
        if name in REFUSED and auth in VERIFIED:
            return Shake(failure=REFUSED[name])
        return Shake(version=version)

    def test_client_certificates(self) -> None:
        program = self.serve({"tls_server_config": self.tls()})
        for auth in ("NoClientCert", "RequireClientCert", *ASKED, *REQUIRED):
            ca = {} if auth == "NoClientCert" else {"client_ca_file": "ca.pem"}
            self.write({"tls_server_config": self.tls(client_auth_type=auth, **ca)})
            for version, number in VERSIONS.items():
                for name in ("", "client", *REFUSED):
                    with self.subTest(auth=auth, client=name, version=version):
                        context = self.client(name, minimum_version=number, maximum_version=number)
                        known = auth if auth != "RequireClientCert" else "RequireAnyClientCert"
                        got = self.shake(context)._replace(cipher="")
                        self.assertEqual(got, self.expected(known, name, version), self.log(program))

    def test_sans(self) -> None:
        cases = {"client.test": True, "10.1.2.3": True, "2001:db8::7": True, "a@client.test": True,
                 "spiffe://client.test/a": True, "*.test": False, "test": False, "2001:DB8::7": False,
                 "CLIENT.TEST": False, "spiffe://client.test": False}  # fmt: skip
        self.serve({"tls_server_config": self.tls()})
        for auth in REQUIRED:
            for san, good in cases.items():
                with self.subTest(auth=auth, san=san):
                    self.write({"tls_server_config": self.tls(client_auth_type=auth, client_ca_file="ca.pem",
                                                              client_allowed_sans=["nobody.test", san])})  # fmt: skip
                    self.assertEqual(self.shake(self.client("client")).failure, "" if good else BAD)

    def test_texts_in_place(self) -> None:
        cert, key, ca = ((self.folder / name).read_text() for name in ("server.pem", "server.key", "ca.pem"))
        self.serve({"tls_server_config": {"cert": cert, "key": key, "client_ca": ca,
                                          "client_auth_type": "RequireAndVerifyClientCert"}})  # fmt: skip
        self.assertEqual(self.ask(self.client("client")).status, 200)
        self.assertEqual(self.shake(self.client("stranger")).failure, UNKNOWN_CA)

    def versions(self, **settings: str) -> list[str]:
        """Returns the supported versions. A client with only one version tries each."""
        self.write({"tls_server_config": self.tls(**settings)})
        spoken = []
        for number in OLD_VERSIONS + tuple(VERSIONS.values()):
            context = self.client()
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = number
            shake = self.shake(context)
            if shake.version:
                spoken.append(shake.version)
            else:
                # a client with only newer versions receives the alert that no cipher suite fits
                newer = number == ssl.TLSVersion.TLSv1_3
                self.assertEqual(shake.failure, HANDSHAKE_FAILURE if newer else "TLSV1_ALERT_PROTOCOL_VERSION")
        return spoken

    def test_versions(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        self.assertEqual(self.versions(), ["TLSv1.2", "TLSv1.3"])
        self.assertEqual(self.versions(min_version="TLS13"), ["TLSv1.3"])
        self.assertEqual(self.versions(max_version="TLS12"), ["TLSv1.2"])
        self.assertEqual(self.versions(min_version="TLS10"), ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
        self.assertEqual(self.versions(min_version="TLS11", max_version="TLS12"), ["TLSv1.1", "TLSv1.2"])

    def test_cipher_suites(self) -> None:
        """The configuration selects the suites of TLS 1.2. All suites of TLS 1.3 are supported, as in Go."""
        suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        self.serve({"tls_server_config": self.tls(cipher_suites=[suite])})
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        self.assertEqual(self.shake(self.client(**old)).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384")
        context = self.client(**old)
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305")
        self.assertEqual(self.shake(context).failure, HANDSHAKE_FAILURE)
        for cipher in "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256":
            output = self.s_client("-tls1_3", "-ciphersuites", cipher)
            self.assertIn(f"Cipher is {cipher}", output)

    def s_client(self, *flags: str) -> str:
        target = ("-connect", f"127.0.0.1:{PORT}", "-CAfile", str(self.folder / "ca.pem"))
        # the end of the input ends the client
        return self.scene.output_of("openssl", "s_client", *target, *flags).stdout.decode()

    def test_default_suites(self) -> None:
        """With TLS 1.2 an AEAD suite is chosen, for each kind of certificate."""
        self.serve({"tls_server_config": self.tls()})
        for kind in "ecdsa", "rsa":
            Authority(self.folder, key_type=kind).issue("server")
            context = self.client(maximum_version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers("DEFAULT")  # OpenSSL's, as curl has them; Python's have no CBC with SHA-1
            self.assertRegex(self.shake(context).cipher, f"^ECDHE-{kind.upper()}-AES.*-GCM-")
            context.set_ciphers(f"ECDHE-{kind.upper()}-AES128-SHA")  # a client with only this suite is served
            self.assertEqual(self.shake(context).cipher, f"ECDHE-{kind.upper()}-AES128-SHA")

    def test_order(self) -> None:
        """The configuration selects the server's order or the client's order."""
        first, second = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
        suites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
        self.serve({"tls_server_config": self.tls()})
        for prefers, chosen in (True, second), (False, first):
            self.write({"tls_server_config": self.tls(cipher_suites=suites, prefer_server_cipher_suites=prefers)})
            context = self.client(maximum_version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(f"{first}:{second}")
            self.assertEqual(self.shake(context).cipher, chosen)

    def test_curves(self) -> None:
        self.serve({"tls_server_config": self.tls(curve_preferences=["CurveP384"])})
        for version in "-tls1_2", "-tls1_3":
            self.assertIn("Temp Key: ECDH, secp384r1, 384 bits", self.s_client(version))
            self.assertIn("alert handshake failure", self.s_client_error(version, "-groups", "X25519:P-256"))

    def s_client_error(self, *flags: str) -> str:
        return self.scene.output_of("openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", *flags).stderr.decode()

    def test_rsa(self) -> None:
        """An RSA certificate signs. RSA key exchange, which has no forward secrecy, is not supported."""
        Authority(self.folder, key_type="rsa").issue("server")
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        self.serve({"tls_server_config": self.tls()})
        self.assertEqual(self.shake(self.client()).version, "TLSv1.3")
        self.assertIn("ECDHE-RSA-", self.shake(self.client(**old)).cipher)
        context = self.client(**old)
        context.set_ciphers("AES128-GCM-SHA256")
        self.assertEqual(self.shake(context).failure, HANDSHAKE_FAILURE)

    def test_key_usage(self) -> None:
        """A server's certificate without the key usage for signatures is valid, as in Go. A client's is refused."""
        authority = Authority(self.folder, key_type="rsa")
        authority.issue("server", *CERTIFICATES["server"], "encryption_key")
        authority.issue("client", *CERTIFICATES["client"], "encryption_key")
        self.serve({"tls_server_config": self.tls(client_auth_type="VerifyClientCertIfGiven",
                                                  client_ca_file="ca.pem")})  # fmt: skip
        for version, number in VERSIONS.items():
            for name, expected in ("", Shake(version=version)), ("client", Shake(failure=BAD)):
                context = self.client(name, minimum_version=number, maximum_version=number)
                self.assertEqual(self.shake(context)._replace(cipher=""), expected)

    def test_protocol(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        for offered, chosen in (["h2", "http/1.1"], "http/1.1"), (["h2"], None):
            context = self.client()
            context.set_alpn_protocols(offered)
            with context.wrap_socket(self.connect(), server_hostname="localhost") as tls:
                self.assertEqual(tls.selected_alpn_protocol(), chosen)

    def test_half_closed(self) -> None:
        """A half-closed connection is answered, and then closed."""
        self.serve({"tls_server_config": self.tls()})
        for version, number in VERSIONS.items():
            context = self.client(minimum_version=number, maximum_version=number)
            start = time.monotonic()
            reply = self.one_way(context, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"), (version, reply[:200]))
            self.assertLess(time.monotonic() - start, 5)

    def one_way(self, context: ssl.SSLContext, data: bytes) -> bytes:
        """Sends the data and a close_notify, then reads to the end."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        received = b""
        with self.connect() as sock:
            self.move(sock, incoming, outgoing, tls.do_handshake)
            tls.write(data)
            with self.assertRaises(ssl.SSLWantReadError):
                tls.unwrap()
            with contextlib.suppress(ssl.SSLZeroReturnError):
                while piece := self.move(sock, incoming, outgoing, tls.read):
                    received += piece
        return received

    def move(self, sock: socket.socket, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, step: Callable) -> Any:
        """Repeats the step until it has all its input. Returns its result."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                if incoming.write(sock.recv(65536)) == 0:
                    incoming.write_eof()

    def test_renegotiation(self) -> None:
        """A client that asks for another handshake receives an alert, and its connection is closed."""
        self.serve({"tls_server_config": self.tls()})
        command = ("openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-tls1_2", "-msg")
        with self.scene.network():
            client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with client:
            client.stdin.write(b"R\n")
            client.stdin.flush()
            output = client.stdout.read()
        self.assertIn(b"warning no_renegotiation", output)
        self.assertEqual(self.ask(self.client()).status, 200)

    # Clients that do not speak TLS, or not in time

    def test_plain_http_is_told(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        for request in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /metrics HTTP/1.1\r\n", b"GET /", b"HEAD / HTTP/1.0\r\n":
            with self.connect() as sock:
                sock.sendall(request)
                reply = self.read_all(sock)
            self.assertEqual(reply, b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")

    def test_refusals_are_told(self) -> None:
        """Each refusal is counted by its reason. The log has a line with the peer, and not one line per refusal."""
        program = self.serve({"tls_server_config": self.tls(client_auth_type="RequireAndVerifyClientCert",
                                                            client_ca_file="ca.pem", min_version="TLS13")})  # fmt: skip
        friend = self.client("client")
        for _ in range(20):
            self.shake(self.client())  # no certificate
        self.shake(self.client("client", maximum_version=ssl.TLSVersion.TLSv1_2))
        with self.connect() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.read_all(sock)
        metrics = read_metrics(self.ask(friend, path="/metrics"))
        errors = metrics.sum_by("tcp_exporter_tls_handshake_errors_total", "reason")
        self.assertEqual((errors[("certificate",)], errors[("version",)], errors[("http",)]), (20, 1, 1), errors)
        lines = [line for line in self.log(program).splitlines() if 'msg="TLS handshake failed"' in line]
        self.assertRegex(lines[0], r"level=info .* peer=127.0.0.1:[0-9]+ reason=")
        self.assertLess(len(lines), 5, "a line for each")
        self.assertNotIn("TCP_NODELAY", self.log(program))

    def test_garbage(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        for garbage in b"\0", b"GE", b"SSH-2.0-x\r\n", b"\x16\x03\x01\xff\xff" + bytes(300), bytes(70000), b"\x16\x03\x01\0\0" * 9:
            with self.connect() as sock:
                try:
                    sock.sendall(garbage)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertNotIn(b"HTTP", self.read_all(sock))
                except (ConnectionResetError, BrokenPipeError):
                    pass
        self.assertEqual(self.ask(self.client()).status, 200)

    def read_all(self, sock: socket.socket) -> bytes:
        data = b""
        while piece := sock.recv(4096):
            data += piece
        return data

    def test_stalled_handshakes(self) -> None:
        """Hundreds of stalled handshakes do not delay other clients. The oldest of them are dropped."""
        program = self.serve({"tls_server_config": self.tls()})
        hello = self.client_hello()
        quiet = min(self.time_of_answer() for _ in range(5))
        stalled = []
        for i in range(300):
            sock = self.connect()
            self.addCleanup(sock.close)
            sock.sendall((b"", hello[:1], hello[:5], hello[:100])[i % 4])
            stalled.append(sock)
        # on a shared machine, the fastest of many tries shows the cost of stalled handshakes
        fast = any(self.time_of_answer() < 2 * quiet + 0.02 for _ in range(20))
        self.assertTrue(fast, self.log(program))
        stalled[0].settimeout(5)
        self.assertEqual(stalled[0].recv(1), b"")  # the oldest connection was dropped
        with self.assertRaises(TimeoutError):
            stalled[-1].settimeout(0.2)
            stalled[-1].recv(1)
        stalled[-1].settimeout(20)
        self.assertIn(stalled[-1].recv(1), (b"",))  # its deadline has passed

    def test_few_descriptors(self) -> None:
        """With no descriptor left, stalled connections are dropped for other clients before their deadline. The
        exporter does not retry all the time."""
        program = self.serve({"tls_server_config": self.tls()}, under=("prlimit", "--nofile=60"))
        stalled = [self.connect() for _ in range(150)]
        for sock in stalled:
            self.addCleanup(sock.close)
        for _ in range(5):
            self.assertEqual(self.ask(self.client()).status, 200)
        before = self.cpu_seconds(program)
        time.sleep(1)
        self.assertLess(self.cpu_seconds(program) - before, 0.5)

    def cpu_seconds(self, program: Program) -> float:
        with open(f"/proc/{program.pid}/stat", encoding="ascii", errors="replace") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def test_stop_amid_handshakes(self) -> None:
        """The exporter stops soon and cleanly during handshakes."""
        self.write({"tls_server_config": self.tls()})
        for _ in range(10):
            program = self.serve()
            stop = threading.Event()
            clients = [threading.Thread(target=self.knock, args=(stop,)) for _ in range(4)]
            for client in clients:
                client.start()
            time.sleep(0.05)
            program.signal(15)
            self.assertTrue(wait_until(lambda program=program: program.wait(0) is not None, 10), self.log(program))
            stop.set()
            for client in clients:
                client.join()
            self.assertEqual(program.output().code, 0, program.output())

    def knock(self, stop: threading.Event) -> None:
        context = self.client()
        while not stop.is_set():
            try:
                self.shake(context)
            except OSError:
                return

    def client_hello(self) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def time_of_answer(self) -> float:
        start = time.monotonic()
        self.assertEqual(self.ask(self.client()).status, 200)
        return time.monotonic() - start


if __name__ == "__main__":
    main()
