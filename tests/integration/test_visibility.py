# SPDX-License-Identifier: Apache-2.0
"""Tests of limited visibility: owners are unknown, and the exporter warns once."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from actor import connect_pairs
from case import main
from rights import SETPRIV, RightsCase, as_nobody

INITIAL_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of the kernel
LIMIT = b'msg="some owners cannot be seen"'

# Makes an unheld listener in flight and a held listener, then runs the program of the arguments.
IN_FLIGHT = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
ends = socket.socketpair(socket.AF_UNIX)
held, passed = (socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:3])
socket.send_fds(ends[0], [b"x"], [passed.fileno()])
passed.close()
sys.exit(subprocess.run(sys.argv[3:]).returncode)
"""


class Visibility(RightsCase):
    def owners(self, stdout: bytes) -> dict[int, str]:
        return {row["local_port"]: row["process"] for row in json.loads(stdout)}

    def test_a_socket_in_flight(self) -> None:
        """If all processes are visible, no process holds it: in the initial PID namespace, and in all networks."""
        held, passed = (str(20000 + 2 * (os.getpid() % 5000) + i) for i in range(2))  # not the network of another test
        ran = subprocess.run(["unshare", "--net", sys.executable, "-c", IN_FLIGHT, held, passed, self.binary,
                              f"--collector.backend={self.backend}", "--collector.netns=all", "--print-table=json"],
                             capture_output=True, check=True)  # fmt: skip
        owners = self.owners(ran.stdout)
        self.assertTrue(owners[int(held)].startswith("python"), owners)
        if os.readlink("/proc/self/ns/pid") != INITIAL_PID_NAMESPACE:
            self.assertEqual(owners[int(passed)], "(unknown)")
            self.assertEqual(ran.stderr.count(LIMIT), 1, ran.stderr)
        elif self.backend == "bpf":
            self.assertEqual(owners[int(passed)], "(none)")
            self.assertEqual(ran.stderr, b"")
        else:  # other processes can lack the right to read process 1
            self.assertIn(owners[int(passed)], ("(none)", "(unknown)"))

    def table(self, *before: str) -> subprocess.CompletedProcess[bytes]:
        """Returns the output of the exporter, started by other programs in the test's PID namespace."""
        flags = (f"--collector.backend={self.backend}", "--print-table=json")
        return subprocess.run([*before, self.binary, *flags], capture_output=True, check=True)

    def serve(self) -> str:
        """Makes sockets in the scene. Returns a path to its network."""
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 3, 80)
        return f"--net=/proc/{self.host_pid()}/ns/net"

    def test_a_pid_namespace_of_its_own(self) -> None:
        """The exporter has the host's network and not its processes, as in some containers."""
        ran = self.table("nsenter", self.serve(), "unshare", "--pid", "--fork", "--mount-proc")
        self.assertEqual(set(self.owners(ran.stdout).values()), {"(unknown)"})
        self.assertEqual(ran.stderr.count(LIMIT), 1, ran.stderr)
        self.assertIn(b"--pid=host, hostPID: true, or the host's procfs in --path.procfs", ran.stderr)

    def test_a_pid_namespace_of_its_own_with_the_procfs_of_the_host(self) -> None:
        if self.backend == "bpf":  # it refuses; "auto" chooses procfs
            self.backend = "auto"
        ran = self.table("nsenter", self.serve(), "unshare", "--pid", "--fork")
        self.assertEqual(self.owners(ran.stdout)[80], "web")
        self.assertNotIn(b"--pid=host", ran.stderr)

    def test_a_network_of_its_own(self) -> None:
        """The exporter sees the host's processes and none of its sockets."""
        ran = self.table("unshare", "--net")
        self.assertEqual(ran.stderr.count(LIMIT), 1, ran.stderr)
        if os.readlink("/proc/self/ns/pid") == INITIAL_PID_NAMESPACE:
            self.assertIn(b"--network=host, hostNetwork: true, or --collector.netns=all", ran.stderr)

    def host_pid(self) -> int:
        """Returns the id of a process in the scene's network, in the test's PID namespace."""
        fd = self.scene.networks["main"]
        inode = os.fstat(fd).st_ino
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (folder / "ns/net").stat().st_ino == inode:
                    return int(folder.name)
            except OSError:
                continue
        raise AssertionError("no process is in the scene's network")

    def test_metrics_say_how_many(self) -> None:
        exposition = self.start_exporter(backend=self.backend).metrics()
        # The test's own client is outside of the scene's PID namespace.
        self.assertEqual(exposition.sum_by("tcp_connections", "process", "state")[("(unknown)", "established")], 1)
        self.assertGreater(exposition.value("tcp_exporter_unreadable_processes"), 0)

    def test_processes_that_procfs_hides(self) -> None:
        """With hidepid=2 the user nobody sees only its own processes."""
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        self.scene.actor("secret").listen(port=80)
        self.scene.run("mount", "-t", "proc", "-o", "hidepid=2", "proc", folder)
        exporter = self.start("procfs", *as_nobody(), flags=(f"--path.procfs={folder}",))
        exposition = exporter.metrics()
        self.assertEqual(exposition.sum_by("tcp_connections", "process", "local_port")[("(unknown)", "80")], 1)
        self.assertGreater(exposition.value("tcp_exporter_unreadable_processes"), 0)
        self.assertEqual(exporter.program.output().stderr.count(LIMIT), 1)


if __name__ == "__main__":
    main()
