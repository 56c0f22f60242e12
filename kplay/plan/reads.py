"""Which files loading and planning read, so that a plan file can say when one has changed.

Python tells of each file that is opened (https://docs.python.org/3/library/audit_events.html, event
``open``); so no reader can be forgotten, plugins of the user included.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_active: list[Reads] = []
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_SYSTEM = (
    "/proc", "/sys", "/dev", "/run", "/etc/ssh", "/etc/ssl", "/etc/localtime", "/etc/os-release",
    "/etc/mime.types", "/usr/lib/os-release", "/usr/lib/locale", "/usr/share/zoneinfo",
)  # fmt: skip
"""What Python and its libraries read for themselves."""

_OWN = Path(__file__).parents[1]
_LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_MODULES = ("/ansible/modules/", "/ansible/module_utils/", "/ansible_collections/")
"""Within Python's libraries, what tasks may call."""


class Reads:
    """Notes the files that are opened for reading while it is in use."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}
        self._here = str(Path.cwd())

    def __enter__(self) -> Self:
        if not _installed:
            sys.addaudithook(_hear)
            _installed.append(True)
        _active.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _active.remove(self)

    def take(self, path: str) -> None:
        """Note a path as it was given to open()."""
        self._paths.setdefault(path)

    def files(self, left_out: Iterable[Path] = ()) -> list[Path]:
        """Absolute paths of the files that are still there, sorted.

        Args:
            left_out: files, and folders of them, that say nothing of the plan or must not be
                spoken of: passwords, keys, earlier runs.
        """
        home = Path.home()
        unwanted = [str(path.absolute()) for path in (*left_out, home / ".ssh", _OWN)]
        imported = {str(getattr(one, "__file__", "")) for one in list(sys.modules.values())}
        found = set()
        for given in self._paths:
            path = os.path.normpath(Path(self._here, given))
            if path.endswith((".pyc", ".so")) or any(map(_under(path), [*unwanted, *_SYSTEM])):
                continue
            library = any(map(_under(path), filter(None, _LIBRARIES)))
            if library and (path in imported or not any(part in path for part in _MODULES)):
                continue
            if Path(path).is_file():
                found.add(path)
        return [Path(one) for one in sorted(found)]


_installed: list[bool] = []
"""An audit hook cannot be taken away again."""


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if not _active or event != "open":
        return
    path, mode, flags = args
    if not isinstance(path, str | os.PathLike):
        return
    if isinstance(mode, str) and not set(mode).isdisjoint("wax+"):
        return
    if isinstance(flags, int) and flags & _WRITES:
        return
    for one in _active:
        one.take(os.fspath(path))


def _under(path: str) -> Any:
    return lambda folder: path == folder or path.startswith(folder.rstrip("/") + "/")
