"""From an inventory to a lab of the same shape: hosts, groups and their order, and nothing else.

Variables stay behind, secrets and connections among them: a run on the lab has nothing from here
that leads to the real hosts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.inventory.model import LOCALHOST
from kplay.lab.host_names import lab_names
from kplay.lab.model import Lab, LabGroup, LabHost, LabNetwork
from kplay.lab.representatives import leads, representatives

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from kplay.inventory.model import Host, Inventory

_MOST = 244
"""Hosts that a network of 256 addresses has room for, from the eleventh on."""
_SSH = ("smart", "ssh", "paramiko", "paramiko_ssh", "libssh", "ansible.builtin.ssh")
_IMPLIED = ("all", "ungrouped")
_LEADING, _OTHERS = (2048, 2), (1024, 1)
"""Memory in MiB and processors: kubeadm refuses a control plane with less."""


class Mirror(NamedTuple):
    """A lab, who its hosts stand for, and who has no host in it and why."""

    lab: Lab
    originals: dict[str, str]
    left_out: dict[str, str]
    of: int
    """How many hosts a lab of full size would have."""


def mirror(
    inventory: Inventory,
    name: str,
    *,
    provider: str,
    small: bool,
    cidr: IPv4Network | None = None,
    containers: LabGroup | None = None,
) -> Mirror:
    """A lab of an inventory's shape.

    Args:
        inventory: what to mirror.
        name: the lab's name.
        provider: who is to make its hosts.
        small: keep a few hosts of each group instead of all.
        cidr: the network to write down; None leaves it to the provider.
        containers: variables that the lab's hosts need as containers.

    Raises:
        InputError: there are no hosts to mirror, or too many for a lab.
    """
    left_out = {
        one.name: reason for one in inventory.hosts.values() if (reason := _reason(inventory, one))
    }
    hosts = [one for one in inventory.hosts if one not in left_out]
    if not hosts:
        message = "the inventory has no hosts that a lab could stand for"
        notes = tuple(f"{host}: {reason}" for host, reason in left_out.items())
        raise InputError(Diagnostic("lab-no-hosts", message, None, notes=notes))
    groups = {
        one.name: dict.fromkeys(host for host in one.hosts if host not in left_out)
        for one in inventory.groups.values()
        if one.name not in _IMPLIED
    }
    chosen = representatives(hosts, groups) if small else hosts
    if len(chosen) > _MOST:
        message = f"a lab has room for {_MOST} hosts, and there are {len(chosen)}"
        hint = "" if small else "`--size small` keeps a few of each group"
        raise InputError(Diagnostic("lab-too-large", message, None, help=(hint,) if hint else ()))
    direct = {
        host: [name for name, members in groups.items() if host in members] for host in chosen
    }
    named = lab_names(direct)
    lab = Lab(
        name=name,
        provider=provider,
        hosts=tuple(_host(inventory, host, named[host], direct[host]) for host in chosen),
        groups=(*_groups(inventory, direct), *((containers,) if containers else ())),
        networks=(LabNetwork("main", cidr),),
    )
    return Mirror(lab, {new: old for old, new in named.items()}, left_out, len(hosts))


def _host(inventory: Inventory, host: str, name: str, direct: list[str]) -> LabHost:
    leading = any(map(leads, inventory.hosts[host].groups))
    memory, cpus = _LEADING if leading else _OTHERS
    return LabHost(name, groups=tuple(direct), memory=memory, cpus=cpus)


def _groups(inventory: Inventory, direct: dict[str, list[str]]) -> list[LabGroup]:
    """The groups that no host alone would make known: those with children, and empty ones."""
    known = {name for names in direct.values() for name in names}
    return [
        LabGroup(one.name, children=tuple(one.children))
        for one in inventory.groups.values()
        if one.name not in _IMPLIED and (one.children or one.name not in known)
    ]


def _reason(inventory: Inventory, host: Host) -> str:
    """Why a host has none in the lab; empty when it has."""
    said = [inventory.groups[name] for name in host.groups]
    tables = [table for one in said for table in (one.variables, one.file_variables)]
    way = None
    for table in (*tables, host.variables, host.file_variables):
        found = table.get("ansible_connection")
        way = found.value if found is not None else way
    if way == "local" or (way is None and host.name in LOCALHOST):
        return "it is the controller"
    if way is not None and isinstance(way, str) and "{" not in way and way not in _SSH:
        return f"it is reached by `{way}`"
    return ""
