"""The addresses of a lab's hosts, by the same rule as ``vagrant/Vagrantfile``."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplay.lab.model import Lab, LabHost

# The networks that VirtualBox makes without being told that it may begin here.
_POOL = [IPv4Network(f"192.168.{third}.0/24") for third in range(56, 256)]


def settled(lab: Lab) -> Lab:
    """The same lab with a CIDR for every network: its own, or the next free one of the pool."""
    said = [one.cidr for one in lab.networks if one.cidr is not None]
    free = (one for one in _POOL if not any(one.overlaps(other) for other in said))
    networks = tuple(
        one if one.cidr is not None else replace(one, cidr=next(free)) for one in lab.networks
    )
    return replace(lab, networks=networks)


def addresses(lab: Lab, host: LabHost) -> dict[str, str]:
    """A host's address in each of its networks, the lab's first one first; of a settled lab."""
    position = lab.position(host)
    return {one.name: str(one.cidr[position]) for one in lab.networks_of(host) if one.cidr}
