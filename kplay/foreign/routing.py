"""What a collection's ``meta/runtime.yml`` says of names that moved, went, or belong together.

ansible-core has one of its own, where the names that left it for collections are found.
https://docs.ansible.com/ansible/latest/dev_guide/developing_collections_structure.html#meta-directory-and-runtime-yml
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

BUILTIN = "ansible.builtin"


class Route(NamedTuple):
    """What became of a name."""

    redirect: str = ""
    """The full name under which it is found now."""
    removed: str = ""
    """Why it is gone."""


def route(folder: Path, collection: str, kind: str, name: str) -> Route:
    """The entry of a name; ``kind`` is ``modules``, ``action``, ``filter`` and the like."""
    entry = _mapping(_mapping(_mapping(_runtime(folder, collection), "plugin_routing"), kind), name)
    gone = _mapping(entry, "tombstone")
    removed = ""
    if gone:
        since = gone.get("removal_version") or gone.get("removal_date")
        removed = f"it was removed from {collection}" + (f" in {since}" if since else "")
        advice = " ".join(str(gone.get("warning_text") or "").split())
        removed += f": {advice.rstrip('.')}" if advice else ""
    return Route(str(entry.get("redirect") or ""), removed)


def group(folder: Path, collection: str, name: str) -> tuple[list[str], list[str]]:
    """The modules of an action group by full name, and the groups that it takes in."""
    entries = _mapping(_runtime(folder, collection), "action_groups").get(name)
    members: list[str] = []
    more: list[str] = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            members.append(entry if entry.count(".") > 1 else f"{collection}.{entry}")
        else:
            taken = _mapping(entry, "metadata").get("extend_group") or ()
            more += [one if one.count(".") > 1 else f"{collection}.{one}" for one in taken]
    return members, more


@cache
def _runtime(folder: Path, collection: str) -> dict[str, Any]:
    import yaml

    from kplay.yaml_reader import plain

    inside = "config/ansible_builtin_runtime.yml" if collection == BUILTIN else "meta/runtime.yml"
    try:
        data = plain((folder / inside).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return data if isinstance(data, dict) else {}


def _mapping(table: Any, name: str) -> dict[str, Any]:
    """The mapping under a name; empty when it is none."""
    found = table.get(name) if isinstance(table, dict) else None
    return found if isinstance(found, dict) else {}
