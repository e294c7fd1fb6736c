# SPDX-License-Identifier: Apache-2.0
"""IPv4 packets that no socket of the kernel sends."""
import socket
import struct


def checksum(data: bytes) -> int:
    """Returns the Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source: tuple[str, int], target: tuple[str, int], sequence: int = 1, data: bytes = b"") -> bytes:
    """Returns the first packet of a handshake (RFC 791, RFC 9293). `data` has an even length."""
    ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    tcp = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, 0x02, 64000, 0, 0) + data
    pseudo = ends + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0) + ends + tcp


def raw_socket() -> socket.socket:
    """Returns a socket that sends whole packets. The kernel fills in the checksum of the IP header (raw(7))."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    return sock
