"""The networks of a lab file, and whether its hosts' addresses fit them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from kplay.lab.model import LabNetwork

if TYPE_CHECKING:
    from kplay.lab.checks import Checks
    from kplay.lab.model import Lab
    from kplay.source import Sourced

_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}(?<!-)")
# 1 is the controller and 2 the gateway.
_FIRST_FREE = 3


def networks(checks: Checks, at: Sourced | None) -> tuple[LabNetwork, ...]:
    """The lab's networks in the order written; one of no particular addresses without any."""
    plain = (LabNetwork("main"),)
    if at is None:
        return plain
    if not isinstance(at.value, dict) or not at.value:
        checks.fault("lab-network", "`networks` is a mapping of at least one network name", at)
        return plain
    found = checks.each(
        at,
        _NAME,
        "a network",
        ("cidr",),
        lambda name, value: LabNetwork(name, _cidr(checks, value.get("cidr"))),
    )
    for one, other in combinations(found, 2):
        if one.cidr and other.cidr and one.cidr.overlaps(other.cidr):
            checks.fault(
                "lab-network",
                f"the network `{other.name}` ({other.cidr}) overlaps `{one.name}` ({one.cidr})",
                at.child(other.name).child("cidr"),
            )
    return tuple(found) or plain


def _cidr(checks: Checks, at: Sourced | None) -> IPv4Network | None:
    if at is None:
        return None
    try:
        network = IPv4Network(at.value if isinstance(at.value, str) else "")
    except ValueError:
        checks.fault(
            "lab-network",
            f"`{at.value}` is not an IPv4 network",
            at,
            "an example: 10.90.7.0/24",
        )
        return None
    if not network.is_private or not 16 <= network.prefixlen <= 28:
        checks.fault("lab-network", f"`{network}` is not a private network of /16 to /28", at)
        return None
    return network


def ipv4_address(checks: Checks, at: Sourced | None) -> IPv4Address | None:
    """A host's ``address``."""
    if at is None:
        return None
    try:
        return IPv4Address(at.value if isinstance(at.value, str) else "")
    except ValueError:
        checks.fault(
            "lab-address",
            f"`{at.value}` is not an IPv4 address",
            at,
            "an example: 192.168.56.31",
        )
        return None


def check_addresses(checks: Checks, lab: Lab, root: Sourced) -> None:
    """Note hosts whose addresses are in no network, are another's, or do not fit."""
    first, hosts = lab.networks[0], root.child("hosts")
    taken: dict[int, str] = {}
    for host in lab.hosts:
        at = hosts.child(host.name).get("address")
        if at is not None and host.address is not None:
            if first.cidr is None:
                checks.fault(
                    "lab-address",
                    f"an address of one's own needs the `cidr` of the network `{first.name}`",
                    at,
                    f"an example: `networks: {{{first.name}: {{cidr: 192.168.56.0/24}}}}`",
                )
                return
            last = first.cidr.broadcast_address - 1
            if not first.cidr[_FIRST_FREE] <= host.address <= last:
                checks.fault(
                    "lab-address",
                    f"`{host.address}` is no address for a host in {first.cidr}",
                    at,
                    f"hosts have {first.cidr[_FIRST_FREE]} to {last}",
                )
                continue
        position = lab.position(host)
        if position in taken:
            checks.fault(
                "lab-address",
                f"the hosts `{taken[position]}` and `{host.name}` have the same address",
                at or hosts.child(host.name),
                "hosts without an `address` are numbered from the eleventh on",
                key=at is None,
            )
        taken.setdefault(position, host.name)
        for network in lab.networks_of(host):
            if network.cidr is not None and position > network.cidr.num_addresses - 2:
                checks.fault(
                    "lab-network",
                    f"`{network.cidr}` is too small for {len(lab.hosts)} hosts",
                    root.child("networks").child(network.name).child("cidr"),
                    f"`{host.name}` has position {position} in each of its networks;"
                    " hosts without an `address` are numbered from the eleventh on",
                )
                return
