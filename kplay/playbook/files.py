"""Where the files that a playbook names are sought, in Ansible's order."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.playbook.model import Role

_QUALIFIED = re.compile(r"^(\w+)\.(\w+)\.(\w+)$")
EXTENSIONS = (".yml", ".yaml", ".json")


def tidy(path: Path | str) -> Path:
    """The path without ``.`` and ``..`` parts, still relative when it was."""
    return Path(os.path.normpath(path))


def candidates(
    kind: str,
    name: str,
    *,
    role: Role | None,
    directory: Path | None,
    beside: Path | None = None,
) -> list[Path]:
    """Every place where a file may lie, first to last.

    Args:
        kind: ``files``, ``templates``, ``vars`` or ``tasks``.
        name: as the playbook names it.
        role: the role of the task that names it, if any; the roles that brought it in follow.
        directory: the folder of the playbook.
        beside: the folder of the task file that names it.
    """
    if Path(name).expanduser().is_absolute():
        return [Path(name).expanduser()]
    roots: list[Path] = []
    if kind == "tasks" and beside is not None:
        roots.append(beside)
    if role is not None:
        for one in (role, *reversed(role.parents)):
            roots += [one.path / kind, one.path]
            if kind != "tasks":
                roots += [one.path / "tasks" / kind, one.path / "tasks"]
    if kind != "tasks" and beside is not None:
        roots += [beside / kind, beside]
    if directory is not None:
        roots += [directory] if kind == "tasks" else [directory / kind, directory]
    return list(dict.fromkeys(tidy(root / name) for root in roots))


def first(paths: Iterable[Path]) -> Path | None:
    """The first that exists."""
    return next((path for path in paths if path.exists()), None)


def part_of_role(role: Path, folder: str, name: str) -> list[Path]:
    """The files of a role's part: main, with any extension, or all files of a folder main/.

    Raises:
        FileNotFoundError: ``name`` leads out of the role or to nothing (except main itself).
    """
    base = role / folder / name
    given = [base] if base.suffix in EXTENSIONS else []
    found = first([*given, *(base.with_name(base.name + end) for end in EXTENSIONS)])
    if found is not None and found.is_file():
        return [found]
    if base.is_file():
        return [base]
    if base.is_dir():
        return sorted(
            path
            for path in base.rglob("*")
            if path.suffix in EXTENSIONS and not path.name.startswith((".", "~"))
        )
    if name == "main":
        return []
    raise FileNotFoundError(base)


def role_folders(
    name: str,
    directory: Path | None,
    roles_path: Sequence[Path],
    collections_path: Sequence[Path] = (),
    collections: Sequence[str] = (),
) -> list[Path]:
    """Every folder that may hold a role, first to last.

    Args:
        name: of the role, or ``namespace.collection.role``.
        directory: the folder of the playbook.
        roles_path: where roles are installed.
        collections_path: folders that hold ``ansible_collections``, beside the playbook's own.
        collections: in which collections a short name is sought first.
    """
    if "/" in name and Path(name).expanduser().is_absolute():
        return [Path(name).expanduser()]
    homes = [*([directory / "collections"] if directory else []), *collections_path]
    whole = _QUALIFIED.match(name)
    within = [(f"{whole[1]}.{whole[2]}", whole[3])] if whole else [(c, name) for c in collections]
    found = []
    for collection, role in within:
        space, _, rest = collection.partition(".")
        found += [one / "ansible_collections" / space / rest / "roles" / role for one in homes]
    roots = [*([directory / "roles"] if directory else []), *roles_path]
    roots += [directory] if directory else []
    return list(dict.fromkeys(tidy(one) for one in [*found, *(root / name for root in roots)]))


def neighbours(paths: Iterable[Path]) -> list[str]:
    """Names of what lies where files were sought."""
    folders = dict.fromkeys(path.parent for path in paths)
    return sorted({one.name for folder in folders if folder.is_dir() for one in folder.iterdir()})


def alike(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the file that comes closest, extensions apart."""
    from kplay.diagnostics import suggest

    path = Path(name)
    stems = [Path(one).stem for one in known if Path(one).suffix == path.suffix]
    return tuple(line.replace("`?", f"{path.suffix}`?") for line in suggest(path.stem, stems))
