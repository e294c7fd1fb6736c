# SPDX-License-Identifier: Apache-2.0
"""Processes in new namespaces, which never outlive the test.

spawn() forks twice. The keeper, outside, enters or makes the namespaces, waits for the process and
ends with its result. The process itself runs inside. Each dies with its parent, so that no process
remains after the test is killed.
"""
import ctypes
import gc
import os
import select
import signal
import time
import traceback
from typing import Callable, Iterable, Sequence

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME = 1, 4, 15

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    checked(libc.unshare(flags), "unshare")


def setns(fd: int, kind: int = 0) -> None:
    checked(libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int = 0) -> None:
    checked(libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None), "mount " + target)


def set_name(name: bytes) -> None:
    checked(libc.prctl(PR_SET_NAME, name, 0, 0, 0), "prctl")


def set_user(uid: int) -> None:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    # After a change of user, the user cannot read its own /proc/<pid>/fd, which differs from a usual process.
    checked(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")


def die_with_parent() -> None:
    checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def close_all_but(keep: Iterable[int]) -> None:
    # Otherwise the collection of the parent's objects would close their numbers a second time.
    gc.disable()
    last = 3
    for fd in sorted(fd for fd in keep if fd >= 3):
        os.closerange(last, fd)
        last = fd + 1
    os.closerange(last, os.sysconf("SC_OPEN_MAX"))


def _inside(body: Callable[[], None]) -> None:
    try:
        die_with_parent()
        body()
        os._exit(0)
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
        os._exit(99)


def _keeper(body: Callable[[], None], enter: Sequence[int], flags: int, report: int) -> None:
    die_with_parent()
    for fd in enter:
        setns(fd)
    if flags:
        unshare(flags)
    pid = os.fork()
    if pid == 0:
        _inside(body)
    os.write(report, str(pid).encode())
    close_all_but(())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


class Process:
    """A process inside. `pid` is its number outside. After a death by signal N the exit code is 128+N."""

    def __init__(self, body: Callable[[], None], enter: Sequence[int] = (), flags: int = 0):
        read_end, write_end = os.pipe()
        self._keeper = os.fork()
        if self._keeper == 0:
            try:
                _keeper(body, enter, flags, write_end)
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            os._exit(98)
        os.close(write_end)
        self._exit: int | None = None
        with os.fdopen(read_end) as report:
            pid = report.read()
        if not pid:
            raise RuntimeError(f"the namespaces could not be entered or made (exit {self.wait(5)})")
        self.pid = int(pid)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Returns the exit code, or None if the process still runs after `seconds`."""
        if self._exit is None:
            fd = os.pidfd_open(self._keeper)
            try:
                if select.select([fd], [], [], seconds)[0]:
                    self._exit = os.waitstatus_to_exitcode(os.waitpid(self._keeper, 0)[1])
            finally:
                os.close(fd)
        return self._exit

    def kill(self) -> None:
        if self.wait(0) is None:
            try:
                self.signal(signal.SIGKILL)
            except ProcessLookupError:
                pass
            if self.wait(10) is None:
                raise RuntimeError(f"process {self.pid} does not end")


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
