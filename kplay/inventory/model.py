"""Hosts and groups, as plain data with the place of every definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kplay.source import Sourced, Span

LOCALHOST = ("localhost", "127.0.0.1", "::1")
"""Names of the controller that work without an inventory."""


@dataclass(eq=False, slots=True)
class Group:
    """A group: its own hosts and children, and the variables given to it."""

    name: str
    hosts: list[str] = field(default_factory=list)
    """Direct members, in the order written."""
    children: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    variables: dict[str, Sourced] = field(default_factory=dict)
    """From the inventory file itself; group_vars files are in ``file_variables``."""
    file_variables: dict[str, Sourced] = field(default_factory=dict)
    playbook_variables: dict[str, Sourced] = field(default_factory=dict)
    """From group_vars beside the playbook, which win over those beside the inventory."""
    priority: int = 1
    """``ansible_group_priority``."""
    depth: int = 0
    """Longest way from ``all``: deeper groups win."""


@dataclass(eq=False, slots=True)
class Host:
    """A host as the inventory names it."""

    name: str
    span: Span | None
    variables: dict[str, Sourced] = field(default_factory=dict)
    file_variables: dict[str, Sourced] = field(default_factory=dict)
    """From host_vars files beside the inventory."""
    playbook_variables: dict[str, Sourced] = field(default_factory=dict)
    """From host_vars files beside the playbook."""
    groups: list[str] = field(default_factory=list)
    """All groups it is in, through children too, sorted by depth, priority, name; ``all`` first."""
    source: Path | None = None
    """The file that named it first; None for a list of hosts, and for one that a run adds."""


@dataclass(eq=False, slots=True)
class Inventory:
    """Every host and group; ``all`` and ``ungrouped`` always exist."""

    hosts: dict[str, Host] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    sources: list[Path] = field(default_factory=list)
    implicit: Host | None = None
    """``localhost`` where no file names it: reached by its name alone, never through a group."""

    def become(self, other: Inventory) -> None:
        """Hold what another inventory holds, in the place of everything so far."""
        self.hosts, self.groups = other.hosts, other.groups
        self.sources, self.implicit = other.sources, other.implicit

    def tables(self) -> Iterator[dict[str, Sourced]]:
        """The variables of every group and host, as each file gives them."""
        implicit = [self.implicit] if self.implicit is not None else []
        holders: list[Group | Host] = [*self.groups.values(), *self.hosts.values(), *implicit]
        for one in holders:
            yield one.variables
            yield one.file_variables
            yield one.playbook_variables

    def host(self, name: str) -> Host:
        """The host of that name, the implicit localhost included; raises KeyError."""
        if name not in self.hosts and self.implicit is not None and name in LOCALHOST:
            return self.implicit
        return self.hosts[name]

    def members(self, group: str) -> list[str]:
        """Host names in a group and its children, in Ansible's order; raises KeyError.

        A group's own hosts come first as written, then those of its children, level by level.
        """
        found: dict[str, None] = {}
        level, seen = [group], {group}
        while level:
            below: list[str] = []
            for name in level:
                found.update(dict.fromkeys(self.groups[name].hosts))
                below += [child for child in self.groups[name].children if child not in seen]
                seen.update(self.groups[name].children)
            level = list(dict.fromkeys(below))
        if group == "all":
            found.update(dict.fromkeys(self.hosts))
        return list(found)
