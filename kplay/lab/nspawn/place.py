"""Where a lab of nspawn machines keeps its files, and who may touch them.

``/var/lib/kplay-lab/NAME`` (0700) holds one lab: its record, keys, inventory and hosts. It must
not be on an overlay itself, since the hosts' upper directories lie in it.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/var/lib/kplay-lab")
# Where containerd keeps its layers and the kubelet its volumes: neither works on an overlay. K3s
# and RKE2 have theirs below one directory.
BESIDE = {"/var/lib/containerd": 0o700, "/var/lib/kubelet": 0o700, "/var/lib/rancher": 0o755}
"""Directories of a host that lie beside its overlay, with their modes."""


def cache() -> Path:
    """The directory of base trees; outside any checkout, kept when labs go."""
    chosen = os.environ.get("KPLAY_CACHE")
    if chosen:
        return Path(chosen) / "lab"
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "kplay" / "lab"


@dataclass(frozen=True, slots=True)
class HostPlace:
    """The files of one host."""

    path: Path

    @property
    def given(self) -> Path:
        """What the lab put on the base tree."""
        return self.path / "given"

    @property
    def upper(self) -> Path:
        """What the host wrote since."""
        return self.path / "upper"

    @property
    def work(self) -> Path:
        """The overlay's scratch directory."""
        return self.path / "work"

    @property
    def root(self) -> Path:
        """Where the machine alone sees the overlay mounted."""
        return self.path / "root"

    @property
    def disk(self) -> Path:
        """The directories bound over those of ``BESIDE``, by their last names."""
        return self.path / "disk"

    @property
    def disks(self) -> Path:
        """The files of its data disks."""
        return self.path / "disks"

    @property
    def console(self) -> Path:
        """What the machine wrote on its console."""
        return self.path / "console.log"

    @property
    def slow(self) -> Path:
        """How slow the host's link is, as JSON, while it is."""
        return self.path / "slow.json"

    @property
    def process(self) -> Path:
        """The cgroups of its process, as JSON."""
        return self.path / "process.json"


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one lab."""

    lab: str

    @property
    def path(self) -> Path:
        """The lab's own directory."""
        return ROOT / self.lab

    @property
    def record(self) -> Path:
        """What the lab was allotted, as JSON."""
        return self.path / "lab.json"

    @property
    def lab_file(self) -> Path:
        """The lab file as it was last brought up."""
        return self.path / "lab.yml"

    @property
    def inventory(self) -> Path:
        """The lab's inventory."""
        return self.path / "inventory.yml"

    @property
    def key(self) -> Path:
        """The private key that every host accepts."""
        return self.path / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The pinned host keys."""
        return self.path / "known_hosts"

    @property
    def password(self) -> Path:
        """The password of ``ops``."""
        return self.path / "ops-password"

    @property
    def snapshots(self) -> Path:
        """The directory of the lab's snapshots, a directory each."""
        return self.path / "snapshots"

    @property
    def restoring(self) -> Path:
        """The name of the snapshot that is being put back, as JSON, while it is."""
        return self.path / "restoring.json"

    def host(self, name: str) -> HostPlace:
        """The files of one of its hosts."""
        return HostPlace(self.path / "hosts" / name)


def need_root() -> None:
    """Refuse to go on without root.

    Raises:
        KplayError: we are somebody else.
    """
    if os.geteuid() != 0:
        raise KplayError("nspawn machines need root: run the same command with sudo")


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold a directory's lock, waiting for whoever has it; made first if it is missing.

    A directory that its holder removes is made anew by the next one to come.
    """
    while True:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if directory.exists() and os.path.samestat(os.fstat(handle), directory.stat()):
                yield
                return
        finally:
            os.close(handle)


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file in one step, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(data, indent=1) + "\n")
    draft.chmod(0o600)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's mapping; empty when it is missing or was cut short by a power loss."""
    try:
        data = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
