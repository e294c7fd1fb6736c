#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the binary seeds: corpus/{inet_diag,held_sockets,exposition,windows}. Every socket and name is invented."""

import pathlib
import socket
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

SEQUENCE = 77  # as in fuzz_inet_diag.c
NOOP, ERROR, DONE, OVERRUN = 1, 2, 3, 4
GETSOCK, BY_FAMILY = 18, 20
MULTI, DUMP_INTR = 2, 16
ATTRIBUTE_INFO, ATTRIBUTE_MEMORY, ATTRIBUTE_V6ONLY = 2, 7, 11
MEMORY_WORDS = 9  # of INET_DIAG_SKMEMINFO; the last one is the drops
INFO_SIZE, QUIET_AT = 232, 56  # of struct tcp_info, and where tcpi_last_ack_recv is in it


def message(kind, payload=b"", flags=MULTI, sequence=SEQUENCE):
    """Returns a struct nlmsghdr with its payload."""
    header = struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, 0)
    return header + payload + bytes(-len(payload) % 4)


def attribute(kind, payload):
    """Returns a struct nlattr with its payload."""
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def address(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text).ljust(16, b"\0")


def row(state, local, remote, inode, queues=(0, 0), attributes=b""):
    """Returns a struct inet_diag_msg. Addresses are (text, port)."""
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    ends = struct.pack(">HH", local[1], remote[1]) + address(local[0]) + address(remote[0])
    identity = ends + struct.pack("=III", 0, inode, 0)
    numbers = struct.pack("=IIIII", 0, queues[0], queues[1], 1000, inode)
    return struct.pack("=BBBB", family, state, 0, 0) + identity + numbers + attributes


def info(quiet_ms, size=INFO_SIZE):
    body = bytearray(INFO_SIZE)
    struct.pack_into("=I", body, QUIET_AT, quiet_ms)
    return attribute(ATTRIBUTE_INFO, bytes(body[:size]))


def memory(drops, words=MEMORY_WORDS):
    return attribute(ATTRIBUTE_MEMORY, struct.pack("=9I", *[0] * 8, drops)[:4 * words])


def inet_diag_seeds():
    listener = row(10, ("0.0.0.0", 80), ("0.0.0.0", 0), 11, (3, 511))
    dropping = row(10, ("0.0.0.0", 81), ("0.0.0.0", 0), 14, (129, 128), memory(36) + attribute(ATTRIBUTE_V6ONLY, b"\0"))
    older = row(10, ("0.0.0.0", 82), ("0.0.0.0", 0), 15, (0, 128), memory(36, MEMORY_WORDS - 1))
    v6 = row(10, ("::", 443), ("::", 0), 12, (0, 128), attribute(ATTRIBUTE_V6ONLY, b"\1"))
    waiting = row(8, ("192.0.2.1", 80), ("198.51.100.7", 50123), 13, (1, 0), info(86400000))
    mapped = row(1, ("::ffff:192.0.2.1", 80), ("::ffff:198.51.100.7", 50124), 0)
    gone = row(6, ("2001:db8::1", 443), ("2001:db8::2", 50125), 0)
    rows = [listener, v6, waiting, mapped, gone]
    yield "dump", b"".join(message(BY_FAMILY, each) for each in rows) + message(DONE, struct.pack("=i", 0))
    yield "both-families", b"".join(message(GETSOCK, each) for each in rows)
    yield "drops", message(GETSOCK, dropping) + message(GETSOCK, older) + message(DONE, struct.pack("=i", 0))
    yield "refused", message(ERROR, struct.pack("=i", -2) + bytes(16), 0)
    yield "acknowledged", message(ERROR, struct.pack("=i", 0) + bytes(16), 0)
    yield "failed-at-the-end", message(GETSOCK, gone) + message(DONE, struct.pack("=i", -12))
    yield "overrun", message(NOOP) + message(OVERRUN)
    yield "other-sequence", message(GETSOCK, waiting, sequence=1) + message(GETSOCK, waiting)
    yield "old-kernel-info", message(GETSOCK, row(8, ("192.0.2.1", 80), ("192.0.2.2", 1), 5, (0, 0), info(7, QUIET_AT)))
    yield "cut-row", message(GETSOCK, listener)[:60]
    long_row = bytearray(message(GETSOCK, listener))
    struct.pack_into("=I", long_row, 0, 4000)
    yield "long-row", bytes(long_row)
    yield "length-over-2-gib", message(GETSOCK, listener) + struct.pack("=I", 0xFFFFFFF0) + bytes(40)
    # The last length is no multiple of 4, and its padding is missing.
    for name, attributes, missing in (
        ("odd-flag", attribute(ATTRIBUTE_V6ONLY, b"\1"), 3),
        ("odd-info", info(0x01020304, QUIET_AT + 4), 2),
        ("odd-memory", memory(36), 2),
        ("odd-attribute", bytes(4), 2),
    ):
        odd = bytearray(message(GETSOCK, listener + attributes))
        struct.pack_into("=I", odd, 0, len(odd) - missing)
        yield name, bytes(odd[:-missing])


