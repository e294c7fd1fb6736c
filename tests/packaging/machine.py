# SPDX-License-Identifier: Apache-2.0
"""Machine in namespaces: a Debian system with systemd as its first process, without a network.

Its disk is made once from apt's configured archives and kept in the build folder. The writes of a machine end with it.
The dependencies of the package under test are in apt's cache on the disk and not installed.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = "systemd,systemd-sysv,dbus"
NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")
CGROUP_TRIES = 50
BOOT_SECONDS, HALT_SECONDS, DISK_SECONDS = 60, 30, 300


def run(*command: str, timeout: float = 60, check: bool = True, **more: object) -> str:
    """Runs a command and returns its output, without `check` also after a failure."""
    made = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=timeout, check=False, **more)
    if check and made.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {made.returncode}\n{made.stdout}{made.stderr}")
    return made.stdout + made.stderr


def sources() -> str:
    """Returns apt's Debian archives of the running release, one per line."""
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = run("apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian")
    return "".join(line + "\n" for line in sorted(set(lines.splitlines())))


def disk(package: pathlib.Path, store: pathlib.Path) -> pathlib.Path:
    """Returns the folder of a machine's disk, with the package's dependencies in apt's cache."""
    depends = run("dpkg-deb", "-f", str(package), "Depends")
    key = hashlib.sha256(f"{INSTALLED} {depends} {sources()}".encode()).hexdigest()[:16]
    made = store / key
    if made.exists():
        return made
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    release = run("sh", "-c", '. /etc/os-release && echo "$VERSION_CODENAME"').strip()
    (store / "sources.list").write_text(sources(), encoding="utf-8")
    run("mmdebstrap", "--variant=minbase", f"--include={INSTALLED}", "--skip=cleanup/apt",
        f"--customize-hook=cp '{package}' \"$1/package.deb\"",
        '--customize-hook=chroot "$1" apt-get install --download-only -q -y --no-install-recommends /package.deb',
        '--customize-hook=rm "$1/package.deb"', release, str(store / "making"), str(store / "sources.list"),
        timeout=DISK_SECONDS)
    (store / "making").rename(made)
    return made


def unified_cgroups() -> pathlib.Path:
    for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        if line.split()[2] == "cgroup2":
            return pathlib.Path(line.split()[1])
    raise SystemExit("no cgroup2 is mounted here, and systemd needs one")


class Machine:
    """A machine that runs until the end of the `with`."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def __enter__(self) -> "Machine":
        self.scratch = tempfile.mkdtemp()
        self.cgroup = pathlib.Path(tempfile.mkdtemp(prefix="tcp_exporter_machine.", dir=unified_cgroups()))
        self.outer = subprocess.Popen(
            ["sh", "-c", f'echo $$ > "{self.cgroup}/cgroup.procs"; exec "$@"', "machine",
             "unshare", *NAMESPACES, "--fork", "--kill-child", str(HERE / "machine_init"), str(self.root),
             self.scratch], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            self.boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def boot(self) -> None:
        end, state = time.monotonic() + BOOT_SECONDS, ""
        while time.monotonic() < end and state not in ("running", "degraded"):
            if self.outer.poll() is not None:
                raise SystemExit(f"the machine does not start: {self.outer.stdout.read().decode()}")
            time.sleep(0.2)
            children = pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
            self.pid = children.read_text(encoding="ascii").split()[:1]
            name = pathlib.Path(f"/proc/{self.pid[0]}/comm") if self.pid else None
            if name and name.read_text(encoding="utf-8") == "systemd\n":
                state = self.run("systemctl", "is-system-running", check=False).strip()
        if state != "running":
            raise SystemExit(f"the machine is {state!r}:\n{self.run('systemctl', '--failed', check=False)}")

    def __exit__(self, *_: object) -> None:
        if self.outer.poll() is None and getattr(self, "pid", None):
            self.run("systemctl", "poweroff", check=False)
            try:
                self.outer.wait(HALT_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        self.outer.kill()
        self.outer.wait()
        os.rmdir(self.scratch)
        self.remove_cgroups()

    def remove_cgroups(self) -> None:
        """Removes its cgroups, which stay busy for a moment after the end of their processes."""
        for attempt in range(CGROUP_TRIES):
            try:
                for folder, _, _ in os.walk(self.cgroup, topdown=False):
                    os.rmdir(folder)
                return
            except OSError:
                if attempt + 1 == CGROUP_TRIES:
                    raise
                time.sleep(0.1)

    def enter(self, *namespaces: str) -> list[str]:
        return ["nsenter", "--target", self.pid[0], *namespaces]

    def run(self, *command: str, timeout: float = 120, check: bool = True) -> str:
        """Runs a program of the machine."""
        return run(*self.enter("--all"), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                   "DEBIAN_FRONTEND=noninteractive", *command, timeout=timeout, check=check)

    def copy(self, file: pathlib.Path) -> str:
        """Copies a file to the machine. Returns its path there."""
        shutil.copy(file, f"/proc/{self.pid[0]}/root/packages/")
        return f"/packages/{file.name}"

    def path(self, name: str) -> pathlib.Path:
        """Returns the path of a machine's file outside of it."""
        return pathlib.Path(f"/proc/{self.pid[0]}/root{name}")

    def get(self, url: str, check: bool = True, **parameters: str) -> str:
        """Returns the body of a page that this machine serves."""
        if parameters:
            url += "?" + urllib.parse.urlencode(parameters)
        return run(*self.enter("--net"), "curl", "-sS", "--fail-with-body", "--max-time", "20", url, check=check)

    def processes(self) -> list[str]:
        """Returns the names of all running processes."""
        return [path.read_text(encoding="utf-8").strip() for path in self.path("/proc").glob("[0-9]*/comm")]
