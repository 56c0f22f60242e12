"""Puts hosts and groups together as sources name them, and settles how groups nest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.inventory.model import LOCALHOST, Group, Host, Inventory
from kplay.source import made_up

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.source import Sourced, Span

GROUP_NAME = re.compile(r"[^\s,:&!~\[\]{}()*?'\"]+\Z")


class Builder:
    """An inventory in the making."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.inventory = Inventory()
        self.inventory.groups = {
            "all": Group("all", children=["ungrouped"]),
            "ungrouped": Group("ungrouped", parents=["all"]),
        }
        self._nesting: dict[tuple[str, str], Span] = {}
        self._wanted: dict[str, Span] = {}
        self._declared = {"all", "ungrouped"}
        self._members: dict[str, set[str]] = {}
        self.source: Path | None = None
        """The file that is read now."""

    def group(self, name: str, span: Span, *, declared: bool = True) -> Group:
        """The group of that name, made when it is new.

        A group that is only spoken of (its variables, its place in another) is not declared yet.
        """
        if declared:
            self._declared.add(name)
        found = self.inventory.groups.get(name)
        if found is None:
            if not GROUP_NAME.match(name):
                self.faults.add("bad-name", f"`{name}` cannot be the name of a group", span)
            found = self.inventory.groups[name] = Group(name)
        return found

    def host(self, name: str, group: str, span: Span, variables: Mapping[str, Sourced]) -> None:
        """Put a host into a group, with variables that win over earlier ones."""
        host = self.inventory.hosts.get(name)
        if host is None:
            host = self.inventory.hosts[name] = Host(name, span, source=self.source)
        host.variables.update(variables)
        members = self._members.setdefault(group, set())
        if name not in members:
            members.add(name)
            if group != "all":
                self.inventory.groups[group].hosts.append(name)

    def nest(self, parent: str, child: str, span: Span) -> None:
        """Make a group the child of another."""
        if child == "all":
            self.faults.add("group-cycle", "`all` holds every group and is in none", span)
            return
        self._nesting.setdefault((parent, child), span)
        above, below = self.inventory.groups[parent], self.inventory.groups[child]
        if child not in above.children:
            above.children.append(child)
            below.parents.append(parent)

    def around(self, host: str) -> list[str]:
        """The groups that hold a host as far as sources have said, the weakest first."""
        groups = self.inventory.groups
        found: dict[str, int] = {}

        def depth(name: str) -> int:
            if name not in found:
                found[name] = 0
                found[name] = 1 + max(map(depth, groups[name].parents), default=-1)
            return found[name]

        for group, members in self._members.items():
            if host in members:
                depth(group)
        return sorted(found, key=lambda name: (found[name], groups[name].priority, name))

    def want(self, name: str, span: Span) -> None:
        """Note that a group is named and must be defined somewhere."""
        self._wanted.setdefault(name, span)

    def finish(self) -> Inventory:
        """The inventory, with parents, depths and each host's groups settled."""
        inventory = self.inventory
        for name, span in self._wanted.items():
            if name not in self._declared:
                known = sorted(self._declared)
                self.faults.add(
                    "unknown-group", f"no group named `{name}`", span, help=suggest(name, known)
                )
        if self._cycle():
            return inventory
        settle(inventory)
        if not any(name in inventory.hosts for name in LOCALHOST):
            inventory.implicit = Host(
                "localhost", None, {"ansible_connection": made_up("local")}, groups=["all"]
            )
        return inventory

    def _cycle(self) -> bool:
        groups = self.inventory.groups
        done: set[str] = set()
        for start in groups:
            way: list[str] = []
            if self._walk(start, way, done):
                first = way.index(way[-1])
                steps = list(zip(way[first:], way[first + 1 :], strict=False))
                self.faults.add(
                    "group-cycle",
                    f"the group `{way[-1]}` is inside itself",
                    self._nesting[steps[-1]],
                    notes=[
                        f"`{up}` holds `{low}` at {self._nesting[up, low]}" for up, low in steps
                    ],
                )
                return True
        return False

    def _walk(self, name: str, way: list[str], done: set[str]) -> bool:
        if name in done:
            return False
        way.append(name)
        if name in way[:-1]:
            return True
        if any(self._walk(child, way, done) for child in self.inventory.groups[name].children):
            return True
        done.add(name)
        way.pop()
        return False


def settle(inventory: Inventory) -> None:
    """Settle depths, who is in no group, and the groups of every host."""
    groups = inventory.groups
    _settle_ungrouped(inventory)
    for name, group in groups.items():
        if name != "all" and not group.parents:
            group.parents.append("all")
            if name not in groups["all"].children:
                groups["all"].children.append(name)
    _settle_depths(groups)
    _settle_membership(inventory)


def _settle_ungrouped(inventory: Inventory) -> None:
    grouped: set[str] = set()
    for name, group in inventory.groups.items():
        if name not in ("all", "ungrouped"):
            grouped.update(group.hosts)
    loose = inventory.groups["ungrouped"]
    loose.hosts = [name for name in inventory.hosts if name not in grouped]


def _settle_depths(groups: dict[str, Group]) -> None:
    pending = [("all", 0)]
    while pending:
        name, depth = pending.pop()
        group = groups[name]
        if depth < group.depth or (depth and depth == group.depth):
            continue
        group.depth = depth
        pending += [(child, depth + 1) for child in group.children]


def _settle_membership(inventory: Inventory) -> None:
    groups = inventory.groups
    above: dict[str, set[str]] = {}

    def ancestors(name: str) -> set[str]:
        if name not in above:
            above[name] = {name}.union(*(ancestors(one) for one in groups[name].parents))
        return above[name]

    direct: dict[str, set[str]] = {name: {"all"} for name in inventory.hosts}
    for name, group in groups.items():
        around = ancestors(name)
        for host in group.hosts:
            direct[host] |= around
    rank = {name: (one.depth, one.priority, name) for name, one in groups.items()}
    ordered: dict[frozenset[str], list[str]] = {}
    for host, names in direct.items():
        key = frozenset(names)
        if key not in ordered:
            ordered[key] = sorted(names, key=rank.__getitem__)
        inventory.hosts[host].groups = list(ordered[key])
