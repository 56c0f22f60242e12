"""A few hosts of a large inventory that stand for all: every group keeps some of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_CONTROL = frozenset({"control", "controller", "controllers", "controlplane", "cp", "etcd"})
_MASTERS = frozenset({"manager", "managers", "master", "masters"})
_CONTROL_WHOLE = frozenset({"server", "servers", "k3s_server", "k3s_servers", "rke2_servers"})
_WORD = re.compile(r"[^a-z0-9]+")
_MOST_CONTROL = 3
"""The fewest members of a quorum that can lose one."""


def leads(group: str) -> bool:
    """Whether a group's name says that its hosts lead a cluster, and so vote with each other."""
    words = _WORD.split(group.lower())
    return not (_CONTROL | _MASTERS).isdisjoint(words) or "_".join(words) in _CONTROL_WHOLE


def representatives(hosts: Sequence[str], groups: Mapping[str, Collection[str]]) -> list[str]:
    """Some of the hosts, in their order.

    Of each group one is kept, of those that lead a cluster three or one: an odd number, where
    there are enough.

    Args:
        hosts: all of them, in the inventory's order.
        groups: the groups that name hosts themselves, each with these. Hosts of none count as one.
    """
    held = {host for members in groups.values() for host in members}
    groups = {**groups, "": dict.fromkeys(host for host in hosts if host not in held)}
    wanted = {name: _wanted(name, len(members)) for name, members in groups.items()}
    kept: dict[str, set[str]] = {name: set() for name in groups}
    chosen = set()
    for host in hosts:
        mine = [name for name, members in groups.items() if host in members]
        if any(len(kept[name]) < wanted[name] for name in mine):
            chosen.add(host)
            for name in mine:
                kept[name].add(host)
    for name, members in groups.items():
        if leads(name) and len(kept[name]) % 2 == 0:
            spare = next((host for host in hosts if host in members and host not in chosen), None)
            chosen |= {spare} if spare else set()
    return [host for host in hosts if host in chosen]


def _wanted(group: str, members: int) -> int:
    return _MOST_CONTROL if leads(group) and members >= _MOST_CONTROL else min(members, 1)
