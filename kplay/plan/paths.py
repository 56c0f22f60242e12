"""Paths as a plan file holds them: the same in every clone of a project."""

from __future__ import annotations

import os
from pathlib import Path


def project_root(directory: Path) -> Path:
    """The clone that a directory lies in, or the directory itself."""
    here = directory.absolute()
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), here)


def portable(path: str | Path, directory: Path | None = None) -> str:
    """Relative to the working directory within the project, with ``~`` within the home, else whole.

    Args:
        path: relative ones are the working directory's.
        directory: the working directory.
    """
    here = (directory or Path.cwd()).absolute()
    whole = os.path.normpath(here / Path(path).expanduser())
    if _within(whole, str(project_root(here))):
        return os.path.relpath(whole, here)
    home = os.path.expanduser("~")  # noqa: PTH111 - texts are compared
    return f"~{whole[len(home) :]}" if _within(whole, home) else whole


def local(path: str) -> Path:
    """A path of a plan file, on this machine."""
    return Path(path).expanduser()


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
