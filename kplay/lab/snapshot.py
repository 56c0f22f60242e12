"""Snapshots as users name them and as they are listed."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from kplay.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


class SnapshotFacts(NamedTuple):
    """One snapshot: when it was taken, and the bytes that it takes on the controller's disk.

    Both are None where the provider does not know.
    """

    name: str
    taken: dt.datetime | None = None
    size: int | None = None


def checked_name(name: str) -> str:
    """A name for a snapshot, as it was given.

    Raises:
        UsageError: it cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` cannot name a snapshot: letters, digits and any of `_.+-`, 64 characters at"
            " most, a letter or digit first"
        )
    return name


def name_of_now() -> str:
    """A name for a snapshot that the user gave none: the local time, to the second."""
    return dt.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")


def readable_size(size: int) -> str:
    """A number of bytes as people read it, in powers of 1024."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    amount, at = float(size), 0
    while amount >= 1024 and at < len(units) - 1:
        amount, at = amount / 1024, at + 1
    return f"{amount:.0f} {units[at]}" if at == 0 or amount >= 10 else f"{amount:.1f} {units[at]}"
