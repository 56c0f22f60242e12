"""A lab's networks: one namespace with a bridge for each, one namespace a host, cables between.

The bridges' namespace is the hosts' default gateway, by the first network, and has no way out: it
answers at once that a network is unreachable, so a host that looks for the internet fails fast.
Further networks have no gateway, so nothing leads from one to another but a host that is in both.
The controller joins each bridge by a veth pair; traffic that comes in by it is not forwarded any
further.

Addresses by position in each network: 1 the controller, 2 the gateway, then hosts.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.lab.nspawn.cable import Cable

MOST_NETWORKS = 64
"""More networks than a lab can have."""
# 10.96.0.0/12, 10.244.0.0/16 and 10.42.0.0/15 are what Kubernetes distributions take by default.
_POOL = IPv4Network("10.90.0.0/16")


def lab_namespace(lab: str) -> str:
    """The namespace of the bridge."""
    return f"kplay-{lab}"


def host_namespace(lab: str, host: str) -> str:
    """The namespace that a host's machine lives in; a dot keeps it apart from other labs'."""
    return f"kplay-{lab}.{host}"


def controller_link(lab: str, network: int = 0) -> str:
    """The controller's end of its cable; Linux bounds such names at 15 characters."""
    return "kplay-" + _digest(lab, network)[:8]


def choose_networks(
    lab: str, wanted: Sequence[IPv4Network | None], taken: Iterable[str]
) -> list[IPv4Network]:
    """The networks that the lab file asks for, or free ones that the lab's name leads to.

    Args:
        lab: the lab's name.
        wanted: what the lab file says, None for one that is to be chosen.
        taken: networks that other labs have been allotted, as text.

    Raises:
        KplayError: a network asked for is in use here, or none is free.
    """
    used = [IPv4Network(one) for one in taken]
    used += [
        IPv4Network(route["dst"], strict=False)
        for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]))
        if route["dst"] != "default" and not route["dst"].startswith("127.")
    ]
    for network in wanted:
        clash = [str(one) for one in used if network is not None and one.overlaps(network)]
        if clash:
            raise KplayError(
                f"the network {network} of lab `{lab}` overlaps {clash[0]}, which is in use here"
            )
    used += [one for one in wanted if one is not None]
    chosen = []
    for number, network in enumerate(wanted):
        chosen.append(network or _free_network(lab, number, used))
        used.append(chosen[-1])
    return chosen


def _free_network(lab: str, number: int, used: Sequence[IPv4Network]) -> IPv4Network:
    start = int(_digest(lab, number)[:2], 16)
    pool = list(_POOL.subnets(new_prefix=24))
    for network in (*pool[start:], *pool[:start]):
        if not any(one.overlaps(network) for one in used):
            return network
    raise KplayError(f"no free network in {_POOL} for lab `{lab}`")


def gateway(network: IPv4Network) -> IPv4Address:
    """The address of the first bridge, which leads nowhere and says so."""
    return network[2]


def make_bridges(lab: str, networks: Sequence[IPv4Network]) -> None:
    """Make the lab's namespace, its bridges and the controller's cables, where missing."""
    space = lab_namespace(lab)
    if space not in namespaces():
        run(["ip", "netns", "add", space])
    for number, network in enumerate(networks):
        _make_bridge(lab, number, network)
    # Packets between hosts pass as through a plain switch, past this namespace's firewall.
    _sysctl(space, "net/bridge/bridge-nf-call-iptables", "0", optional=True)
    # Forwarding makes the bridge answer for what its unreachable route refuses.
    _sysctl(space, "net/ipv4/ip_forward", "1")
    run(["ip", "-n", space, "address", "replace",
         f"{gateway(networks[0])}/{networks[0].prefixlen}", "dev", "br0"])  # fmt: skip
    run(["ip", "-n", space, "link", "set", "lo", "up"])
    run(["ip", "-n", space, "route", "replace", "unreachable", "default"])


