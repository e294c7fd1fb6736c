# SPDX-License-Identifier: Apache-2.0
"""Tests of fairness: silent connections from one network flood the exporter, and slow scrapes from another succeed.

A slow scrape's client waits for a round trip before each message that it sends.
"""
import concurrent.futures
import contextlib
import functools
import resource
import socket
import ssl
import time
from typing import NoReturn

import mob
from case import main
from web import WebCase

FLOODER = "127.0.0.2"
RATES = (600, 1500)  # silent connections per second
OPEN_MAX = 4000  # above it, the flood resets its oldest connections
SCRAPES = 20
AT_ONCE = 5
ROUND_TRIP = 0.1
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def flood(rate: int) -> NoReturn:
    """Opens silent connections, at this rate or as fast as possible."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_MAX + 100,) * 2)
    mine: list[socket.socket] = []
    begin, opened = time.monotonic(), 0
    while True:
        while opened < (time.monotonic() - begin) * rate:
            sock = socket.socket()
            sock.bind((FLOODER, 0))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(mob.TARGET)
            mine.append(sock)
            opened += 1
        while len(mine) > OPEN_MAX:
            mob.reset(mine.pop(0))
        time.sleep(0.002)


class Fairness(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_certificates("server")

    def scrape(self, context: ssl.SSLContext | None) -> bytes:
        """Returns the answer. Each message to the server leaves one round trip after the message that it answers."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        answer = b""
        with self.connect() as sock:
            if context is None:
                time.sleep(ROUND_TRIP)
                sock.sendall(GET)
                while piece := sock.recv(1 << 16):
                    answer += piece
                return answer
            tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
            sent = False
            while True:
                try:
                    if not sent:
                        tls.do_handshake()
                        tls.write(GET)
                        sent = True
                    while piece := tls.read(1 << 16):
                        answer += piece
                    return answer
                except ssl.SSLZeroReturnError:
                    return answer
                except ssl.SSLWantReadError:
                    if outgoing.pending:
                        time.sleep(ROUND_TRIP)
                        sock.sendall(outgoing.read())
                    if incoming.write(sock.recv(1 << 16)) == 0:
                        incoming.write_eof()

    def check(self, context: ssl.SSLContext | None) -> None:
        for rate in RATES:
            process = self.scene.spawn(functools.partial(flood, rate))
            try:
                time.sleep(1)  # until the flood has filled every slot
                with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                    answers = list(pool.map(self.try_scrape, [context] * SCRAPES))
                self.assertIsNone(process.wait(0), "the flood ended by itself")
            finally:
                process.kill()
            served = sum(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\n") for answer in answers)
            self.assertEqual(served, SCRAPES, f"{rate} silent connections a second: {[a[:60] for a in answers]}")

    def try_scrape(self, context: ssl.SSLContext | None) -> bytes:
        try:
            return self.scrape(context)
        except OSError as error:
            return repr(error).encode()

    def test_plain(self) -> None:
        self.serve({})
        self.check(None)

    def test_tls(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        self.check(self.client())


if __name__ == "__main__":
    main()
