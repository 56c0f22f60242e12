"""Where a task's files, templates and variables are sought on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.resolve.scope import Scope


def search_path(scope: Scope) -> list[Path]:
    """Folders in order: the role, those that brought it in, the task's file, the play."""
    folders: list[Path] = []
    if scope.role is not None:
        folders += [scope.role.path, *(one.path for one in reversed(scope.role.parents))]
    if scope.node is not None:
        written = Path(scope.node.span.file)
        if written.parent.is_dir():
            folders.append(written.parent)
    if scope.play is not None and scope.play.directory is not None:
        folders.append(scope.play.directory)
    folders.append(scope.store.playbook_dir)
    return list(dict.fromkeys(folder.resolve() for folder in folders))


def candidates(scope: Scope, name: str, folder: str) -> Iterator[Path]:
    """The paths that a name may mean, in order; ``folder`` is ``files``, ``templates``."""
    path = Path(name).expanduser()
    if path.is_absolute():
        yield path
        return
    for base in search_path(scope):
        yield base / folder / path
        yield base / path


def find(scope: Scope, name: str, folder: str = "files") -> Path | None:
    """The first path of a name that exists, or None."""
    return next((path for path in candidates(scope, name, folder) if path.exists()), None)
