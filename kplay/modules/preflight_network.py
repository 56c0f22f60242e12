"""A host's names, addresses and routes, as a cluster will use them."""

import json
import re
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import lines
from kplay.modules.api import Args, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

MADE = re.compile(
    r"^(cni|flannel|cali|vxlan|tunl|docker|br-|virbr|veth|nodelocal|kube-|cilium|lxc|wg|dummy|lo$)"
)
"""Interfaces that software makes: they say nothing of the machine."""

NM = ("/etc/NetworkManager/NetworkManager.conf",)
NM_PATTERNS = (
    "/usr/lib/NetworkManager/conf.d/*.conf",
    "/run/NetworkManager/conf.d/*.conf",
    "/etc/NetworkManager/conf.d/*.conf",
)


def look(probe: "Probe", args: Args) -> State:
    """Addresses, MACs, routes, what names resolve to, and what NetworkManager leaves alone."""
    links = asked(probe, ["ip", "-j", "addr", "show"])
    own = [one for one in links if not MADE.match(one.get("ifname", ""))]
    return {
        "macs": {
            one["ifname"]: one["address"]
            for one in own
            if one.get("address") and one.get("link_type") == "ether"
        },
        "addresses": sorted(
            {
                part["local"]
                for one in own
                for part in one.get("addr_info") or []
                if part.get("scope") == "global" and part.get("local")
            }
        ),
        "routes": routes(probe),
        "resolved": {name: resolve(probe, name) for name in args.get("names") or []},
        "networkmanager": unmanaged(probe),
    }


def asked(probe: "Probe", argv: List[str]) -> List[Dict[str, Any]]:
    """Give what ip says as JSON, nothing where it cannot."""
    done = probe.query(argv) if probe.which("ip") else None
    if done is None or done.rc != 0 or not done.stdout.strip():
        return []
    try:
        return [one for one in json.loads(done.stdout) if one]
    except ValueError:
        return []


def routes(probe: "Probe") -> List[Dict[str, str]]:
    """Give destinations and devices of the main tables of IPv4 and IPv6."""
    found = []
    for family in ("-4", "-6"):
        for one in asked(probe, ["ip", "-j", family, "route", "show"]):
            to = str(one.get("dst", ""))
            if to == "default":
                to = "0.0.0.0/0" if family == "-4" else "::/0"
            if to and not to.startswith(("fe80:", "ff00:")):
                found.append({"to": to, "device": str(one.get("dev", ""))})
    return found


def resolve(probe: "Probe", name: str) -> List[str]:
    """Give the addresses that a name means on this host, as programs see them."""
    done = probe.query(["getent", "ahosts", name], timeout=10.0)
    found: List[str] = []
    for line in done.stdout.splitlines():
        address = line.split()[0] if line.split() else ""
        if address and address not in found:
            found.append(address)
    return found


def unmanaged(probe: "Probe") -> List[str]:
    """Give the devices that NetworkManager is told to leave alone, as its files name them."""
    paths = list(NM)
    for pattern in NM_PATTERNS:
        paths += probe.glob(pattern)
    found: List[str] = []
    for path in paths:
        for line in lines.of(probe, path):
            name, equals, value = line.partition("=")
            if equals and name.strip().rstrip("+-") == "unmanaged-devices":
                found += [part for part in re.split(r"[;,\s]+", value.strip()) if part]
    return found
