# SPDX-License-Identifier: Apache-2.0
"""Actors: processes that hold sockets and execute a test's commands.

The test calls a method of Actor. The process runs the method of that name of Part, and the call
returns when the method has ended. A socket has a number, which is the same in a forked actor.
"""
import json
import os
import signal
import socket
from typing import Any

from part import MESSAGE_LIMIT, Part, serve
from process import Process, close_all_but, set_name


class Actor:
    """The test's end of an actor. `pid` is the number that the process itself sees."""

    def __init__(self, channel: socket.socket, pid: int, name: str):
        self._channel = channel
        self.pid = pid
        self.name = name
        self._children: list[Actor] = []  # an actor ends when no process holds its channel
        channel.settimeout(60)

    @classmethod
    def start(cls, name: str, enter: tuple[int, ...] = (), flags: int = 0) -> tuple["Actor", Process]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def body() -> None:
            close_all_but([theirs.fileno()])
            set_name(os.fsencode(name))
            serve(theirs, Part())

        process = Process(body, enter, flags)
        theirs.close()
        actor = cls(ours, 0, name)
        actor.pid = actor.getpid()
        return actor, process

    def fork(self, name: str) -> "Actor":
        """Forks a child that inherits every socket."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            pid = self._call("fork", {"name": name}, [theirs.fileno()])
        self._children.append(Actor(ours, pid, name))
        return self._children[-1]

    def die(self, number: int = signal.SIGKILL) -> None:
        """Ends the process. Returns when its sockets are closed."""
        self._post("die", {"number": number})
        if self._channel.recv(MESSAGE_LIMIT):
            raise RuntimeError(f"{self.name} lives on")

    def exec(self, *argv: str, zeros: int = 0) -> None:
        """Executes another program, which inherits every socket. `zeros` more arguments have 100,000 zeros each."""
        self._post("exec", {"argv": argv, "zeros": zeros})
        reply = self._channel.recv(MESSAGE_LIMIT)  # the channel closes on exec
        if reply:
            raise RuntimeError(f"{self.name}: {reply.decode()}")

    def close_channel(self) -> None:
        self._channel.close()
        for child in self._children:
            child.close_channel()

    def _post(self, method: str, arguments: dict[str, Any], fds: list[int] | None = None) -> None:
        socket.send_fds(self._channel, [json.dumps([method, arguments]).encode()], fds or [])

    def _call(self, method: str, arguments: dict[str, Any], fds: list[int] | None = None) -> Any:
        self._post(method, arguments, fds)
        reply = self._channel.recv(MESSAGE_LIMIT)
        if not reply:
            raise RuntimeError(f"actor {self.name} died in {method}({arguments})")
        result, trouble = json.loads(reply)
        if trouble:
            raise RuntimeError(f"actor {self.name} failed in {method}({arguments}):\n{trouble}")
        return result

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_") or not hasattr(Part, method):
            raise AttributeError(method)
        return lambda **arguments: self._call(method, arguments)


def connect_pairs(client: Actor, server: Actor, listener: int, count: int, port: int,
                  **where: Any) -> tuple[list[int], list[int]]:  # fmt: skip
    """Makes `count` accepted connections. Returns the client's sockets and the server's, in the same order."""
    pairs = []
    for _ in range(count):
        pairs.append((client.connect(port=port, **where), server.accept(listener=listener)))
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