def held_sockets_seeds():
    # As in fuzz_held_sockets.c: identity, state, process, family and flags, queue, port.
    listener, held = bytes([1, 10, 2, 2, 3, 80]), bytes([2, 1, 2, 0, 0, 80])
    yield "one-process", bytes([0xF3]) + listener + held + bytes([3, 8, 2, 0, 9, 80])
    yield "shared", bytes([0xF0]) + b"".join(bytes([7, 10, process, 4, 1, 80]) for process in (5, 1, 3, 10, 3))
    yield "namespaces", bytes([0x1F]) + b"".join(bytes([9 + i, 3, 4, i * 8, 0, 22]) for i in range(4))
    yield "mapped", bytes([0x11]) + bytes([1, 1, 1, 0x81, 5, 6, 2, 1, 1, 1, 5, 6])
    yield "taken-back", bytes([0x12]) + bytes([1, 0, 0, 0, 0, 0, 1, 12, 0, 0, 0, 0]) + held
    yield "no-task", bytes([0x12]) + held + bytes([4, 1, 255, 0, 0, 80])


def process(sockets, *texts):
    """Returns a process. The bits of the first byte select the texts after the name: user, exe, unit, container."""
    bits = sum(1 << i for i in range(1, len(texts)))
    head = bytes([(bits * 8 + len(sockets) - 1) & 255])
    return head + b"".join(bytes([len(text)]) + text for text in texts) + bytes(sockets)


def exposition_seeds():
    # A socket is one byte. Modulo 11 it is the state. Bit 5: port 80. Bit 7: no process holds it.
    listen, close_wait, established, unheld = 42, 40, 33, 135
    plain = process([listen, close_wait, established], b"nginx", b"www-data", b"/usr/sbin/nginx")
    quoted = [b'say "hi"', b"back\\slash", b"two\nlines", b"tab\there", b"nul\0byte", b"", b"(other)", b"(none)"]
    bad = [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]
    good = [b"\xf0\x9f\x92\xa9", b"\xef\xbf\xbd"]
    java = process([established, 7], b"java", b"app", b"/opt/java", b"a.service", b"c" * 64)
    yield "plain", bytes([0, 128]) + plain
    yield "all-labels", bytes([255, 129]) + plain + java
    yield "quoting", bytes([0, 128]) + b"".join(process([7, close_wait], name) for name in quoted)
    yield "not-utf8", bytes([0, 129]) + b"".join(process([7, close_wait], name) for name in bad + good)
    # Names that are equal after their repair are one series.
    yield "repaired-alike", bytes([0, 130]) + b"".join(process([7], name) for name in (b"\xff", b"\xfe", good[1]))
    yield "folded", bytes([3, 0]) + b"".join(process([7, 0, 1, 2, 39], b"p%d" % i) for i in range(24))
    yield "credited", bytes([0, 128]) + process([listen, unheld, unheld + 32], b"server") + process([200], b"client")


