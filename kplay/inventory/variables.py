"""Reads the group_vars and host_vars folders beside an inventory or a playbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.errors import InputError
from kplay.yaml_reader import load_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.source import Opener, Sourced

EXTENSIONS = (".yml", ".yaml", ".json")


class Folder:
    """A folder with group_vars/ or host_vars/, its names listed once."""

    def __init__(self, path: Path, faults: Faults, vault: Opener | None = None) -> None:
        self.path = path
        self.vault = vault
        self.faults = faults
        self.names = {one.name for one in path.iterdir()} if path.is_dir() else set()

    def table(self, name: str) -> dict[str, Sourced]:
        """The variables given to a host or group: the first of name, name.yml, .yaml, .json."""
        if not self.names:
            return {}
        found = next((name + end for end in ("", *EXTENSIONS) if name + end in self.names), None)
        if found is None:
            return {}
        path = self.path / found
        table: dict[str, Sourced] = {}
        for file in _within(path) if path.is_dir() else (path,):
            table.update(_read(file, self.faults, self.vault))
        return table


def _within(folder: Path) -> Iterable[Path]:
    """The variable files of a folder and its folders, in name order."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir():
            yield from _within(path)
        elif path.suffix in ("", *EXTENSIONS):
            yield path


def _read(path: Path, faults: Faults, vault: Opener | None) -> dict[str, Sourced]:
    try:
        root = load_file(path, vault).root
    except InputError as error:
        faults.absorb(error)
        return {}
    if root.value is None:
        return {}
    if not isinstance(root.value, dict):
        faults.add("bad-value", "a file of variables is a mapping", root.span)
        return {}
    return dict(root.items())
