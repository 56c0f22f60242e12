"""All that was looked at, on all hosts, and the settings it is judged by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

Facts = dict[str, Any]

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass
class Survey:
    """What the rules look at; they change nothing of it.

    Args:
        settings: of the role, ``preflight_settings``.
        hosts: by host, what ``preflight_facts`` found.
        reach: by host, the rows of ``preflight_reach``: to, address, port, protocol, for, outcome
            and where known by, said, at, registration.
        clocks: by host, between which seconds its clock is ahead of the controller's.
        windows: by host, when it listened (its own clock) and on what.
        today: the controller's date.
    """

    settings: Mapping[str, Any]
    hosts: dict[str, Facts]
    reach: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    clocks: dict[str, tuple[float, float]] = field(default_factory=dict)
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    today: dt.date | None = None

    def roles(self, host: str) -> list[str]:
        """The roles that a host has by its groups."""
        return list(self.hosts[host].get("roles") or ())

    def with_role(self, role: str) -> list[str]:
        """Hosts of a role, in the inventory's order."""
        return [host for host in self.hosts if role in self.roles(host)]

    @cached_property
    def server_role(self) -> str:
        """What the profile calls the hosts that run the API server."""
        return str(self.settings.get("server_role") or "server")

    @cached_property
    def profile(self) -> str:
        """k3s, rke2, rancher or kubeadm."""
        return str(self.settings["profile"])

    def limit(self, name: str, host: str) -> float:
        """The largest threshold among a host's roles, 0 where none is set."""
        table = self.settings.get(name) or {}
        return max((float(table.get(role) or 0) for role in self.roles(host)), default=0.0)

    def value(self, name: str) -> str:
        """A setting as text."""
        return str(self.settings.get(name) or "")


def roles_of(settings: Mapping[str, Any], groups: Mapping[str, list[str]], host: str) -> list[str]:
    """The roles of a host: those one of whose groups it is in."""
    table: Mapping[str, list[str]] = settings.get("groups") or {}
    return [
        role for role, names in table.items() if any(host in groups.get(one, ()) for one in names)
    ]


def ports(settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of the port table that hold for the chosen CNI and features."""
    features = set(settings.get("features") or ())
    cni = str(settings.get("cni") or "")
    for row in [*(settings.get("ports") or ()), *(settings.get("extra_ports") or ())]:
        if row.get("cni") and cni not in row["cni"]:
            continue
        if row.get("if") and row["if"] not in features:
            continue
        yield dict(row, protocol=row.get("protocol") or "tcp", port=int(row.get("port") or 0))


def version(text: object) -> tuple[int, int, int] | None:
    """Numbers of a version such as v1.36.3+k3s1, or None."""
    found = _VERSION.match(str(text or ""))
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
