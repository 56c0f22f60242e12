"""What the walk makes of modules that are not kplay's.

They see the host as it is, and nothing of what earlier planned steps will make of it. So what such
a module says in a plan is known for certain only while nothing before it is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.foreign.diffs import rows
from kplay.resolve.unknown import Unknown
from kplay.walk.dispatch import FOREIGN

if TYPE_CHECKING:
    from kplay.walk.bind import Item
    from kplay.walk.world import World

_KEPT = ("changed", "failed", "diff", "ansible_facts")


def is_foreign(item: Item) -> bool:
    """Whether a turn calls a module that is not kplay's."""
    return any(call.module in FOREIGN for call in item.calls)


def foreseen(fields: dict[str, Any]) -> dict[str, Any]:
    """What a plan takes of a check mode that would change something; the rest may turn out so."""
    return {name: fields[name] for name in _KEPT if name in fields}


def not_asked(item: Item) -> dict[str, Any]:
    """The result of a module without a check mode under ``check_mode: true``: Ansible skips it."""
    said = f"remote module ({item.calls[0].args['name']}) does not support check mode"
    return {"changed": False, "failed": False, "skipped": True, "msg": said}


def facts(item: Item, result: dict[str, Any], who: str) -> dict[str, Unknown]:
    """The facts that a planned step will give: their names are known, their values not."""
    said = dict.get(result, "ansible_facts")
    names = {name for call in item.calls for name in call.facts}
    names |= said.keys() if isinstance(said, dict) else set()
    return {name: Unknown(who) for name in sorted(names)}


def differences(item: Item, fields: dict[str, Any], world: World) -> list[dict[str, str]]:
    """The rows of its own ``diff``, where differences are to be shown."""
    wanted = world.diff if item.settings.diff is None else item.settings.diff
    return rows(fields.get("diff")) if wanted else []
