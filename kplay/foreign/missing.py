"""What to say of a module that is nowhere: where it would come from, what is called alike."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from kplay.foreign import routing
from kplay.foreign.core import core_folder
from kplay.foreign.find import BUILTIN, QUALIFIED, collection_folder, module_names

if TYPE_CHECKING:
    from kplay.foreign.find import Places

EXTRA = "pip install 'kplay[ansible]'"
_CORE_NAMES = frozenset(("assemble", "expect", "mount_facts", "subversion", "sysvinit"))
"""Modules of ansible-core that kplay has none of its own for: known where it is not installed."""


class Advice(NamedTuple):
    """The notes and help of a diagnostic."""

    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


def advice(name: str, places: Places) -> Advice:
    """What would make a module's name known; empty when nothing is known of it."""
    whole = QUALIFIED.match(name.replace("ansible.legacy.", f"{BUILTIN}."))
    if whole is not None:
        return _of(whole[1], whole[2], places)
    core = core_folder()
    if core is None:
        return _no_core() if name in _CORE_NAMES else Advice()
    target = QUALIFIED.match(routing.route(core, BUILTIN, "modules", name).redirect)
    if target is None:
        return Advice()
    return Advice(
        (f"it is `{target[0]}`, and its collection is not installed on this controller",),
        (_install(target[1]),),
    )


def _of(collection: str, module: str, places: Places) -> Advice:
    if collection == BUILTIN and core_folder() is None:
        return _no_core() if module in _CORE_NAMES else Advice()
    if collection_folder(collection, places) is not None:
        close = get_close_matches(module, module_names(collection, places), n=1, cutoff=0.7)
        return Advice(help=tuple(f"did you mean `{collection}.{one}`?" for one in close))
    alike = get_close_matches(collection, collections(places), n=1, cutoff=0.8)
    if alike:
        return Advice(
            (f"no collection `{collection}` is installed on this controller",),
            (f"did you mean `{alike[0]}.{module}`?",),
        )
    return Advice(
        (f"the collection `{collection}` is not installed on this controller",),
        (_install(collection),),
    )


def _install(collection: str) -> str:
    also = "" if core_folder() is not None else f", and {EXTRA}"
    return f"ansible-galaxy collection install {collection}{also}"


def _no_core() -> Advice:
    return Advice(
        ("it is a module of ansible-core, which is not installed on this controller",), (EXTRA,)
    )


def collections(places: Places) -> list[str]:
    """The collections that are installed, sorted."""
    found = set()
    for home in places.homes:
        for folder in home.glob("ansible_collections/*/*"):
            if folder.is_dir() and not folder.name.endswith((".info", "__pycache__")):
                found.add(f"{folder.parent.name}.{folder.name}")
    return sorted(found)
