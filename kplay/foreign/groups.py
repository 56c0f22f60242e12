"""Groups of modules, which collections declare and ``module_defaults`` names as ``group/NAME``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kplay.foreign import routing
from kplay.foreign.core import core_folder

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "group/"


@lru_cache(maxsize=256)
def members(key: str, homes: tuple[Path, ...]) -> frozenset[str]:
    """The full names of a group's modules; empty when there is no such group.

    Args:
        key: ``group/NAME`` or ``group/NAMESPACE.COLLECTION.NAME``.
        homes: folders that hold ``ansible_collections``, beside the one of ansible-core.
    """
    if not key.startswith(PREFIX):
        return frozenset()
    name = key.removeprefix(PREFIX)
    open_names = [name if name.count(".") > 1 else f"{routing.BUILTIN}.{name}"]
    found: set[str] = set()
    seen: set[str] = set()
    while open_names:
        full = open_names.pop()
        if full in seen:
            continue
        seen.add(full)
        collection, _, short = full.rpartition(".")
        folder = _folder(collection, homes)
        if folder is not None:
            modules, more = routing.group(folder, collection, short)
            found.update(modules)
            open_names += more
    return frozenset(found)


def _folder(collection: str, homes: tuple[Path, ...]) -> Path | None:
    if collection == routing.BUILTIN:
        return core_folder()
    core = core_folder()
    homes = (*homes, *((core.parent,) if core is not None else ()))
    inside = ("ansible_collections", *collection.split("."))
    return next((one for home in homes if (one := home.joinpath(*inside)).is_dir()), None)