def _make_bridge(lab: str, number: int, network: IPv4Network) -> None:
    space, link, bridge = lab_namespace(lab), controller_link(lab, number), f"br{number}"
    far = f"controller{number}" if number else "controller"
    if not _has_link(space, bridge):
        run(["ip", "-n", space, "link", "add", bridge, "type", "bridge"])
    run(["ip", "-n", space, "link", "set", bridge, "up"])
    if not _has_link(space, far):
        run(["ip", "link", "add", link, "type", "veth", "peer", "name", far, "netns", space])
    run(["ip", "-n", space, "link", "set", far, "master", bridge, "up"])
    Path(f"/proc/sys/net/ipv4/conf/{link}/forwarding").write_text("0")
    run(["ip", "address", "replace", f"{network[1]}/{network.prefixlen}", "dev", link])
    run(["ip", "link", "set", link, "up"])


def plug_host(lab: str, host: str, cables: Sequence[Cable]) -> str:
    """Make a host's namespace anew, as it is at power-on, and return its path.

    Args:
        lab: the lab's name.
        host: the host's name.
        cables: its cables, the first network's first.
    """
    space, bridges = host_namespace(lab, host), lab_namespace(lab)
    remove_host(lab, host, cables)
    run(["ip", "netns", "add", space])
    run(["ip", "-n", space, "link", "set", "lo", "up"])
    for cable in cables:
        run(["ip", "-n", bridges, "link", "add", cable.port, "type", "veth",
             "peer", "name", cable.interface, "address", cable.hardware,
             "netns", space])  # fmt: skip
        run(["ip", "-n", bridges, "link", "set", cable.port, "master", cable.bridge, "up"])
        run(["ip", "-n", space, "address", "add", str(cable.address), "dev", cable.interface])
        run(["ip", "-n", space, "link", "set", cable.interface, "up"])
    leads = gateway(cables[0].address.network)
    run(["ip", "-n", space, "route", "add", "default", "via", str(leads)])
    return f"/run/netns/{space}"


def set_ports(lab: str, cables: Iterable[Cable], *, connected: bool) -> None:
    """Plug a host's cables in or out, at the bridges' end."""
    state = "up" if connected else "down"
    for cable in cables:
        run(["ip", "-n", lab_namespace(lab), "link", "set", cable.port, state])


def ports_are_up(lab: str, cables: Iterable[Cable]) -> bool:
    """Whether all of a host's cables are plugged in."""
    return all(_is_up(lab_namespace(lab), cable.port) for cable in cables)


def _is_up(space: str, link: str) -> bool:
    try:
        told = run(["ip", "-j", "-n", space, "link", "show", link])
    except CommandError:
        return False
    return "UP" in json.loads(told)[0]["flags"]


def remove_host(lab: str, host: str, cables: Iterable[Cable]) -> None:
    """Remove a host's cables and namespace, where they are."""
    for cable in cables:
        with suppress(CommandError):
            run(["ip", "-n", lab_namespace(lab), "link", "delete", cable.port])
    if host_namespace(lab, host) in namespaces():
        run(["ip", "netns", "delete", host_namespace(lab, host)])


def remove_all(lab: str) -> None:
    """Remove every namespace and cable of a lab, where they are."""
    for link in _links(None) & {controller_link(lab, number) for number in range(MOST_NETWORKS)}:
        run(["ip", "link", "delete", link])
    for space in namespaces():
        if space == lab_namespace(lab) or space.startswith(f"{lab_namespace(lab)}."):
            run(["ip", "netns", "delete", space])


def namespaces() -> list[str]:
    """The names of all network namespaces, ours or not."""
    found = Path("/run/netns")
    return sorted(entry.name for entry in found.iterdir()) if found.is_dir() else []


def _digest(text: str, number: int) -> str:
    """Hexadecimal digits that are always the same for a text and a number."""
    return hashlib.sha256((f"{text}/{number}" if number else text).encode()).hexdigest()


def _has_link(space: str, link: str) -> bool:
    return link in _links(space)


def _links(space: str | None) -> set[str]:
    within = ["-n", space] if space else []
    return {one["ifname"] for one in json.loads(run(["ip", "-j", *within, "link"]))}


def _sysctl(space: str, name: str, value: str, *, optional: bool = False) -> None:
    try:
        run(["nsenter", f"--net=/run/netns/{space}", "tee", f"/proc/sys/{name}"], stdin=value)
    except CommandError:
        if not optional:
            raise
