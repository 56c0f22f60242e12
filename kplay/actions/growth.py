"""Actions that add to the inventory: add_host and group_by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.api import Answer, Context, fault
from kplay.inventory import grow
from kplay.resolve.unknown import causes_in
from kplay.source import made_up

if TYPE_CHECKING:
    from kplay.inventory.model import Inventory

_NAMES = ("name", "hostname", "host")
_GROUPS = ("groups", "groupname", "group")


def add_host(context: Context) -> Answer:
    """A host for the plays below, with every other argument as a variable of it."""
    causes = causes_in(context.args)
    if causes:
        return Answer({"changed": False, "msg": "not known yet"}, causes=causes)
    given = dict(context.args)
    name = str(next((given[key] for key in _NAMES if given.get(key)), ""))
    if not name:
        raise fault(context, "missing-argument", "`add_host` needs the argument `name`")
    name, port = _address(name)
    groups = _listed(next((given[key] for key in _GROUPS if given.get(key)), ()))
    variables = {key: value for key, value in given.items() if key not in (*_NAMES, *_GROUPS)}
    if port:
        variables["ansible_ssh_port"] = port
    inventory = context.scope.store.inventory
    there = grow.holds(inventory, name, groups) and all(
        _value(inventory, name, key) == value for key, value in variables.items()
    )
    shown = {"groups": groups, "host_name": name, "host_vars": variables}

    def grows(inventory: Inventory) -> None:
        sourced = {key: made_up(value) for key, value in variables.items()}
        grow.add_host(inventory, name, groups, sourced)

    return Answer({"changed": not there, "add_host": shown}, grow=grows)


def _address(name: str) -> tuple[str, int]:
    """A name, and the port that may be written behind it; an IPv6 address stands in brackets."""
    host, colon, port = name.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return name, 0


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value]


def _value(inventory: Inventory, host: str, name: str) -> Any:
    known = inventory.hosts[host].variables.get(name)
    return known.value if known is not None else None


def group_by(context: Context) -> Answer:
    """The host goes into a group that is named by a value of it."""
    causes = causes_in(context.args)
    if causes:
        return Answer({"changed": False, "msg": "not known yet"}, causes=causes)
    host = context.host
    # Ansible puts a hyphen for a space, which no pattern can hold
    key = str(context.args["key"]).replace(" ", "-")
    parents = [one.replace(" ", "-") for one in _listed(context.args.get("parents") or ["all"])]
    there = grow.holds(context.scope.store.inventory, host, [key, *parents])

    def grows(inventory: Inventory) -> None:
        grow.add_to_group(inventory, host, key, parents)

    return Answer({"changed": not there, "add_group": key, "parent_groups": parents}, grow=grows)
