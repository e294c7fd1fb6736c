# SPDX-License-Identifier: Apache-2.0
"""Commands of an actor that start processes with short lives, without an end."""
import itertools
import os
import signal
import socket
import struct
import time
import traceback

from process import close_all_but, set_name

# An odd number, so that each of two programs has each lifetime.
LISTENER_SECONDS = (0.004, 0.004, 0.004, 0.004, 0.05)
LINGER_RESET = struct.pack("ii", 1, 0)


class BriefProcesses:
    """The part of an actor that starts the processes. Other verbs of the actor make their sockets."""

    sockets: dict[int, socket.socket]
    channel: socket.socket

    def churn(self) -> int:
        """Starts a process that makes processes with sockets and short lives, without an end."""
        pid = os.fork()
        if pid == 0:
            try:
                self.channel.detach()
                close_all_but(())
                self.sockets = {}
                while True:
                    self._short_lives(4)
            finally:
                os._exit(1)
        return pid

    def _short_lives(self, count: int) -> None:
        pids = []
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                try:
                    self._short_life()
                finally:
                    os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)

    def _short_life(self) -> None:
        set_name(b"blip")
        listener = self.listen(port=0)
        ours = self.connect(port=self.port(listener))
        self.sockets[ours].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        theirs = self.accept(listener)
        self.sockets[theirs].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)

    def connect_in_vain(self, port: int) -> int:
        """Starts a process that connects without an end, while no local port is free."""
        pid = os.fork()
        if pid == 0:
            try:
                self.channel.detach()
                close_all_but(())
                while True:
                    with socket.socket() as sock:
                        sock.connect_ex(("127.0.0.1", port))
            finally:
                os._exit(1)
        return pid

    def alternate(self, names: list[str], ports: list[int], pid: int = 5000) -> None:
        """Starts processes one after the other, of these names in turn, each with a listener on the port that goes
        with its name, and all with the same PID. Some live shorter than a scrape, and some outlast the scrapes of a
        busy machine."""
        if os.fork() == 0:
            try:
                self.channel.detach()
                close_all_but(())
                programs, lives = itertools.cycle(zip(names, ports)), itertools.cycle(LISTENER_SECONDS)
                for (name, port), seconds in zip(programs, lives):
                    self._short_listener(name, port, pid, seconds)
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            finally:
                os._exit(1)

    def _short_listener(self, name: str, port: int, pid: int, seconds: float) -> None:
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
            file.write(str(pid - 1))
        child = os.fork()
        if child == 0:
            try:
                set_name(name.encode())
                self.listen(port=port)
                time.sleep(seconds)
            finally:
                os._exit(0)
        if child != pid:  # another process has started a thread or process meanwhile
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
