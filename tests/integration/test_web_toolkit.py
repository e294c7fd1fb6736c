# SPDX-License-Identifier: Apache-2.0
"""Tests of the web configuration against node_exporter, whose toolkit defines the format: curl, and clients with good,
bad and no certificates, receive the same from both."""
import ssl
from typing import NamedTuple

from case import main
from exporter import PORT
from web import HASHES, Authority, Shake, WebCase

NODE_PORT = 9100
HEADERS = {"X-Frame-Options": "deny", "Strict-Transport-Security": "max-age=31536000",
           "Content-Security-Policy": "default-src 'self'", "X-XSS-Protection": "0"}  # fmt: skip
# Compared headers, in addition to the status. The toolkit writes their names as Go does.
COMPARED = {name.lower() for name in (*HEADERS, "WWW-Authenticate", "X-Content-Type-Options", "Content-Length")}
LOGINS = ((), ("-u", "alice:secret"), ("-u", "alice:wrong"), ("-u", "alice:"), ("-u", "nobody:secret"), ("-u", ":secret"),
          ("-H", "Authorization: Basic"), ("-H", "Authorization: Bearer x"), ("-H", "Authorization: Basic YWxpY2U="),
          ("-H", "Authorization: basic YWxpY2U6c2VjcmV0"), ("-H", "Authorization: Basic YWxpY2U6c2VjcmV0="))  # fmt: skip
CLIENTS = ("", "client", "stranger", "expired", "not-a-client")
AUTHS = ("NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
         "RequireAndVerifyClientCert")  # fmt: skip
