# SPDX-License-Identifier: Apache-2.0
"""Tests of changes of the web configuration and of its files while the exporter serves."""
import os
import pathlib
import ssl

from case import main
from exporter import PORT
from process import wait_until
from prometheus import Prometheus
from web import HASHES, Authority, WebCase, ask_on

KEPT = "web configuration rejected, the previous one stays active"
TAKEN = "web configuration reloaded"


class ReloadCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_certificates("server", "client")

    def serial(self) -> int:
        """Returns the serial number of the server's current certificate."""
        with self.client().wrap_socket(self.connect(), server_hostname="localhost") as tls:
            return int(tls.getpeercert()["serialNumber"], 16)

    def test_users(self) -> None:
        self.serve({"basic_auth_users": {"alice": HASHES["other"]}})
        connection = self.open(None)
        self.assertEqual(ask_on(connection, "alice:other").status, 200)
        self.write({"basic_auth_users": {"bob": HASHES["other"]}})
        self.assertEqual(ask_on(connection, "alice:other").status, 401)  # on a connection from before the change
        self.assertEqual(ask_on(connection, "bob:other").status, 200)
        self.write({"basic_auth_users": {"bob": HASHES["secret"]}})
        self.assertEqual(ask_on(connection, "bob:other").status, 401)  # remembered, but with another hash
        self.assertEqual(ask_on(connection, "bob:secret").status, 200)
        self.write({})
        self.assertEqual(ask_on(connection).status, 200)

    def test_same_size_at_once(self) -> None:
        """A second write of the same length within a tick of the clock is noticed."""
        self.serve({})
        for i in range(200):
            name = "ab"[i % 2]
            self.config.write_text(f'basic_auth_users: {{{name}: {HASHES["other"]}}}', encoding="utf-8")
            self.assertEqual(self.ask(login=f"{name}:other").status, 200, i)

    def test_certificate(self) -> None:
        program = self.serve({"tls_server_config": self.tls()})
        before = self.serial()
        Authority(self.folder)  # another authority of the same name
        Authority(self.folder).issue("server", file="new")
        cert, key = ((self.folder / f"new.{kind}").read_bytes() for kind in ("pem", "key"))
        (self.folder / "server.pem").write_bytes(cert)
        with self.assertRaises(ssl.SSLCertVerificationError):  # not used without its key
            self.serial()
        self.assertEqual(self.log(program).count(KEPT), 1, self.log(program))
        (self.folder / "server.key").write_bytes(key)
        self.assertNotEqual(self.serial(), before)

    def test_links(self) -> None:
        """A link exchanges whole folders, as in Kubernetes."""
        for name in "one", "two":
            (self.folder / name).mkdir()
            Authority(self.folder).issue("server")
            for kind in "pem", "key":
                (self.folder / f"server.{kind}").rename(self.folder / name / f"server.{kind}")
            (self.folder / name / "ca.pem").write_bytes((self.folder / "ca.pem").read_bytes())
        (self.folder / "now").symlink_to("one")
        self.serve({"tls_server_config": {"cert_file": "now/server.pem", "key_file": "now/server.key"}})
        (self.folder / "ca.pem").write_bytes((self.folder / "one/ca.pem").read_bytes())
        one = self.serial()
        (self.folder / "next").symlink_to("two")
        (self.folder / "next").replace(self.folder / "now")
        (self.folder / "ca.pem").write_bytes((self.folder / "two/ca.pem").read_bytes())
        self.assertNotEqual(self.serial(), one)

    def test_client_authority(self) -> None:
        clients = self.folder / "clients.pem"
        clients.write_bytes((self.folder / "ca.pem").read_bytes())
        self.serve({"tls_server_config": self.tls(client_auth_type="RequireAndVerifyClientCert",
                                                  client_ca_file="clients.pem")})  # fmt: skip
        self.assertEqual(self.ask(self.client("client")).status, 200)
        Authority(self.folder, "others").issue("client", file="other")
        clients.write_bytes((self.folder / "others.pem").read_bytes())
        self.assertEqual(self.shake(self.client("client")).failure, "TLSV1_ALERT_UNKNOWN_CA")
        self.assertEqual(self.ask(self.client("other")).status, 200)

    def test_tls_on_and_off(self) -> None:
        """TLS is required from the next request on, also on old connections. A connection with TLS keeps it."""
        self.serve({})
        plain = self.open(None)
        self.assertEqual(ask_on(plain).status, 200)
        self.write({"tls_server_config": self.tls()})
        self.assertEqual(self.ask().status, 400)
        encrypted = self.open(self.client())
        self.assertEqual(ask_on(encrypted).status, 200)
        reply = ask_on(plain)
        self.assertEqual((reply.status, reply.headers["Connection"]), (400, "close"))
        self.assertIn(b"HTTPS server", reply.body)
        self.write({})
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(ask_on(encrypted).status, 200)
        self.assertIsNone(ask_on(encrypted).headers["Connection"])

    def test_wrong_file_keeps_the_old(self) -> None:
        program = self.serve({"tls_server_config": self.tls(), "basic_auth_users": {"a": HASHES["other"]}})
        self.assertEqual(self.ask(self.client(), "a:other").status, 200)  # no earlier connection reads the next file
        for number, (text, reason) in enumerate((
            ("a: [", "not YAML"),
            ('{"basic_auth_users": {"a": "b"}}', "bcrypt hash"),
            ("", "the file is empty"),
            ("# nothing\n", "the file is empty"),
            ("---\n", "the file is empty"),
            ("--- # nothing\n", "the file is empty"),
            ("tls_server_config:\nbasic_auth_users:\n", "the file is empty"),
            ('{"tls_server_config": {"cert_file": "gone", "key_file": "gone"}}', "cannot read"),
        ), 1):  # fmt: skip
            self.write(text)
            for _ in range(5):
                self.assertEqual(self.ask(self.client()).status, 401)
                self.assertEqual(self.ask(self.client(), "a:other").status, 200)
            lines = [line for line in self.log(program).splitlines() if KEPT in line]
            self.assertEqual(len(lines), number, self.log(program))
            self.assertIn("level=error", lines[-1])
            self.assertIn(reason, lines[-1])
        self.config.unlink()
        self.assertEqual(self.ask(self.client(), "a:other").status, 200)
        self.write({})
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.log(program).count(TAKEN), 1, self.log(program))

    def test_hangup(self) -> None:
        program = self.serve({})
        program.signal(1)
        self.assertTrue(wait_until(lambda: TAKEN in self.log(program), 10), self.log(program))
        self.write("a: [")
        program.signal(1)
        self.assertTrue(wait_until(lambda: KEPT in self.log(program), 10), self.log(program))
        self.assertEqual(self.ask().status, 200)

    def test_relative_to_the_file(self) -> None:
        below = self.folder / "below"
        below.mkdir()
        for name in "server.pem", "server.key":
            (self.folder / name).rename(below / name)
        self.config = below / "web.yml"
        self.write({"tls_server_config": self.tls()})
        self.serve()
        self.assertEqual(self.ask(self.client()).status, 200)

    def test_nothing_grows(self) -> None:
        """Memory and descriptors do not grow by good and bad handshakes, logins and changes."""
        program = self.serve({"tls_server_config": self.tls(), "basic_auth_users": {"a": HASHES["other"]}})

        def round_of(count: int) -> None:
            for i in range(count):
                self.write({"tls_server_config": self.tls(), "basic_auth_users": {"a": HASHES["other"], f"b{i}": HASHES["other"]}})
                self.assertEqual(self.ask(self.client(), "a:other").status, 200)
                self.assertEqual(self.ask(self.client(), f"a:{i}").status, 401)
                self.shake(self.client(maximum_version=ssl.TLSVersion.TLSv1_2))
                self.ask()  # plain HTTP
                self.connect().close()

        round_of(40)
        before = self.resident(program), self.descriptors(program)
        round_of(120)
        self.assertTrue(wait_until(lambda: self.descriptors(program) <= before[1], 10), os.listdir(f"/proc/{program.pid}/fd"))
        self.assertLess(self.resident(program), before[0] + 1024 * self.allowance)

    @property
    def allowance(self) -> int:
        """Returns the allowed growth in KiB. A sanitizer keeps freed memory for a while."""
        return 64 if b"__asan_init" in pathlib.Path(self.binary).read_bytes() else 1

    def resident(self, program) -> int:
        status = pathlib.Path(f"/proc/{program.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def descriptors(self, program) -> int:
        return len(os.listdir(f"/proc/{program.pid}/fd"))

    # With a real Prometheus

    def test_prometheus(self) -> None:
        """Prometheus scrapes by TLS, with a certificate and a password. It reports a wrong password."""
        program = self.serve({"tls_server_config": self.tls(client_auth_type="RequireAndVerifyClientCert",
                                                            client_ca_file="ca.pem"),
                              "basic_auth_users": {"prometheus": HASHES["secret"]}})  # fmt: skip
        tls = {"ca_file": f"{self.folder}/ca.pem", "cert_file": f"{self.folder}/client.pem",
               "key_file": f"{self.folder}/client.key", "server_name": "localhost"}  # fmt: skip
        jobs = {"good": (tls, "secret"), "wrong": (tls, "guess"), "naked": ({**tls, "cert_file": "", "key_file": ""}, "secret")}
        prometheus = Prometheus(self.scene, {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {"job_name": job, "scheme": "https", "tls_config": settings,
                 "basic_auth": {"username": "prometheus", "password": password},
                 "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]} for job, (settings, password) in jobs.items()
            ],
        })  # fmt: skip
        self.addCleanup(prometheus.stop)
        prometheus.wait_for("up", "job", answer={("good",): 1, ("wrong",): 0, ("naked",): 0})
        prometheus.wait_for("count by (job) (count by (job, state) (tcp_sockets))", "job", answer={("good",): 11})
        errors = {target["labels"]["job"]: target["lastError"] for target in prometheus.get("targets")["activeTargets"]}
        self.assertEqual(errors["good"], "")
        self.assertIn("401 Unauthorized", errors["wrong"])
        self.assertIn("tls: ", errors["naked"])
        self.write({"tls_server_config": self.tls(), "basic_auth_users": {"prometheus": HASHES["other"]}})
        prometheus.wait_for('up{job="good"}', "job", answer={("good",): 0})
        self.assertIsNone(program.wait(0))


if __name__ == "__main__":
    main()
