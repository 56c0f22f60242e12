"""Filters over paths of the controller; most only look at the text."""

from __future__ import annotations

import ntpath
import os
import posixpath
from glob import glob
from pathlib import Path
from typing import Any


def realpath(value: str) -> str:
    """The path with links followed."""
    return os.path.realpath(value)


def relpath(value: str, start: str = ".") -> str:
    """The path as seen from another."""
    return os.path.relpath(value, start)


def expanduser(value: str) -> str:
    """The path with a leading ``~`` replaced by the home directory."""
    return os.path.expanduser(value)  # noqa: PTH111 - an unknown user stays as it is


def splitext(value: str) -> list[str]:
    """The path without its extension, and the extension."""
    return list(posixpath.splitext(value))


def fileglob(value: str) -> list[str]:
    """The files that a pattern matches."""
    return sorted(one for one in glob(value) if Path(one).is_file())  # noqa: PTH207 - a pattern


def path_join(value: Any) -> str:
    """The parts joined to one path."""
    return posixpath.join(*([value] if isinstance(value, str) else value))


def commonpath(value: list[str]) -> str:
    """What all paths begin with."""
    return os.path.commonpath(value)


def win_splitdrive(value: str) -> list[str]:
    """A path of Windows as its drive and what follows."""
    return list(ntpath.splitdrive(value))


SAFE = {
    "win_basename": ntpath.basename,
    "win_dirname": ntpath.dirname,
    "win_splitdrive": win_splitdrive,
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "realpath": realpath,
    "relpath": relpath,
    "expanduser": expanduser,
    "expandvars": os.path.expandvars,
    "normpath": posixpath.normpath,
    "splitext": splitext,
    "fileglob": fileglob,
    "path_join": path_join,
    "commonpath": commonpath,
}
