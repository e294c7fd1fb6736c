# SPDX-License-Identifier: Apache-2.0
"""Attackers: each is a function that runs in its own process until the process is killed."""
import itertools
import random
import select
import socket
import time
from contextlib import suppress
from typing import Callable, NoReturn

from packet import raw_socket, syn
from brief import LINGER_RESET

PORT = 10793
TARGET = ("127.0.0.1", PORT)
STRANGER = "127.0.0.66"  # not the network of the test's own requests
HEAD = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
GET = HEAD + b"\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
ROUND_SECONDS = 0.02  # between rounds of slow attackers


def connect(source: str = STRANGER, buffer: int = 0) -> socket.socket:
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((source, 0))
    sock.settimeout(5)
    sock.connect(TARGET)
    return sock


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    sock.close()


def drain(sock: socket.socket) -> None:
    with suppress(OSError):
        while sock.recv(1 << 16):
            pass


def hold(count: int, source: str, act: Callable[[socket.socket], None], pause: float, begin: bytes = b"") -> NoReturn:
    """Keeps `count` connections open, opens closed ones again, and acts on each from time to time."""
    mine: list[socket.socket] = []
    while True:
        while len(mine) < count:
            with suppress(OSError):
                mine.append(connect(source))
                mine[-1].sendall(begin)
        gone = set(select.select(mine, [], [], 0)[0])
        for sock in list(mine):
            try:
                if sock in gone:
                    raise ConnectionError
                act(sock)
            except OSError:
                mine.remove(sock)
                reset(sock)
        time.sleep(pause)


def slowloris(source: str = STRANGER) -> NoReturn:
    """Sends one byte of a header per second, on each of 300 connections."""
    hold(300, source, lambda sock: sock.sendall(b"X"), 1, begin=HEAD + b"X-Slow: ")


def slowloris_next_door() -> NoReturn:
    """Attacks from the address of the test's own requests."""
    slowloris("127.0.0.1")


def silence() -> NoReturn:
    hold(300, STRANGER, lambda sock: None, ROUND_SECONDS)


def idlers() -> NoReturn:
    """Sends requests, reads the answers and keeps the connections open."""
    mine: list[socket.socket] = []
    while True:
        with suppress(OSError):
            mine.append(connect())
            mine[-1].sendall(HEALTH)
            mine[-1].recv(4096)
        if len(mine) > 300:
            reset(mine.pop(0))
        time.sleep(0.001)


def half_open() -> NoReturn:
    """Sends SYNs from addresses that never answer (see Scene.add_black_hole). Their handshakes never end."""
    sock = raw_socket()
    for number in itertools.count():
        packet = syn(("192.0.2.9", 1024 + number % 60000), ("192.0.2.1", PORT), sequence=number)
        with suppress(OSError):
            sock.sendto(packet, ("192.0.2.1", 0))
        if number % 50 == 0:
            time.sleep(ROUND_SECONDS)


def byte_at_a_time() -> NoReturn:
    """Sends whole requests with one segment per byte, on 30 connections at once."""
    while True:
        mine = [connect() for _ in range(30)]
        for byte in HEAD + b"Connection: close\r\n\r\n":
            for sock in mine:
                with suppress(OSError):
                    sock.sendall(bytes([byte]))
        for sock in mine:
            drain(sock)
            reset(sock)


def large_heads() -> NoReturn:
    while True:
        sock = connect()
        with suppress(OSError):
            sock.sendall(HEAD + b"X-Large: " + b"x" * 65536 + b"\r\n\r\n")
        drain(sock)
        reset(sock)


def pipelines() -> NoReturn:
    """Sends a thousand requests in a few segments, some of them for metrics."""
    while True:
        sock = connect()
        with suppress(OSError):
            sock.sendall((GET + HEALTH * 99) * 10)
            sock.shutdown(socket.SHUT_WR)
        drain(sock)
        reset(sock)


def bursts() -> NoReturn:
    """Sends 10,000 requests, 100 at once, each on its own connection, again and again."""
    while True:
        for i in range(100):
            mine = [connect() for _ in range(100)]
            for sock in mine:
                with suppress(OSError):
                    sock.sendall(GET if i % 4 == 0 else HEALTH)
            for sock in mine:
                with suppress(OSError):
                    sock.recv(1 << 16)
                reset(sock)


def leavers() -> NoReturn:
    """Closes connections within a request or within its answer, by FIN or RST."""
    for i in itertools.count():
        sock = connect(buffer=4096)
        with suppress(OSError):
            sock.sendall(GET[: random.randrange(1, len(GET))] if i % 3 == 0 else GET)
            if i % 3 == 1:
                sock.recv(100)
        if i % 2:
            reset(sock)
        else:
            sock.close()
        time.sleep(0.002)


def deaf() -> NoReturn:
    """Requests more than the buffers hold, and never reads."""
    mine: list[socket.socket] = []
    while True:
        with suppress(OSError):
            mine.append(connect(buffer=4096))
            mine[-1].sendall(GET * 100)
        if len(mine) > 300:
            reset(mine.pop(0))
        time.sleep(0.005)


def absurd() -> NoReturn:
    pieces = [b"GET", b"BREW", b"\0", b" ", b"/", b"/metrics", b"?collect[]=", b"%00", b"\r\n", b"\n", b":", b"HTTP/1.1",
              b"HTTP/9.9", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Host: x",
              b"\xff" * 100, b"A" * 5000, b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Connection: upgrade"]  # fmt: skip
    while True:
        sock = connect()
        with suppress(OSError):
            sock.sendall(b"".join(random.choices(pieces, k=30)))
            sock.shutdown(socket.SHUT_WR)
        drain(sock)
        reset(sock)


def endless_bodies() -> NoReturn:
    """Sends bodies that never end, with and without an announcement."""
    heads = (b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
             b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
             b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n")
    while True:
        for head in heads:
            sock = connect()
            with suppress(OSError):
                sock.sendall(head)
                for _ in range(40):
                    sock.sendall(b"5\r\nxxxxx\r\n" * 100)
            reset(sock)


ATTACKS: tuple[Callable[[], NoReturn], ...] = (
    slowloris, slowloris_next_door, silence, idlers, half_open, byte_at_a_time, large_heads, pipelines, bursts, leavers,
    deaf, absurd, endless_bodies)  # fmt: skip
