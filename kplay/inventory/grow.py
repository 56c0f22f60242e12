"""Hosts and groups that a run adds: add_host and group_by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.inventory.build import settle
from kplay.inventory.model import Group, Host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kplay.inventory.model import Inventory
    from kplay.source import Sourced


def add_host(
    inventory: Inventory, name: str, groups: Sequence[str], variables: Mapping[str, Sourced]
) -> None:
    """Put a host into groups, with variables that win over those it has."""
    host = inventory.hosts.get(name)
    if host is None:
        host = inventory.hosts[name] = Host(name, None)
    host.variables.update(variables)
    for group in groups:
        _join(inventory, group, name)
    settle(inventory)


def add_to_group(inventory: Inventory, name: str, group: str, parents: Sequence[str]) -> None:
    """Put a host into a group, and the group into others."""
    _join(inventory, group, name)
    for parent in parents:
        _group(inventory, parent)
        if group not in inventory.groups[parent].children and parent != "all":
            inventory.groups[parent].children.append(group)
            inventory.groups[group].parents.append(parent)
    settle(inventory)


def holds(inventory: Inventory, name: str, groups: Sequence[str]) -> bool:
    """Whether a host is there and in each of the groups."""
    known = inventory.hosts.get(name)
    return known is not None and all(group in known.groups for group in groups)


def _group(inventory: Inventory, name: str) -> Group:
    return inventory.groups.setdefault(name, Group(name))


def _join(inventory: Inventory, group: str, host: str) -> None:
    members = _group(inventory, group).hosts
    if host not in members and group != "all":
        members.append(host)
