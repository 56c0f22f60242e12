"""Labs of real machines for these tests: in a rig of their own, and what they leave behind."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).parent
RIG = HERE / "rig"

# What a host's files are, but for those that every machine has of its own.
MANIFEST = r"""
find /etc /opt /srv /usr/local /home -xdev \
    ! -name 'passwd*' ! -name 'shadow*' ! -name 'group*' ! -name 'gshadow*' ! -name 'sub?id*' \
    ! -name .pwd.lock ! -name machine-id ! -path '/etc/ssh/ssh_host_*' \
    ! -path '/home/kplay*' ! -path '/home/vagrant*' \
    -printf '%y %m %u:%g %p %l\n' | sort
find /etc /opt /usr/local -xdev -type f -size -100k ! -path '/etc/ssh/ssh_host_*' \
    ! -name '*shadow*' ! -name 'passwd*' ! -name 'group*' ! -name 'sub?id*' ! -name machine-id \
    -exec sha256sum {} + | sort -k2
getent passwd | sed 's/^/user /'; getent group | sed 's/^/group /'
dpkg-query --show --showformat='package ${Package} ${Version} ${db:Status-Status}\n'
systemctl list-unit-files --no-legend --no-pager | awk '$2 != "transient" {print "unit", $1, $2}'
systemctl show --property=ActiveState,SubState,User sample.service 2>/dev/null | sed 's/^/sample /'
"""


class Rig:
    """A network namespace in which kplay, vagrant and ssh run; everything else is shared."""

    def __init__(self, directory: Path) -> None:
        self.name = f"kplay-rig-{os.getpid()}"
        self.directory = directory
        self.env = {
            **os.environ,
            "XDG_STATE_HOME": str(directory / "state"),
            "VAGRANT_HOME": str(directory / "vagrant-home"),
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }

    def deed(self, name: str) -> None:
        subprocess.run([RIG, self.name, name], check=True, timeout=60)

    def run(self, *argv: str, timeout: float = 240, **env: str) -> subprocess.CompletedProcess[str]:
        return _run(
            [str(RIG), self.name, "in", *argv], {**self.env, **env}, self.directory, timeout
        )

    def on(self, inventory: Path, host: str, command: str) -> str:
        """What a command says on a host, reached as the inventory says."""
        said = yaml.safe_load(inventory.read_text())["all"]["hosts"][host]
        key, user = said["ansible_ssh_private_key_file"], said["ansible_user"]
        options = shlex.split(said["ansible_ssh_common_args"])
        target = f"{user}@{said['ansible_host']}"
        return _checked(self.run("ssh", "-F", "none", *options, "-i", key, target, command)).stdout

    def kplay(self, *argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return _checked(self.run(sys.executable, "-m", "kplay", *argv), code)


class Outside:
    """The same without a rig, as nspawn machines are run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}

    def kplay(self, *argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kplay", *argv]
        return _checked(_run(command, self.env, self.directory, 240), code)


def _run(
    argv: list[str], env: dict[str, str], directory: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env=env,
        cwd=directory,
    )


def _checked(
    done: subprocess.CompletedProcess[str], code: int = 0
) -> subprocess.CompletedProcess[str]:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback (most recent call last)" not in done.stderr, done.stderr
    return done


def traces(rig: Rig, lab: str) -> set[str]:
    """What a lab of Vagrant machines leaves on the controller, were it to leave anything."""
    mark = f"kplay-{lab}-"
    found = {f"container {path.name}" for path in Path("/var/lib/lxc").glob(f"{mark}*")}
    found |= {f"namespace {path.name}" for path in Path("/run/netns").glob(f"{rig.name}*")}
    found |= {f"link {path.name}" for path in Path("/sys/class/net").glob("kplab-*")}
    cgroups = [path for path, _, _ in os.walk("/sys/fs/cgroup") if "/lxc." in path]
    found |= {f"cgroup {path}" for path in cgroups if mark in path}
    if not any(".payload." in path for path in cgroups):
        # With other containers about it would be theirs.
        found |= {f"cgroup {path}" for path in cgroups if path.endswith("/lxc.pivot")}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes() + (process / "cgroup").read_bytes()
        except OSError:
            continue
        if mark.encode() in said or f"{rig.name} ".encode() in said.replace(b"\0", b" "):
            found.add(f"process {process.name} {said!r}")
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    found |= {f"mount {line}" for line in mounts if mark in line or rig.name in line}
    found |= {f"state {path}" for path in (rig.directory / "state").glob("kplay/lab/*")}
    return found
