"""Which modules there are, by every name under which playbooks call them.

A module is found by its file's name, and imported only when it is asked for.
"""

import importlib
import pkgutil
import re
from typing import Dict, Optional, Tuple

from kplay.modules.api import Module

COLLECTIONS = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "community.crypto.",
    "community.general.",
    "kubernetes.core.",
)

_EXPORTS = re.compile(r"^module(?::[^=\n]*)? = ", re.MULTILINE)
_OTHER_NAMES = re.compile(r"\balso_known_as=(\([^)]*\)|\w+)")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")

_found = {}  # type: Dict[str, Optional[Module]]
_sources = {}  # type: Dict[str, str]


def names() -> Tuple[str, ...]:
    """The names of all modules, sorted; imports none of them."""
    return tuple(sorted(_read_sources()))


def find(name: str) -> Optional[Module]:
    """The module of that name, short or with its collection, or None."""
    if name not in _found:
        _found[name] = _find(short(name))
    return _found[name]


def suggest(name: str) -> Tuple[str, ...]:
    """Names of modules that come close, the closest first."""
    import difflib

    known = list(names()) + list(_aliases())
    return tuple(difflib.get_close_matches(short(name), known, n=3, cutoff=0.6))


def short(name: str) -> str:
    """The name without a collection that is ours to answer for."""
    for collection in COLLECTIONS:
        if name.startswith(collection):
            return name[len(collection) :]
    return name


def _find(name: str) -> Optional[Module]:
    if not name.isidentifier():
        return None
    module = _import(name)
    if module is None:
        target = _aliases().get(name)
        module = _import(target) if target else None
    return module


def _import(name: str) -> Optional[Module]:
    where = "kplay.modules." + name
    try:
        exported = getattr(importlib.import_module(where), "module", None)
    except ImportError as error:
        if error.name == where:
            return None
        raise
    return exported if isinstance(exported, Module) else None


def _aliases() -> Dict[str, str]:
    aliases = {}  # type: Dict[str, str]
    for name, source in sorted(_read_sources().items()):
        for written in _OTHER_NAMES.findall(source):
            for alias in _QUOTED.findall(written):
                aliases[short(alias)] = name
    return aliases


def _read_sources() -> Dict[str, str]:
    if not _sources:
        package = importlib.import_module("kplay.modules")
        for info in pkgutil.iter_modules(package.__path__):
            data = pkgutil.get_data("kplay.modules", info.name + ".py")
            source = (data or b"").decode("utf-8")
            if _EXPORTS.search(source):
                _sources[info.name] = source
    return _sources
