"""Shows an inventory: as JSON in the form of ``ansible-inventory --list``, and as a tree."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from kplay.source import VaultText

if TYPE_CHECKING:
    from kplay.inventory.model import Host, Inventory
    from kplay.source import Sourced


def variables_of(inventory: Inventory, host: Host) -> dict[str, Sourced]:
    """All variables that inventory and adjacent files give to a host, the strongest winning."""
    groups = [inventory.groups[name] for name in host.groups]
    every, rest = groups[:1], groups[1:]
    table: dict[str, Sourced] = {}
    for group in groups:
        table.update(group.variables)
    for some in (every, rest):
        for group in some:
            table.update(group.file_variables)
        for group in some:
            table.update(group.playbook_variables)
    table.update(host.variables)
    table.update(host.file_variables)
    table.update(host.playbook_variables)
    return table


def to_list_json(inventory: Inventory) -> dict[str, Any]:
    """Hosts, groups and variables as JSON-ready data."""
    variables: dict[str, Any] = {}
    for name, host in sorted(inventory.hosts.items()):
        table = variables_of(inventory, host)
        if table:
            variables[name] = {key: _plain(table[key].value) for key in sorted(table)}
    data: dict[str, Any] = {"_meta": {"hostvars": variables}}
    for name, group in sorted(inventory.groups.items()):
        entry: dict[str, Any] = {}
        if group.children:
            entry["children"] = list(group.children)
        if group.hosts and name != "all":
            entry["hosts"] = list(group.hosts)
        if entry or name == "all":
            data[name] = entry
    return data


def graph_text(inventory: Inventory, group: str = "all", *, variables: bool = False) -> str:
    """Groups and hosts as a tree, one a line; raises KeyError for an unknown group."""
    lines = [f"@{group}:"]
    _branch(inventory, group, 1, lines, variables=variables)
    return "\n".join(lines)


def _branch(
    inventory: Inventory, name: str, depth: int, lines: list[str], *, variables: bool
) -> None:
    group = inventory.groups[name]
    indent = "  |" * depth + "--"
    for child in group.children:
        lines.append(f"{indent}@{child}:")
        _branch(inventory, child, depth + 1, lines, variables=variables)
    for host in group.hosts:
        lines.append(f"{indent}{host}")
        if variables:
            table = variables_of(inventory, inventory.hosts[host])
            lines.extend(_assigned(table, depth + 1))
    if variables:
        own = {**group.variables, **group.file_variables, **group.playbook_variables}
        lines.extend(_assigned(own, depth))


def _assigned(table: dict[str, Sourced], depth: int) -> list[str]:
    indent = "  |" * depth + "--"
    return [f"{indent}{{{key} = {_plain(table[key].value)}}}" for key in sorted(table)]


def _plain(value: Any) -> Any:
    if isinstance(value, VaultText):
        return {"__ansible_vault": str(value)}
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
