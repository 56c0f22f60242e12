"""The cgroups that a machine runs in: one directory of its own under every hierarchy.

They lie below the cgroup that we run in ourselves, so limits on us hold for the machines too.
Within, the machine's cgroup namespace begins: its init and kubelet see that directory as ``/``
and cannot meddle with another machine's. The same directories tell, by construction, which
processes are the machine's.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kplay.errors import KplayError


def own_cgroups() -> list[Path]:
    """The directory of our own cgroup under every mounted hierarchy.

    Where cgroup v2 is the only hierarchy it is the root instead: a cgroup that holds processes,
    as ours does, cannot hand controllers down.
    """
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths[frozenset(controllers.split(",")) - {""}] = path
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ", 1)
        root, point = before.split()[3:5]
        kind, _, options = after.split()[:3]
        if kind == "cgroup2":
            path = paths.get(frozenset(), "/") if len(paths) > 1 else "/"
        elif kind == "cgroup":
            names = set(options.split(","))
            path = next((path for keys, path in paths.items() if keys and keys <= names), "/")
        else:
            continue
        below = os.path.relpath(path, root)
        found.append(Path(point) if below.startswith("..") else Path(point, below))
    return found


def make(name: str, cpus: int) -> list[Path]:
    """Make a machine's directory under every hierarchy and return them.

    Machines share the processors in proportion to ``cpus`` when all are busy; 1024 shares and a
    weight of 100 are the kernel's own defaults for one.
    """
    made = []
    for parent in own_cgroups():
        directory = parent / name
        directory.mkdir(exist_ok=True)
        for limit in ("cpuset.cpus", "cpuset.mems"):
            # A cpuset of cgroup v1 starts empty, and takes no process until it is filled.
            if (directory / limit).exists() and (directory / "tasks").exists():
                (directory / limit).write_text((parent / limit).read_text())
        for share, unit in (("cpu.shares", 1024), ("cpu.weight", 100)):
            if (directory / share).exists():
                (directory / share).write_text(str(unit * cpus))
        made.append(directory)
    return made


def clear(directories: list[Path], *, seconds: float = 30.0) -> None:
    """Kill every process in a machine's cgroups, wait until they are gone, remove the cgroups.

    Raises:
        KplayError: a process or a directory was still there after that many seconds.
    """
    deadline = time.monotonic() + seconds
    # A frozen process takes no signal, not even this one.
    thaw(directories)
    while any(top.exists() for top in directories):
        found = processes(directories)
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for top in directories if not found else []:
            for path, _, _ in os.walk(top, topdown=False):
                with suppress(OSError):
                    Path(path).rmdir()
        if time.monotonic() > deadline:
            raise KplayError(f"{directories[0].name} is not gone: processes {found} do not die")
        time.sleep(0.02)


def freeze(directories: list[Path], *, seconds: float = 30.0) -> None:
    """Hold every process of a machine where it is; returns when all stand still.

    A call that fails leaves them running.

    Raises:
        KplayError: the kernel has no cgroup freezer, or some went on for that many seconds.
    """
    switches = _freezers(directories)
    if not switches:
        raise KplayError(f"{directories[0].name} cannot be frozen: this kernel has no freezer")
    deadline = time.monotonic() + seconds
    for switch in switches:
        switch.path.write_text(switch.frozen)
    while not all(switch.holds() for switch in switches):
        if time.monotonic() > deadline:
            thaw(directories)
            raise KplayError(f"{directories[0].name} does not freeze: not within {seconds:.0f} s")
        time.sleep(0.01)


def thaw(directories: list[Path]) -> None:
    """Let a machine's processes go on; nothing to do is fine."""
    for switch in _freezers(directories):
        with suppress(OSError):
            switch.path.write_text(switch.thawed)


class _Freezer(NamedTuple):
    """The file that freezes a cgroup and all below it, and what is written there."""

    path: Path
    frozen: str
    thawed: str

    def holds(self) -> bool:
        """Whether every process stands still."""
        if self.path.name == "freezer.state":
            return self.path.read_text().strip() == self.frozen
        return "frozen 1" in (self.path.parent / "cgroup.events").read_text().splitlines()


def _freezers(directories: list[Path]) -> list[_Freezer]:
    """The freezer of cgroup v1 where it is mounted, else that of v2."""
    first = [_Freezer(top / "freezer.state", "FROZEN", "THAWED") for top in directories]
    second = [_Freezer(top / "cgroup.freeze", "1", "0") for top in directories]
    found = [one for one in first if one.path.exists()]
    return found or [one for one in second if one.path.exists()]


def processes(directories: list[Path]) -> list[int]:
    """The numbers of all processes in the directories and below, sorted."""
    found: set[int] = set()
    for top in directories:
        for path, _, _ in os.walk(top):
            with suppress(OSError):
                text = Path(path, "cgroup.procs").read_text()
                # 0 stands for a process that our own process namespace cannot see.
                found.update(int(one) for one in text.split() if one != "0")
    return sorted(found)
