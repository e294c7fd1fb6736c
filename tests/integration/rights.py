# SPDX-License-Identifier: Apache-2.0
"""Exporters that setpriv(1) starts with certain rights, and the rights of a process."""
import pathlib

from case import SceneCase
from exporter import Exporter

SETPRIV = "/usr/bin/setpriv"
NOBODY = 65534


def as_nobody(*capabilities: str) -> tuple[str, ...]:
    """Returns arguments for an ordinary user with these capabilities, as by a unit's AmbientCapabilities=."""
    sets = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", f"--inh-caps={sets}",
            f"--ambient-caps={sets}", f"--bounding-set={sets}")  # fmt: skip


class RightsCase(SceneCase):
    compares = False

    def start(self, backend: str, *rights: str, flags: tuple[str, ...] = (), **environment: str) -> Exporter:
        """Starts an exporter with these rights, which are setpriv's arguments."""
        script = self.write_script(f'exec {SETPRIV} {" ".join(rights)} {self.binary} "$@"' if rights
                                   else f'exec {self.binary} "$@"')  # fmt: skip
        exporter = self.start_exporter(*flags, binary=script, backend=backend, **environment)
        exporter.name = "tcp_exporter"
        return exporter


def statuses(pid: int) -> list[dict[str, str]]:
    """Returns the kernel's status of each thread of a process (proc(5))."""
    texts = [(task / "status").read_text("ascii") for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]
