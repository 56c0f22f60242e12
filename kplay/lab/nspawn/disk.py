"""A host's full disk: filled and emptied by ``full.py``, which goes into the machine's mounts."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import run
from kplay.lab.nspawn import full, machine
from kplay.lab.nspawn.place import BESIDE

if TYPE_CHECKING:
    from kplay.lab.nspawn.place import HostPlace

_PROGRAM = Path(__file__).with_name("full.py")


def is_full(files: HostPlace) -> bool:
    """Whether a running host's disk is full."""
    processes = machine.members(files)
    with suppress(OSError):
        if processes:
            mounts = Path(f"/proc/{processes[-1]}/mountinfo").read_text()
            return f"upperdir={full.STORE}/" in mounts
    return False


def fill(files: HostPlace) -> None:
    """Fill a running host's disk; a full one stays as it is.

    Raises:
        KplayError: the host does not run.
        CommandError: the kernel refused; the disk is as it was.
    """
    if is_full(files):
        return
    try:
        _within(files, "fill")
    except CommandError:
        with suppress(CommandError):
            _within(files, "free")
        raise


def free(files: HostPlace) -> None:
    """Give a running host its disk back; nothing to do is fine.

    Raises:
        CommandError: the kernel refused.
    """
    if is_full(files):
        _within(files, "free")


def _within(files: HostPlace, deed: str) -> None:
    processes = machine.members(files)
    if not processes:
        raise KplayError(f"host `{files.path.name}` does not run")
    line = ",".join(str(one) for one in processes)
    run([sys.executable, "-I", "-S", str(_PROGRAM), deed, line, *BESIDE])
