# SPDX-License-Identifier: Apache-2.0
"""Tests in which each allocation fails once: with TLS and a password, and while the exporter reads the web configuration
again. The exporter must answer the next request."""
import http.client
import mmap
import os
import ssl
import struct
from typing import Callable

from case import main
from web import HASHES, WebCase

LIBRARY = os.environ["TCP_EXPORTER_TEST_MEMORY"]
LAYOUT = struct.Struct("=II")  # shared with the library: the allocation that must fail, and the number of failures
# Far more than a request makes. The loops end without a failed allocation.
ALLOCATIONS_MAX = 2000
LOGIN = "alice:other"


class Memory(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_certificates("server", "client")
        file = self.folder / "memory"
        file.write_bytes(bytes(LAYOUT.size))
        with open(file, "r+b") as opened:
            self.shared = mmap.mmap(opened.fileno(), LAYOUT.size)
        self.addCleanup(self.shared.close)
        self.settings = {
            "tls_server_config": self.tls(client_ca_file="ca.pem", client_auth_type="RequireAndVerifyClientCert"),
            "basic_auth_users": {"alice": HASHES["other"]},
        }
        self.context = self.client("client")
        self.program = self.serve(self.settings, under=(
            "env", f"LD_PRELOAD={LIBRARY}", f"TCP_EXPORTER_TEST_MEMORY_FILE={file}"))  # fmt: skip
        self.assert_good()

    def scrape(self, login: str = LOGIN) -> int:
        reply = self.ask(self.context, login, "/metrics")
        if reply.status == 200:
            self.assertIn(b"\ntcp_sockets{", reply.body)
        return reply.status

    def assert_good(self) -> None:
        self.assertEqual((self.scrape(), self.scrape("alice:wrong")), (200, 401))

    def fail_at_each(self, action: Callable[[], object]) -> int:
        """Calls `action` until no allocation fails. Returns the number of calls."""
        number = 1
        while number < ALLOCATIONS_MAX:
            LAYOUT.pack_into(self.shared, 0, number, 0)
            try:
                action()
            except (ConnectionError, ssl.SSLError, http.client.HTTPException):  # but with an answer
                pass
            _, failed = LAYOUT.unpack_from(self.shared)
            LAYOUT.pack_into(self.shared, 0, 0, 0)
            self.assertIsNone(self.program.wait(0), self.program.output())
            self.assertEqual(self.scrape(), 200)
            if not failed:
                self.assert_good()
                return number
            number += 1
        raise AssertionError(f"{number} allocations are not enough")

    def test_scrapes(self) -> None:
        self.assertGreater(self.fail_at_each(self.scrape), 10)

    def test_wrong_passwords(self) -> None:
        self.assertGreater(self.fail_at_each(lambda: self.scrape("alice:nothing")), 5)

    def test_another_configuration(self) -> None:
        def change() -> None:
            self.settings["http_server_config"] = {"headers": {"X-Frame-Options": "deny"}}
            self.write(self.settings)
            self.scrape()
            del self.settings["http_server_config"]
            self.write(self.settings)

        self.assertGreater(self.fail_at_each(change), 50)


if __name__ == "__main__":
    main()
