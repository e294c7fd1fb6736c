# SPDX-License-Identifier: Apache-2.0
"""Commands of an actor, executed in the actor's process."""
import ctypes
import encodings.idna  # noqa: F401  Another user may not be able to load what a host name needs.
import json
import os
import platform
import resource
import signal
import socket
import threading
import time
import traceback
from typing import Any, Callable

from address import end_of, family_of, set_link_up
from brief import BriefProcesses
from packet import raw_socket, syn
from process import (CLONE_NEWNET, CLONE_NEWPID, MS_PRIVATE, MS_REC, close_all_but, libc, mount, set_name, set_user,
                     setns, unshare)  # fmt: skip

MESSAGE_LIMIT = 1 << 17
TCP_FASTOPEN_CONNECT = 30
SYS_EXIT = {"x86_64": 60, "aarch64": 93, "riscv64": 93}
SYS_CLONE = {"x86_64": 56, "aarch64": 220, "riscv64": 220}
CLONE_FILES = 0x400
TCP_FASTOPEN = 23


class Part(BriefProcesses):
    """The actor's sockets by number, and the verbs."""

    def __init__(self) -> None:
        self.sockets: dict[int, socket.socket] = {}
        self.next = 1
        self.fds: list[int] = []  # that came with the current message
        self.channel: socket.socket

    def _add(self, sock: socket.socket) -> int:
        self.sockets[self.next] = sock
        self.next += 1
        return self.next - 1

    def getpid(self) -> int:
        return os.getpid()

    def rename(self, name: str) -> None:
        set_name(name.encode("latin-1"))

    def become(self, uid: int) -> None:
        set_user(uid)

    # Making sockets

    def listen(self, port: int, address: str = "127.0.0.1", backlog: int = 128, reuse: bool = False,
               only6: bool = False, defer: bool = False, protocol: int = socket.IPPROTO_TCP,
               device: str = "") -> int:
        sock = socket.socket(family_of(address), socket.SOCK_STREAM, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only6)
        if defer:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        sock.bind((address, port))
        sock.listen(backlog)
        return self._add(sock)

    def bind(self, port: int, address: str = "127.0.0.1") -> int:
        sock = socket.socket(family_of(address), socket.SOCK_STREAM)
        sock.bind((address, port))
        return self._add(sock)

    def connect(self, port: int, address: str = "127.0.0.1", wait: bool = True, source: int = 0,
                protocol: int = socket.IPPROTO_TCP, fast: bool = False) -> int:
        """Connects. `source` is the local port. `fast`: data in the SYN. Without `wait` it does not wait."""
        sock = socket.socket(family_of(address), socket.SOCK_STREAM, protocol)
        if fast:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, True)
        if source:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", source))
        sock.settimeout(10 if wait else 0)
        try:
            sock.connect(end_of(address, port))
        except BlockingIOError:
            pass
        return self._add(sock)

    def bind_many(self, first: int, last: int) -> None:
        """Occupies the ports, so that connect() finds none of them free."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        for port in range(first, last + 1):
            self.bind(port=port)

    def connect_many(self, port: int, count: int) -> list[int]:
        """Begins `count` connections, which stay if the peer accepts none of them."""
        self.raise_limit()
        return [self.connect(port=port) for _ in range(count)]

    def connect_to_itself(self, listener: int, count: int) -> tuple[list[int], list[int]]:
        """Makes `count` connections with both ends here. Returns the clients' sockets and the accepted sockets."""
        port = self.port(listener)
        pairs = [(self.connect(port), self.accept(listener)) for _ in range(count)]
        return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]

    def accept(self, listener: int) -> int:
        self.sockets[listener].settimeout(10)
        return self._add(self.sockets[listener].accept()[0])

    def accept_all(self, listener: int) -> list[int]:
        """Empties the accept queue."""
        self.sockets[listener].settimeout(0)
        accepted = []
        while True:
            try:
                accepted.append(self._add(self.sockets[listener].accept()[0]))
            except BlockingIOError:
                return accepted

    def accept_fast_open(self, listener: int, limit: int) -> None:
        self.sockets[listener].setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, limit)

    def send_syn(self, source: str, port: int, target: str, target_port: int) -> None:
        """Sends a SYN with data, and never completes the handshake."""
        with raw_socket() as sock:
            sock.sendto(syn((source, port), (target, target_port), data=b"data"), (target, 0))

    def raise_limit(self) -> None:
        """Raises the limit of open files as far as the process may."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    # Using sockets

    def open_paths(self, pid: int) -> None:
        for name in os.listdir(f"/proc/{pid}/fd"):
            os.open(f"/proc/{pid}/fd/{name}", os.O_PATH)

    def port(self, sock: int) -> int:
        return self.sockets[sock].getsockname()[1]

    def send(self, sock: int, count: int) -> None:
        self.sockets[sock].sendall(bytes(count))

    def fill(self, sock: int) -> int:
        """Writes until the kernel accepts no more bytes. Returns their number."""
        self.sockets[sock].settimeout(0)
        total = 0
        while True:
            try:
                total += self.sockets[sock].send(bytes(65536))
            except BlockingIOError:
                return total

    def receive(self, sock: int, count: int) -> int:
        """Reads `count` bytes, or up to the peer's FIN."""
        self.sockets[sock].settimeout(10)
        return len(self.sockets[sock].recv(count, socket.MSG_WAITALL))

    def shutdown(self, sock: int) -> None:
        self.sockets[sock].shutdown(socket.SHUT_WR)

    def close(self, sock: int) -> None:
        self.sockets.pop(sock).close()

    def close_many(self, socks: list[int]) -> float:
        """Closes sockets as fast as it can. Returns the seconds that it took."""
        began = time.monotonic()
        for sock in socks:
            self.sockets.pop(sock).close()
        return time.monotonic() - began

    def close_second(self, sock: int) -> None:
        """Closes after the peer has closed, so that the peer has the TIME_WAIT."""
        if self.receive(sock, 1):
            raise RuntimeError("the peer sent something")
        self.close(sock)

    def duplicate(self, sock: int) -> int:
        """Makes a second descriptor of the socket."""
        return self._add(self.sockets[sock].dup())

    def hand_over(self, sock: int, to: str) -> None:
        """Sends the socket to the process that has bound the mailbox of that name."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mail:
            mail.connect("\0" + to)
            socket.send_fds(mail, [b"socket"], [self.sockets[sock].fileno()])

    def open_mailbox(self, name: str) -> int:
        mail = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        mail.bind("\0" + name)
        return self._add(mail)

    def take_over(self, mailbox: int) -> int:
        fds = socket.recv_fds(self.sockets[mailbox], 16, 1)[1]
        return self._add(socket.socket(fileno=fds[0]))

    # Processes

    def fork(self, name: str) -> int:
        channel = socket.socket(fileno=os.dup(self.fds[0]))
        pid = os.fork()
        if pid == 0:
            self.channel.detach()
            close_all_but([channel.fileno()] + [sock.fileno() for sock in self.sockets.values()])
            set_name(os.fsencode(name))
            serve(channel, self)
        channel.close()
        return pid

    def share_files(self, name: str) -> int:
        """Starts a child that shares the table of descriptors and does nothing."""
        pid = libc.syscall(ctypes.c_long(SYS_CLONE[platform.machine()]), ctypes.c_ulong(CLONE_FILES | signal.SIGCHLD),
                           None, None, None, None)  # fmt: skip
        if pid == 0:
            set_name(os.fsencode(name))
            while True:
                signal.pause()
        return pid

    def move_to_network_of(self, pid: int) -> None:
        fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        setns(fd, CLONE_NEWNET)
        os.close(fd)

    def divide(self) -> None:
        """Makes the next child PID 1 of a new PID namespace."""
        unshare(CLONE_NEWPID)

    def die(self, number: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(10)

    def exec(self, argv: list[str], zeros: int) -> None:
        for sock in self.sockets.values():
            sock.set_inheritable(True)
        os.execv(argv[0], argv + ["0" * 100_000] * zeros)

    def exit_leader(self) -> None:
        """Ends the main thread. Another thread continues."""
        rest = threading.Thread(target=serve, args=(self.channel, self))
        self.reply(None)
        rest.start()
        libc.syscall(ctypes.c_long(SYS_EXIT[platform.machine()]), 0)

    def swarm(self, count: int, prefix: str, base: int) -> list[int]:
        """Forks `count` processes. The i-th has the name prefix+i and listens on port base+i."""
        return self._fork_all(count, lambda i: self._bee(f"{prefix}{i}", base + i))

    def _bee(self, name: str, port: int) -> None:
        set_name(name.encode())
        self.listen(port=port)

    def cells(self, count: int) -> None:
        """Forks `count` processes called cell, each in a network of its own: a listener on port 80, a connection that it
        has accepted, one that waits for that, and a third in TIME_WAIT."""
        self._fork_all(count, lambda _: self._cell())

    def _cell(self) -> None:
        set_name(b"cell")
        unshare(CLONE_NEWNET)
        set_link_up("lo")
        with open("/proc/sys/net/ipv4/tcp_rfc1337", "w", encoding="ascii") as file:
            file.write("1")
        listener = self.listen(port=80)
        ours = [self.connect(port=80) for _ in range(3)]
        theirs = [self.accept(listener=listener) for _ in range(2)]
        self.close(sock=theirs[0])
        self.close_second(sock=ours[0])

    def _fork_all(self, count: int, begin: Callable[[int], None]) -> list[int]:
        """Forks `count` processes, which close our sockets, call begin(i) and stay. Returns when all have begun."""
        read_end, write_end = os.pipe()
        pids = []
        for i in range(count):
            pid = os.fork()
            if pid == 0:
                self._begin_and_stay(lambda: begin(i), write_end)
            pids.append(pid)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as ready:
            if len(ready.read()) != count:
                raise RuntimeError("not every process could begin")
        return pids

    def _begin_and_stay(self, begin: Callable[[], None], ready: int) -> None:
        try:
            self.channel.detach()
            close_all_but([ready])
            self.sockets, self.next = {}, 1
            begin()
            os.write(ready, b"!")
            os.close(ready)
            while True:
                signal.pause()
        finally:
            os._exit(1)

    def hoard(self, count: int) -> None:
        """Opens `count` descriptors that are no sockets."""
        self.raise_limit()
        with open(os.devnull, "rb") as file:
            for _ in range(count):
                os.dup(file.fileno())

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def mount_proc(self, path: str) -> None:
        """Mounts the procfs of the process's PID namespace."""
        mount("proc", path, "proc")

    def settle_in(self) -> None:
        """Prepares the first process of a scene: its own /proc, and no zombies."""
        mount("none", "/", "", MS_REC | MS_PRIVATE)
        self.mount_proc("/proc")
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    # Messages

    def reply(self, result: Any, trouble: str = "") -> None:
        self.channel.send(json.dumps([result, trouble]).encode())

    def obey(self, message: bytes) -> None:
        method, arguments = json.loads(message)
        try:
            result = getattr(self, method)(**arguments)
        except Exception:  # pylint: disable=broad-except
            self.reply(None, traceback.format_exc())
            return
        self.reply(result)


def serve(channel: socket.socket, part: Part) -> None:
    """Executes commands until the test closes its end."""
    part.channel = channel
    while True:
        message, part.fds, _, _ = socket.recv_fds(channel, MESSAGE_LIMIT, 1)
        if not message:
            os._exit(0)
        part.obey(message)
        for fd in part.fds:
            os.close(fd)