def mib_port(port):
    """Returns a port's 32 bits, of which Windows defines the first 16."""
    return struct.pack(">H", port) + b"\xaa\xbb"


def windows_seeds():
    # As in fuzz_windows.c: 0 is a table of IPv4, 1 one of IPv6, 2 UTF-16, 3 and 4 bound sockets, 5 processes, 6 a
    # command line, 7 output of netsh. States are those of tcpmib.h.
    module = struct.pack("<17Q", 133_000_000_000_000_000, 42, *[0] * 15)

    def v4(state, local, remote, pid):
        ends = b"".join(address(text)[:4] + mib_port(port) for text, port in (local, remote))
        return struct.pack("<I", state) + ends + struct.pack("<I", pid) + module

    def v6(state, local, remote, pid):
        ends = b"".join(address(text) + struct.pack("<I", 7) + mib_port(port) for text, port in (local, remote))
        return ends + struct.pack("<II", state, pid) + module

    rows4 = [v4(2, ("0.0.0.0", 135), ("9.9.9.9", 9), 882), v4(8, ("192.0.2.1", 80), ("198.51.100.7", 50123), 4),
             v4(11, ("192.0.2.1", 80), ("198.51.100.8", 50124), 0), v4(100, ("192.0.2.1", 1), ("192.0.2.2", 2), 884)]
    rows6 = [v6(2, ("::", 445), ("::1", 5), 3), v6(5, ("2001:db8::1", 443), ("2001:db8::2", 50125), 882),
             v6(12, ("::ffff:192.0.2.1", 80), ("::ffff:192.0.2.9", 50126), 0)]
    count = struct.Struct("<Q")
    bound4, bound6 = rows4[1][:24] + bytes(4), rows6[0][:56] + bytes(4)
    name = "w3wp.exe".encode("utf-16-le")
    process = struct.Struct("<II3Q3QHHIQiIQ")
    yield "v4", b"\0" + count.pack(4) + b"".join(rows4)
    yield "v4-cut", b"\0" + count.pack(4) + b"".join(rows4)[:-1]
    yield "v4-slack", b"\0" + count.pack(1) + b"".join(rows4)
    yield "v6", b"\1" + count.pack(3) + b"".join(rows6)
    yield "v6-too-many", b"\1" + count.pack(0xFFFFFFFF) + b"".join(rows6)
    yield "none", b"\1" + count.pack(0)
    yield "bound4", b"\3" + struct.pack("<I", 1) + bound4
    yield "bound6", b"\4" + struct.pack("<I", 1) + bound6
    yield "processes", b"\5" + process.pack(process.size, *[0] * 13, 4) + process.pack(
        0, 9, 0, 0, 0, 133_000_000_000_000_000, 0, 0, len(name), len(name), 0, 2 * process.size, 8, 0, 4321) + name
    yield "command-line", b"\6" + 'w3wp.exe -ap "shop" -v "v4.0"'.encode("utf-16-le")
    yield "netsh-range", b"\7\r\nProtocol tcp\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n"
    yield "netsh-excluded", b"\7\r\nStart Port    End Port\r\n      5357        5357\r\n     50000       50059     *\r\n"
    yield "utf16", b"\2" + "svchost.exe \u00e4\u20ac\U0001f4a9".encode("utf-16-le")
    yield "utf16-halves", b"\2" + struct.pack("<6H", 0xD83D, 0x41, 0xDCA9, 0xDCA9, 0xD83D, 0xD83D) + b"\0"


def main():
    made = (("inet_diag", inet_diag_seeds()), ("held_sockets", held_sockets_seeds()),
            ("exposition", exposition_seeds()), ("windows", windows_seeds()))
    for folder, seeds in made:
        (CORPUS / folder).mkdir(parents=True, exist_ok=True)
        for name, content in seeds:
            (CORPUS / folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
