# SPDX-License-Identifier: Apache-2.0
"""Addresses of sockets, and the state of devices."""
import fcntl
import socket
import struct

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1


def set_link_up(name: str) -> None:
    """Brings the device up, in the process's network (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH", name.encode(), IFF_UP).ljust(40, b"\0"))


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def end_of(address: str, port: int) -> tuple:
    """Returns the address with the number of its device, as in "fe80::1%eth0"."""
    return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4]
