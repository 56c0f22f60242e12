"""A lab's network: one namespace with a bridge, one namespace a host, a cable to the controller.

The bridge's namespace is the hosts' default gateway and has no way out: it answers at once that
a network is unreachable, so a host that looks for the internet fails fast. The controller joins
the bridge by a veth pair; traffic that comes in by it is not forwarded any further.

Addresses by position in the lab's network: 1 the controller, 2 the gateway, hosts from 11 on.
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
from kplay.lab.nspawn.slow import Cable

if TYPE_CHECKING:
    from collections.abc import Iterable

# 10.96.0.0/12, 10.244.0.0/16 and 10.42.0.0/15 are what Kubernetes distributions take by default.
_POOL = IPv4Network("10.90.0.0/16")
_FIRST_HOST = 11


def lab_namespace(lab: str) -> str:
    """The namespace of the bridge."""
    return f"kplay-{lab}"


def host_namespace(lab: str, host: str) -> str:
    """The namespace that a host's machine lives in; a dot keeps it apart from other labs'."""
    return f"kplay-{lab}.{host}"


def controller_link(lab: str) -> str:
    """The controller's end of its cable; Linux bounds such names at 15 characters."""
    return "kplay-" + hashlib.sha256(lab.encode()).hexdigest()[:8]


def choose_network(lab: str, wanted: IPv4Network | None, taken: Iterable[str]) -> IPv4Network:
    """The network that the lab file asks for, or a free one that the lab's name leads to.

    Args:
        lab: the lab's name.
        wanted: what the lab file says.
        taken: networks that other labs have been allotted, as text.

    Raises:
        KplayError: the network asked for is in use here, or none is free.
    """
    used = [IPv4Network(one) for one in taken]
    used += [
        IPv4Network(route["dst"], strict=False)
        for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]))
        if route["dst"] != "default" and not route["dst"].startswith("127.")
    ]
    if wanted is not None:
        clash = [str(one) for one in used if one.overlaps(wanted)]
        if clash:
            raise KplayError(
                f"the network {wanted} of lab `{lab}` overlaps {clash[0]}, which is in use here"
            )
        return wanted
    start = hashlib.sha256(lab.encode()).digest()[0]
    pool = list(_POOL.subnets(new_prefix=24))
    for network in (*pool[start:], *pool[:start]):
        if not any(one.overlaps(network) for one in used):
            return network
    raise KplayError(f"no free network in {_POOL} for lab `{lab}`")


def address(network: IPv4Network, number: int) -> IPv4Address:
    """The address of the host with that number, which counts from 0."""
    return network[_FIRST_HOST + number]


def gateway(network: IPv4Network) -> IPv4Address:
    """The address of the bridge, which leads nowhere and says so."""
    return network[2]


def make_bridge(lab: str, network: IPv4Network) -> None:
    """Make the lab's namespace, its bridge and the controller's cable, where missing."""
    space, link = lab_namespace(lab), controller_link(lab)
    if space not in namespaces():
        run(["ip", "netns", "add", space])
    if not _has_link(space, "br0"):
        run(["ip", "-n", space, "link", "add", "br0", "type", "bridge"])
    # Packets between hosts pass as through a plain switch, past this namespace's firewall.
    _sysctl(space, "net/bridge/bridge-nf-call-iptables", "0", optional=True)
    # Forwarding makes the bridge answer for what its unreachable route refuses.
    _sysctl(space, "net/ipv4/ip_forward", "1")
    run(["ip", "-n", space, "address", "replace", f"{gateway(network)}/{network.prefixlen}",
         "dev", "br0"])  # fmt: skip
    for up in ("lo", "br0"):
        run(["ip", "-n", space, "link", "set", up, "up"])
    run(["ip", "-n", space, "route", "replace", "unreachable", "default"])
    if not _has_link(space, "controller"):
        run(["ip", "link", "add", link, "type", "veth", "peer", "name", "controller",
             "netns", space])  # fmt: skip
        run(["ip", "-n", space, "link", "set", "controller", "master", "br0", "up"])
        Path(f"/proc/sys/net/ipv4/conf/{link}/forwarding").write_text("0")
    run(["ip", "address", "replace", f"{network[1]}/{network.prefixlen}", "dev", link])
    run(["ip", "link", "set", link, "up"])


def plug_host(lab: str, host: str, number: int, network: IPv4Network) -> str:
    """Make a host's namespace anew, as it is at power-on, and return its path."""
    space, bridge, port = host_namespace(lab, host), lab_namespace(lab), f"port{number}"
    remove_host(lab, host, number)
    run(["ip", "netns", "add", space])
    # The same hardware address at every power-on, or neighbours would ask for the old one.
    digest = hashlib.sha256(space.encode()).hexdigest()
    hardware = ":".join(["02", *(digest[at : at + 2] for at in range(0, 10, 2))])
    run(["ip", "-n", bridge, "link", "add", port, "type", "veth", "peer", "name", "eth0",
         "address", hardware, "netns", space])  # fmt: skip
    run(["ip", "-n", bridge, "link", "set", port, "master", "br0", "up"])
    run(["ip", "-n", space, "address", "add",
         f"{address(network, number)}/{network.prefixlen}", "dev", "eth0"])  # fmt: skip
    for up in ("lo", "eth0"):
        run(["ip", "-n", space, "link", "set", up, "up"])
    run(["ip", "-n", space, "route", "add", "default", "via", str(gateway(network))])
    return f"/run/netns/{space}"


def cables(lab: str, host: str, number: int) -> list[Cable]:
    """The cables of a host that is plugged in."""
    return [Cable("br0", f"port{number}", host_namespace(lab, host), "eth0")]


def set_port(lab: str, number: int, *, connected: bool) -> None:
    """Plug a host's cable in or out, at the bridge's end."""
    state = "up" if connected else "down"
    run(["ip", "-n", lab_namespace(lab), "link", "set", f"port{number}", state])


def port_is_up(lab: str, number: int) -> bool:
    """Whether a host's cable is plugged in."""
    try:
        told = run(["ip", "-j", "-n", lab_namespace(lab), "link", "show", f"port{number}"])
    except CommandError:
        return False
    return "UP" in json.loads(told)[0]["flags"]


def remove_host(lab: str, host: str, number: int) -> None:
    """Remove a host's cable and namespace, where they are."""
    with suppress(CommandError):
        run(["ip", "-n", lab_namespace(lab), "link", "delete", f"port{number}"])
    if host_namespace(lab, host) in namespaces():
        run(["ip", "netns", "delete", host_namespace(lab, host)])


def remove_all(lab: str) -> None:
    """Remove every namespace and cable of a lab, where they are."""
    if _has_link(None, controller_link(lab)):
        run(["ip", "link", "delete", controller_link(lab)])
    for space in namespaces():
        if space == lab_namespace(lab) or space.startswith(f"{lab_namespace(lab)}."):
            run(["ip", "netns", "delete", space])


def namespaces() -> list[str]:
    """The names of all network namespaces, ours or not."""
    found = Path("/run/netns")
    return sorted(entry.name for entry in found.iterdir()) if found.is_dir() else []


def _has_link(space: str | None, link: str) -> bool:
    within = ["-n", space] if space else []
    return any(one["ifname"] == link for one in json.loads(run(["ip", "-j", *within, "link"])))


def _sysctl(space: str, name: str, value: str, *, optional: bool = False) -> None:
    try:
        run(["nsenter", f"--net=/run/netns/{space}", "tee", f"/proc/sys/{name}"], stdin=value)
    except CommandError:
        if not optional:
            raise
