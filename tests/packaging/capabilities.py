# SPDX-License-Identifier: Apache-2.0
"""Capabilities of the service and the container, and a process that has no others."""
import ctypes
import os
import sys

# The numbers are those of linux/capability.h.
ALLOWED = {"CAP_DAC_READ_SEARCH": 2, "CAP_SYS_PTRACE": 19, "CAP_PERFMON": 38, "CAP_BPF": 39}
LAST = 63  # more than any kernel has
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 23, 24, 38


def become(root: str, names: str, program: list[str]) -> None:
    """Executes the program below `root`, as root with these capabilities and no way to others."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.chroot(root)
    os.chdir("/")
    kept = {ALLOWED[name] for name in names.split(",")}
    for number in range(LAST + 1):
        if number not in kept and libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
            if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.execv(program[0], program)


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2], sys.argv[3:])
