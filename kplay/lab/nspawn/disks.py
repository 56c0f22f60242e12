"""Data disks: sparse files that a machine sees as ``/dev/vdb``, ``/dev/vdc`` …, by loop devices.

A loop device is there from a host's power-on until it is without power, the file until the lab is
taken down.
"""

from __future__ import annotations

import os
import string
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.nspawn.place import HostPlace

_LETTERS = string.ascii_lowercase[1:]
MOST_DISKS = len(_LETTERS)
"""From ``/dev/vdb`` to ``/dev/vdz``."""
_GIB = 1 << 30


def make(files: HostPlace, sizes: Sequence[int]) -> None:
    """Make the files of a host's disks where they are missing.

    Args:
        files: the host's files.
        sizes: in GiB.
    """
    if sizes:
        files.disks.mkdir(parents=True, exist_ok=True)
    for path, size in zip(_paths(files), sizes, strict=False):
        if not path.exists():
            with path.open("xb") as image:
                image.truncate(size * _GIB)
            path.chmod(0o600)


def attach(files: HostPlace, sizes: Sequence[int]) -> list[tuple[str, str]]:
    """Give every disk of a host a loop device; return device and name in the machine of each.

    Raises:
        KplayError: the kernel has no loop devices, or none is free.
    """
    detach(files)
    found = []
    for path, _ in zip(_paths(files), sizes, strict=False):
        try:
            device = run(["losetup", "--find", "--show", str(path)]).strip()
        except CommandError as error:
            raise KplayError(
                f"data disks need loop devices, which this controller does not give: {error}"
            ) from error
        _forget_partitions(device)
        found.append((device, f"/dev/{path.stem}"))
    return found


def detach(files: HostPlace, *, seconds: float = 30.0) -> None:
    """Free the loop devices of a host's disks; nothing to do is fine.

    One that a machine's mount still uses, which is about to go with the machine, is freed by the
    kernel when that is gone.

    Raises:
        KplayError: one was not free after that many seconds.
    """
    deadline = time.monotonic() + seconds
    for path in _images(files):
        while devices := _devices(path):
            for device in devices:
                _forget_partitions(device)
                with suppress(CommandError):
                    run(["losetup", "--detach", device])
            if time.monotonic() > deadline:
                raise KplayError(f"the disk {path} is still in use by {', '.join(devices)}")
            time.sleep(0.01)


def _devices(image: Path) -> list[str]:
    listed = run(["losetup", "--noheadings", "--output", "NAME", "--associated", str(image)])
    return listed.split()


def mounted(files: HostPlace) -> bool:
    """Whether a host has data disks, so that a copy of its files must be preceded by a sync."""
    return bool(_images(files))


def _paths(files: HostPlace) -> list[Path]:
    return [files.disks / f"vd{letter}" for letter in _LETTERS]


def _images(files: HostPlace) -> list[Path]:
    return [path for path in _paths(files) if path.exists()]


def _forget_partitions(device: str) -> None:
    """Partitions that a machine made stay known of a loop device, whatever file it is of next."""
    name = Path(device).name
    if any(Path("/sys/block", name).glob(f"{name}p*")):
        with suppress(CommandError):
            run(["partx", "--delete", device])


def sync() -> None:
    """Have the kernel write out what file systems on disks hold in memory."""
    os.sync()
