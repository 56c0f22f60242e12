"""Facts of the network: interfaces, addresses, default routes, name servers."""

import json
import socket
import struct
from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from kplay.modules import lines

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Facts = Dict[str, Any]

# any address beyond the default route serves to ask which way packets leave
BEYOND = {"4": "8.8.8.8", "6": "2404:6800:400a:800::1012"}

KINDS = {"ether": "ether", "loopback": "loopback", "infiniband": "infiniband"}


def network(probe: "Probe") -> Facts:
    """Describe each interface, and those that the default routes leave by."""
    facts = {
        "interfaces": [],
        "all_ipv4_addresses": [],
        "all_ipv6_addresses": [],
        "default_ipv4": {},
        "default_ipv6": {},
    }  # type: Facts
    for link in ask(probe, ["ip", "-j", "addr", "show"]):
        one = interface(probe, link)
        facts["interfaces"].append(one["device"])
        facts[one["device"]] = one
        for entry in ([one["ipv4"]] if "ipv4" in one else []) + one.get("ipv4_secondaries", []):
            if not entry["address"].startswith("127."):
                facts["all_ipv4_addresses"].append(entry["address"])
        for entry in one.get("ipv6", []):
            if entry["address"] != "::1":
                facts["all_ipv6_addresses"].append(entry["address"])
    for family in ("4", "6"):
        facts["default_ipv" + family] = default(probe, family, facts)
    return facts


def ask(probe: "Probe", argv: Sequence[str]) -> List[Facts]:
    """Give what ip prints as JSON, empty where it has nothing to say."""
    done = probe.query(argv)
    if done.rc != 0 or not done.stdout.strip():
        return []
    try:
        return [one for one in json.loads(done.stdout) if one]
    except ValueError:
        return []


def interface(probe: "Probe", link: Facts) -> Facts:
    """Describe one interface as Ansible does."""
    device = link["ifname"]
    under = "/sys/class/net/%s/" % device
    one = {
        "device": device,
        "active": "UP" in link["flags"],
        "mtu": link.get("mtu"),
        "promisc": "PROMISC" in link["flags"],
        "type": KINDS.get(link.get("link_type", ""), link.get("link_type", "unknown")),
    }  # type: Facts
    if link.get("address") and one["type"] != "loopback":
        one["macaddress"] = link["address"]
    if probe.stat(under + "bridge"):
        one["type"] = "bridge"
        one["interfaces"] = probe.listdir(under + "brif")
        one["id"] = lines.text(probe, under + "bridge/bridge_id")
        one["stp"] = lines.text(probe, under + "bridge/stp_state") == "1"
    if probe.stat(under + "bonding"):
        one["type"] = "bonding"
        one["slaves"] = lines.text(probe, under + "bonding/slaves").split()
        one["mode"] = lines.text(probe, under + "bonding/mode").split(" ")[0]
        one["miimon"] = lines.text(probe, under + "bonding/miimon")
        one["lacp_rate"] = lines.text(probe, under + "bonding/lacp_rate").split(" ")[0]
    if probe.stat(under + "device"):
        speed = lines.text(probe, under + "speed")
        if speed.lstrip("-").isdigit():
            one["speed"] = int(speed)
    addresses(one, link.get("addr_info", []))
    return one


def addresses(one: Facts, found: List[Facts]) -> None:
    """Add an interface's addresses: the first of IPv4, further ones, and all of IPv6."""
    for entry in found:
        if "local" not in entry:
            continue
        if entry.get("family") == "inet":
            made = ipv4(entry)
            if "ipv4" in one:
                one.setdefault("ipv4_secondaries", []).append(made)
            else:
                one["ipv4"] = made
        elif entry.get("family") == "inet6":
            made = {
                "address": entry["local"],
                "prefix": str(entry["prefixlen"]),
                "scope": entry.get("scope", "global"),
            }
            one.setdefault("ipv6", []).append(made)


def ipv4(entry: Facts) -> Facts:
    """Give an IPv4 address with its mask and network."""
    bits = int(entry["prefixlen"])
    mask = (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF
    number = struct.unpack("!I", socket.inet_aton(entry["local"]))[0]
    return {
        "address": entry["local"],
        "broadcast": entry.get("broadcast", ""),
        "netmask": dotted(mask),
        "network": dotted(number & mask),
        "prefix": str(bits),
    }


def dotted(number: int) -> str:
    """Write 32 bits as an IPv4 address."""
    return socket.inet_ntoa(struct.pack("!I", number))


def default(probe: "Probe", family: str, facts: Facts) -> Facts:
    """Describe the address, gateway and interface that packets to elsewhere leave by."""
    routes = ask(probe, ["ip", "-j", "-" + family, "route", "get", BEYOND[family]])
    route = routes[0] if routes else {}
    one = facts.get(route.get("dev", ""))
    if not one or "prefsrc" not in route or not route.get("gateway", route.get("via")):
        return {}
    address = route["prefsrc"]
    gateway = route.get("gateway") or route.get("via", {}).get("host", "")
    found = {"interface": one["device"], "address": address, "gateway": gateway}
    known = ([one["ipv4"]] if "ipv4" in one else []) + one.get("ipv4_secondaries", [])
    for entry in known + one.get("ipv6", []):
        if entry["address"] == address:
            found.update(entry)
    for name in ("macaddress", "mtu", "type"):
        if name in one:
            found[name] = one[name]
    if family == "4":
        found["alias"] = one["device"]
    return found


def dns(probe: "Probe") -> Facts:
    """Read the resolver's configuration."""
    found = {}  # type: Facts
    for line in lines.of(probe, "/etc/resolv.conf"):
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        if words[0] == "nameserver":
            found.setdefault("nameservers", []).extend(words[1:2])
        elif words[0] == "domain" and len(words) > 1:
            found["domain"] = words[1]
        elif words[0] in ("search", "sortlist"):
            found[words[0]] = words[1:]
        elif words[0] == "options":
            pairs = [word.partition(":") for word in words[1:]]
            found["options"] = {name: value if colon else True for name, colon, value in pairs}
    return {"dns": found}
