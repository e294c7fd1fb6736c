# SPDX-License-Identifier: Apache-2.0
"""Tests of request framing, byte for byte, over HTTP and TLS. They read every answer to the end of the connection.

Other exporters serve with Go's net/http. A case in which its answer differs states the difference and the reason.
"""
import contextlib
import socket
import ssl
from typing import NamedTuple

from case import main
from web import WebCase

HOST = b"Host: x\r\n"
OK, BAD = 200, 400


class Case(NamedTuple):
    request: bytes
    statuses: tuple[int, ...]
    go: str = ""  # the different answer of Go's net/http, and the reason for the difference


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"POST /healthz HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def get(*lines: bytes, target: bytes = b"/healthz", version: bytes = b"HTTP/1.1", host: bytes = HOST) -> bytes:
    fields = b"".join(line + b"\r\n" for line in lines)
    return b"GET " + target + b" " + version + b"\r\n" + host + fields + b"\r\n"


FRAMING = (
    Case(post(b"Content-Length: 5", body=b"abcde") + get(), (405, OK)),
    Case(post(b"Content-Length: 5 ", body=b"abcde") + get(), (405, OK)),
    Case(post(b"Content-Length: 5", b"Content-Length: 6", body=b"abcdef"), (BAD,)),
    Case(post(b"Content-Length: 5", b"Content-Length: 5", body=b"abcde"), (BAD,),
         "takes two that are the same; RFC 9112, 6.3 lets a server refuse them, and no client sends them"),
    Case(post(b"Content-Length: 5, 5", body=b"abcde"), (BAD,)),
    Case(post(b"Content-Length: -1"), (BAD,)),
    Case(post(b"Content-Length: +5", body=b"abcde"), (BAD,)),
    Case(post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n") + get(), (411,),
         "reads the body; no request here needs one"),
    Case(post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), (BAD,)),
    Case(post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), (BAD,),
         "drops Content-Length; RFC 9112, 6.3 lets a server refuse both"),
    Case(post(b"Content-Length: 5", b"\t6", body=b"abcde"), (BAD,)),
    Case(post(b"Transfer-Encoding: chunked", b" x", body=b"0\r\n\r\n"), (BAD,)),
)
FIELDS = (
    Case(get(), (OK,)),
    Case(get(host=HOST + HOST), (BAD,)),
    Case(get(host=b"Host: a b\r\n"), (BAD,)),
    Case(get(host=b""), (BAD,)),
    Case(get(host=b"", version=b"HTTP/1.0"), (OK,)),
    Case(get(b"A: b\rc"), (BAD,)),
    Case(get(b"A: b\0c"), (BAD,)),
    Case(get(b"A: b", b" c"), (BAD,), "joins the lines; RFC 9112, 5.2 lets a server refuse them"),
    Case(get(b"A : b"), (BAD,)),
    Case(get(b"A"), (BAD,)),
    Case(get(target=b"/healthz\0x"), (BAD,)),
    Case(get(target=b"/a b"), (BAD,)),
    Case(get(version=b"HTTP/9.1"), (505,)),
    Case(get(b"Cookie: " + b"; ".join(b"a=b" for _ in range(2000))), (431,),
         "takes a head of 1 MiB; a scraper sends no cookie, a browser at most a few hundred"),
    Case(get(b"Cookie: " + b"x" * 40000), (431,), "takes a head of 1 MiB"),
    Case(get(target=b"/" + b"x" * 40000), (414,), "answers 431; RFC 9110, 15.5.15 has a status for it"),
    Case(get() + get(host=b"") + get(), (OK, BAD)),
)
METHODS = (
    Case(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n" + get(), (OK, OK)),
    Case(get(target=b"*"), (BAD,)),
    Case(b"HEAD /healthz HTTP/1.1\r\n" + HOST + b"\r\n", (OK,)),
    Case(b"HEAD /nowhere HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    Case(b"HEAD /healthz HTTP/1.1\r\n\r\n", (BAD,)),
    Case(b"HEAD /metrics HTTP/1.1\r\n" + HOST + b"\r\n", (OK,)),
)


class Framing(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_certificates("server")

    def exchange(self, request: bytes, context: ssl.SSLContext | None) -> bytes:
        """Sends the request, closes the client's side, and returns all bytes until the exporter closes."""
        sock = self.connect()
        if context is None:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        else:
            sock = context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)
            sock.sendall(request + b"GET /page.css HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        answers = b""
        with sock:
            while piece := sock.recv(1 << 16):
                answers += piece
        return answers

    def statuses(self, request: bytes, answers: bytes) -> tuple[int, ...]:
        """Returns the statuses of the answers, each of which must be whole. There must be no other byte."""
        statuses, heads = [], request.count(b"HEAD ")
        while answers:
            head, end, rest = answers.partition(b"\r\n\r\n")
            self.assertTrue(end, answers[:200])
            lines = head.split(b"\r\n")
            self.assertRegex(lines[0], rb"\AHTTP/1\.1 [0-9]{3} ")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
            statuses.append(int(lines[0].split()[1]))
            length = 0 if heads else int(fields[b"content-length"])
            heads -= heads > 0
            self.assertLessEqual(length, len(rest), "the answer is cut short")
            answers = rest[length:]
            if statuses[-1] in (BAD, 411, 414, 431, 505):
                self.assertEqual((fields[b"connection"].lower(), answers), (b"close", b""), statuses)
        return tuple(statuses)

    def check(self, cases: tuple[Case, ...], context: ssl.SSLContext | None) -> None:
        for case in cases:
            with self.subTest(case.request[:100]):
                statuses = self.statuses(case.request, self.exchange(case.request, context))
                # with TLS a last request marks the end: it is answered if the connection stays open
                last = (OK,) if context and case.statuses[-1] in (OK, 404, 405) and b"1.0" not in case.request else ()
                self.assertEqual(statuses, case.statuses + last)

    def test_plain(self) -> None:
        self.serve({})
        for cases in FRAMING, FIELDS, METHODS:
            self.check(cases, None)

    def test_tls(self) -> None:
        self.serve({"tls_server_config": self.tls()})
        context = self.client()
        for cases in FRAMING, FIELDS, METHODS:
            self.check(cases, context)

    def test_byte_by_byte(self) -> None:
        self.serve({})
        request = b"\r\n" + get(b"A: b\0c")
        with self.connect() as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                sock.sendall(bytes([byte]))
            answers = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := sock.recv(1 << 16):
                    answers += piece
        self.assertEqual(self.statuses(request, answers), (BAD,))

    def test_half_closed(self) -> None:
        """A client that sends its request and then closes its side is answered, metrics too."""
        self.serve({})
        answers = self.exchange(get(target=b"/metrics"), None)
        self.assertEqual(self.statuses(b"", answers), (OK,))

    def test_a_second_line_counts(self) -> None:
        self.serve({})
        lines = (b"Accept: text/html", b"Accept: application/openmetrics-text;version=1.0.0")
        self.assertIn(b"Content-Type: application/openmetrics-text", self.exchange(get(*lines, target=b"/metrics"), None))
        lines = (b"Accept-Encoding: br", b"Accept-Encoding: gzip")
        self.assertIn(b"Content-Encoding: gzip", self.exchange(get(*lines, target=b"/metrics"), None))


if __name__ == "__main__":
    main()
