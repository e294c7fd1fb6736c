# SPDX-License-Identifier: Apache-2.0
"""Scene: network, PID and mount namespaces of one test, with actors and programs in them.

The namespaces have no names and end with the scene. The first process, `init`, is PID 1 there.
"""
import contextlib
import os
import tempfile
from typing import Callable, Iterator, NamedTuple, Sequence

from actor import Actor
from process import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, Process, close_all_but, die_with_parent, set_user, setns
from sockets import Row, parse_ss

PROGRAM_SECONDS = 60
MAIN = "main"


class Output(NamedTuple):
    code: int | None
    stdout: bytes
    stderr: bytes


class Program(Process):
    """A program in the scene. Its output goes to files."""

    def __init__(self, argv: Sequence[str], enter: Sequence[int], uid: int | None, environment: dict[str, str]):
        self.files = (tempfile.TemporaryFile(), tempfile.TemporaryFile())

        def body() -> None:
            for number, file in enumerate(self.files, start=1):
                os.dup2(file.fileno(), number)
            close_all_but(())
            if uid is not None:
                set_user(uid)
                die_with_parent()
            os.execvpe(argv[0], argv, {**os.environ, **environment})

        super().__init__(body, enter)

    def output(self) -> Output:
        out, err = (os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in self.files)
        return Output(self.wait(0), out, err)

    def close(self) -> None:
        self.kill()
        for file in self.files:
            file.close()


class Scene:
    def __init__(self) -> None:
        self._closing = contextlib.ExitStack()
        self.init, process = Actor.start("init", flags=CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID)
        self._closing.callback(process.kill)
        self._closing.callback(self.init.close_channel)
        self._closing.callback(lambda: [self.forget_network(name) for name in list(self.networks)])
        self._inside = (self._open(process.pid, "mnt"), self._open(process.pid, "pid"))
        self.networks = {MAIN: os.open(f"/proc/{process.pid}/ns/net", os.O_RDONLY)}
        self._home = self._open(os.getpid(), "net")
        self.init.settle_in()
        self._settle_network(MAIN)

    def close(self) -> None:
        self._closing.close()

    def _open(self, pid: int, kind: str) -> int:
        fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
        self._closing.callback(os.close, fd)
        return fd

    def _settle_network(self, name: str) -> None:
        self.run("ip", "link", "set", "lo", "up", network=name)
        # Once in some hundred closes the last ACKs of both sides cross, and a reset answers one. It must not end
        # the TIME_WAIT that a test waits for (RFC 1337).
        self.run("sysctl", "-qw", "net.ipv4.tcp_rfc1337=1", network=name)

    def _start_actor(self, name: str, network: str, flags: int) -> tuple[Actor, Process]:
        actor, process = Actor.start(name, (*self._inside, self.networks[network]), flags)
        self._closing.callback(process.kill)
        self._closing.callback(actor.close_channel)
        return actor, process

    def actor(self, name: str, network: str = MAIN) -> Actor:
        return self._start_actor(name, network, 0)[0]

    def nested_init(self, name: str) -> Actor:
        """Starts an actor that is PID 1 of a PID namespace within the scene's."""
        nest = self.actor("nest")
        nest.divide()
        inner = nest.fork(name)
        self._closing.callback(inner.close_channel)
        return inner

    def add_network(self, name: str) -> Actor:
        """Makes another network namespace. Its actor stays in it."""
        actor, process = self._start_actor(name, MAIN, CLONE_NEWNET)
        self.networks[name] = os.open(f"/proc/{process.pid}/ns/net", os.O_RDONLY)
        self._settle_network(name)
        return actor

    def forget_network(self, name: str) -> None:
        """Closes a network namespace, so that it ends with its last process."""
        os.close(self.networks.pop(name))

    def start(self, *argv: str, network: str = MAIN, uid: int | None = None, **environment: str) -> Program:
        program = Program(argv, (*self._inside, self.networks[network]), uid, environment)
        self._closing.callback(program.close)
        return program

    def spawn(self, body: Callable[[], None], network: str = MAIN) -> Process:
        """Runs a function of the test as a process in the scene, without the test's files."""

        def inside() -> None:
            close_all_but(())
            body()

        process = Process(inside, (*self._inside, self.networks[network]))
        self._closing.callback(process.kill)
        return process

    def output_of(self, *argv: str, network: str = MAIN, uid: int | None = None) -> Output:
        with contextlib.closing(Program(argv, (*self._inside, self.networks[network]), uid, {})) as program:
            if program.wait(PROGRAM_SECONDS) is None:
                raise AssertionError(f"{' '.join(argv)} still runs after {PROGRAM_SECONDS} s: {program.output()}")
            return program.output()

    def run(self, *argv: str, network: str = MAIN) -> str:
        output = self.output_of(*argv, network=network)
        if output.code != 0:
            raise AssertionError(f"{' '.join(argv)} failed: {output}")
        return os.fsdecode(output.stdout)

    def ss(self, owners: bool = False) -> list[Row]:
        """Returns the rows of every network of the scene."""
        rows = []
        for network in self.networks:
            rows += parse_ss(self.run("ss", "-tanpH" if owners else "-tanH", network=network), network)
        return rows

    @contextlib.contextmanager
    def network(self, name: str = MAIN) -> Iterator[None]:
        """Moves the calling thread to the scene's network. Sockets that it makes there stay there."""
        setns(self.networks[name], CLONE_NEWNET)
        try:
            yield
        finally:
            setns(self._home, CLONE_NEWNET)

    def sysctl(self, name: str, value: str | None = None) -> str:
        """Reads or sets net.NAME of the scene's network."""
        path = "/proc/sys/net/" + name.replace(".", "/")
        with self.network():
            if value is not None:
                with open(path, "w", encoding="ascii") as file:
                    file.write(value)
            with open(path, encoding="ascii") as file:
                return file.read().strip()

    def ephemeral(self) -> tuple[int, int]:
        low, high = self.sysctl("ipv4.ip_local_port_range").split()
        return int(low), int(high)

    def add_black_hole(self) -> str:
        """Adds an address that loses every packet: behind a veth, at a hardware address that no device has."""
        self.run("ip", "link", "add", "hole0", "type", "veth", "peer", "name", "hole1")
        for device in ("hole0", "hole1"):
            self.run("ip", "link", "set", device, "up")
        self.run("ip", "address", "add", "192.0.2.1/24", "dev", "hole0")
        nobody = ("lladdr", "02:00:00:00:00:09", "nud", "permanent")
        self.run("ip", "neighbour", "add", "192.0.2.9", "dev", "hole0", *nobody)
        return "192.0.2.9"