# The Go of Debian's node_exporter sends one alert for every reason. Later versions send our alerts.
SINCE_GO_1_21 = {"TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "TLSV13_ALERT_CERTIFICATE_REQUIRED"}


class Got(NamedTuple):
    """The result of curl."""

    exit: int
    status: str
    headers: dict[str, str]
    body: str


class ToolkitCase(WebCase):
    def serve_both(self, config: dict) -> None:
        self.serve(config)
        node = self.scene.start("prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{NODE_PORT}",
                                f"--web.config.file={self.config}", "--collector.disable-defaults",
                                "--web.disable-exporter-metrics")  # fmt: skip
        self.await_port(node, NODE_PORT)

    def curl(self, port: int, scheme: str, *flags: str) -> Got:
        """Requests the metrics. The bodies of good answers are not compared."""
        output = self.scene.output_of("curl", "-sS", "--http1.1", "-i", *flags, f"{scheme}://localhost:{port}/metrics",
                                      "--connect-to", f"localhost:{port}:127.0.0.1:{port}")  # fmt: skip
        head, _, body = output.stdout.decode().replace("\r\n", "\n").partition("\n\n")
        status, *lines = head.split("\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if " 200" in status:
            body = ""
            headers.pop("content-length", None)
            headers.pop("x-content-type-options", None)  # which every answer of ours has
        return Got(output.code, status, {name: headers[name] for name in sorted(COMPARED & set(headers))}, body)

    def compare(self, scheme: str, *flags: str) -> Got:
        ours, theirs = self.curl(PORT, scheme, *flags), self.curl(NODE_PORT, scheme, *flags)
        self.assertEqual(ours, theirs, (scheme, flags))
        return ours

    def test_passwords(self) -> None:
        self.serve_both({"basic_auth_users": {"alice": HASHES["secret"]}, "http_server_config": {"headers": HEADERS}})
        statuses = []
        for login in LOGINS:
            statuses.append(self.compare("http", *login).status.split()[1])
            self.compare("http", "-I", *login)
        self.assertEqual({status: statuses.count(status) for status in statuses}, {"401": 9, "200": 2})

    def test_headers(self) -> None:
        self.serve_both({"http_server_config": {"headers": HEADERS}})
        self.assertEqual(set(self.compare("http").headers), {name.lower() for name in HEADERS})

    def test_reload(self) -> None:
        self.serve_both({"basic_auth_users": {"alice": HASHES["secret"]}})
        for users, status in ({"alice": HASHES["other"]}, "401"), ({"alice": HASHES["secret"]}, "200"), ({}, "200"):
            self.write({"basic_auth_users": users})
            self.assertEqual(self.compare("http", "-u", "alice:secret").status.split()[1], status)

    def test_tls(self) -> None:
        """Handshakes with every policy and every client are equal, as is HTTP at a TLS port."""
        self.make_certificates("server", *CLIENTS[1:2], "expired", "not-a-client")
        Authority(self.folder, "stranger-ca").issue("client", file="stranger")
        self.serve_both({"tls_server_config": self.tls()})
        for auth in AUTHS:
            ca = {} if auth == "NoClientCert" else {"client_ca_file": "ca.pem"}
            self.write({"tls_server_config": self.tls(client_auth_type=auth, **ca),
                        "basic_auth_users": {"alice": HASHES["other"]}})  # fmt: skip
            for name in CLIENTS:
                for number in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    with self.subTest(auth=auth, client=name, version=number):
                        self.compare_shakes(name, minimum_version=number, maximum_version=number)
            trust = ("--cacert", f"{self.folder}/ca.pem")
            own = ("--cert", f"{self.folder}/client.pem", "--key", f"{self.folder}/client.key")
            for login in ("-u", "alice:other"), ("-u", "alice:wrong"), ():
                self.compare("https", *trust, *own, *login)
            self.assertEqual(self.compare("https", *own).exit, 60)  # curl does not know the authority
        self.compare("http")

    def compare_shakes(self, name: str, **settings) -> None:
        context = self.client(name, **settings)
        ours = self.shake(context)._replace(cipher="")
        theirs = self.patient_shake(context)
        if ours.failure in SINCE_GO_1_21 and theirs.failure == "SSLV3_ALERT_BAD_CERTIFICATE":
            ours = ours._replace(failure=theirs.failure)
        self.assertEqual(ours, theirs)

    def patient_shake(self, context: ssl.SSLContext) -> Shake:
        """Handshakes again if the alert is lost, because Go closes its socket at once."""
        for _ in range(50):
            shake = self.shake(context, NODE_PORT)._replace(cipher="")
            if not shake.failure or "ALERT" in shake.failure:
                return shake
        self.fail(f"no alert in 50 tries: {shake}")

    def test_versions_and_ciphers(self) -> None:
        self.make_certificates("server")
        suite = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        self.serve_both({"tls_server_config": self.tls()})
        for settings in {}, {"min_version": "TLS13"}, {"max_version": "TLS12"}, {"cipher_suites": [suite]}:
            self.write({"tls_server_config": self.tls(**settings)})
            for flags in (("--tls-max", "1.2"), ("--tlsv1.3",), ("--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"),
                          ("--tls-max", "1.2", "--ciphers", "DHE-RSA-AES128-SHA256"),
                          ("--tls-max", "1.1", "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0")):  # fmt: skip
                self.compare("https", "--cacert", f"{self.folder}/ca.pem", *flags)

    def test_wrong_files(self) -> None:
        """A file that the toolkit refuses is refused here too."""
        self.make_certificates("server", "client")
        tls = "tls_server_config: {cert_file: server.pem, key_file: server.key"
        for text in ("a: 1", "http_server_config: {headers: {Server: x}}", "basic_auth_users: {a: b}", "rate_limit: []",
                     "http_server_config: {headers: {X-Frame-Options: allow}}", "tls_server_config: {cert_file: a}",
                     f"{tls}, client_auth_type: x}}", f"{tls}, client_ca_file: ca.pem}}", f"{tls}, min_version: TLS9}}",
                     f"{tls}, cipher_suites: [x]}}", f"{tls}, curve_preferences: [x]}}", "http_server_config: {http2: 3}",
                     "tls_server_config: {cert_file: server.pem, key_file: client.key}", "basic_auth_users: {a: x, a: y}",
                     "tls_server_config: {cert_file: server.pem, key_file: gone}", "[]", "a", "a: [", "a: *b"):  # fmt: skip
            self.write(text)
            theirs = self.scene.output_of("prometheus-node-exporter", f"--web.config.file={self.config}",
                                          f"--web.listen-address=127.0.0.1:{NODE_PORT}")  # fmt: skip
            ours = self.output_of_binary(f"--web.config.file={self.config}", f"--web.listen-address=127.0.0.1:{PORT}")
            self.assertEqual((theirs.code, ours.code), (1, 1), text)


if __name__ == "__main__":
    main()
