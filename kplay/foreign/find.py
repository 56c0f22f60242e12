"""Where Ansible modules lie on the controller: libraries, collections, ansible-core itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kplay.foreign import routing
from kplay.foreign.core import core_folder
from kplay.foreign.kinds import kind_of, refusal

if TYPE_CHECKING:
    from pathlib import Path

BUILTIN = routing.BUILTIN
_CORE = (f"{BUILTIN}.", "ansible.legacy.")
QUALIFIED = re.compile(r"^(\w+\.\w+)\.(\w[\w.]*)$")
_DEEPEST = 5
"""Redirects that are followed before they count as a circle."""
_NO_MODULES = frozenset(
    (".bak", ".cfg", ".ini", ".json", ".md", ".orig", ".pyc", ".pyo", ".rst", ".swp", ".txt",
     ".yaml", ".yml", ".ps1", ".psm1")
)  # fmt: skip


class Foreign(NamedTuple):
    """A module as it lies on the controller."""

    name: str
    """As the playbook calls it."""
    full: str
    """With its collection; of a library the short name."""
    path: Path
    package: str
    """The full name under which Python imports it on the host."""
    kind: str = "python"
    """``python`` of the new style; programs read ``json`` or ``words`` from a file of arguments."""
    utilities: tuple[Path, ...] = ()
    """Folders of ``module_utils`` beside libraries."""
    homes: tuple[Path, ...] = ()
    """Folders that hold ``ansible_collections``."""
    refused: str = ""
    """Why it cannot be run by itself; empty when it can."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that ``module_defaults`` may know it by."""
        short = self.full.removeprefix(f"{BUILTIN}.")
        return tuple(dict.fromkeys((self.name, self.full, short)))


class Places(NamedTuple):
    """Where to look."""

    libraries: tuple[Path, ...] = ()
    """``library/`` of the role, of the playbook, of other roles, then those of ansible.cfg."""
    utilities: tuple[Path, ...] = ()
    """``module_utils/`` in the same order."""
    collections_path: tuple[Path, ...] = ()
    collections: tuple[str, ...] = ()
    """The keyword ``collections``, for short names."""

    @property
    def homes(self) -> tuple[Path, ...]:
        """Folders that hold ``ansible_collections``; the one beside ansible-core comes last."""
        core = core_folder()
        return (*self.collections_path, *((core.parent,) if core is not None else ()))


def in_library(name: str, places: Places) -> Foreign | None:
    """A module that the playbook or a role brings along; it wins over every other."""
    short = name.removeprefix("ansible.legacy.")
    if "." in short:
        return None
    for folder in places.libraries:
        path = _library(folder).get(short)
        if path is not None:
            whole = Foreign(name, short, path, f"ansible.modules.{short}")
            return _placed(whole, places)
    return None


def installed(name: str, places: Places) -> Foreign | None:
    """A module of a collection or of ansible-core that is installed on the controller."""
    short = next((name[len(one) :] for one in _CORE if name.startswith(one)), None)
    if short is not None:
        return _of_collection(name, BUILTIN, short, places)
    whole = QUALIFIED.match(name)
    if whole:
        return _of_collection(name, whole[1], whole[2], places)
    for collection in (*places.collections, BUILTIN):
        found = _of_collection(name, collection, name, places)
        if found is not None:
            return found
    return None


def collection_folder(collection: str, places: Places) -> Path | None:
    """The folder of a collection (``ansible.builtin``: of ansible-core), or None."""
    if collection == BUILTIN:
        return core_folder()
    for home in places.homes:
        folder = home.joinpath("ansible_collections", *collection.split("."))
        if folder.is_dir():
            return folder
    return None


def module_names(collection: str, places: Places) -> list[str]:
    """The short names of a collection's modules, sorted."""
    folder = collection_folder(collection, places)
    if folder is None:
        return []
    inside = folder / ("modules" if collection == BUILTIN else "plugins/modules")
    return sorted(path.stem for path in inside.glob("*.py") if path.stem != "__init__")


def _of_collection(
    name: str, collection: str, module: str, places: Places, *, depth: int = 0
) -> Foreign | None:
    folder = collection_folder(collection, places)
    if folder is None:
        return None
    full = f"{collection}.{module}"
    route = routing.route(folder, collection, "modules", module)
    if route.redirect and depth < _DEEPEST:
        target = QUALIFIED.match(route.redirect.replace("ansible.legacy.", f"{BUILTIN}."))
        if target is not None:
            return _of_collection(name, target[1], target[2], places, depth=depth + 1)
    parts = module.split(".")
    core = collection == BUILTIN
    inside, actions = (
        ("modules", "plugins/action") if core else ("plugins/modules", "plugins/action")
    )
    path = folder.joinpath(inside, *parts).with_suffix(".py")
    if route.removed and not path.is_file():
        return Foreign(name, full, folder, "", refused=route.removed)
    if not path.is_file():
        return None
    package = "ansible.modules." if core else f"ansible_collections.{collection}.plugins.modules."
    action = folder.joinpath(actions, *parts).with_suffix(".py")
    reason = refusal(full, path, wrapped=action.exists())
    return _placed(Foreign(name, full, path, package + module, refused=reason), places)


def _placed(module: Foreign, places: Places) -> Foreign:
    """A module with the way it is called, and where what it imports is sought."""
    kind, reason = kind_of(module.path)
    return module._replace(
        kind=kind,
        utilities=places.utilities,
        homes=places.homes,
        refused=module.refused or reason,
    )


def _library(folder: Path) -> dict[str, Path]:
    """The modules in a library by name; its folders count, a Python file before others."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return {}
    return _listed(folder, changed)


@lru_cache(maxsize=256)
def _listed(folder: Path, changed: int) -> dict[str, Path]:
    del changed
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*"), key=lambda one: (one.suffix != ".py", one)):
        hidden = path.name.startswith((".", "_")) or path.name.endswith("~")
        if not hidden and path.suffix not in _NO_MODULES and path.is_file():
            found.setdefault(path.stem, path)
    return found
