"""Filters over IP addresses, as far as the standard library carries them."""

from __future__ import annotations

import ipaddress
from typing import Any

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _read(value: Any) -> Interface | None:
    if isinstance(value, bool):
        return None
    try:
        return ipaddress.ip_interface(value if isinstance(value, int) else str(value).strip())
    except ValueError:
        return None


def _hosts(found: Interface) -> int:
    return found.network.num_addresses


def _one(value: Any, query: Any, version: int | None) -> Any:
    found = _read(value)
    if found is None or (version is not None and found.version != version):
        return False
    network = found.network
    bare = "/" not in str(value)
    whole = bare or network.prefixlen == network.max_prefixlen
    if isinstance(query, int) or str(query).lstrip("-").isdigit():
        index = int(query)
        try:
            return f"{network[index]}/{network.prefixlen}"
        except IndexError:
            return False
    if query == "":
        return str(value)
    if query == "host":
        return str(found) if whole or found.ip != network.network_address else False
    if query in ("net", "subnet") and query == "net":
        return str(network) if found.ip == network.network_address and not whole else False
    answers: dict[str, Any] = {
        "address": str(found.ip) if whole or found.ip != network.network_address else False,
        "ip": str(found.ip),
        "network": str(network.network_address),
        "prefix": network.prefixlen,
        "netmask": str(network.netmask),
        "hostmask": str(network.hostmask),
        "wildcard": str(network.hostmask),
        "broadcast": str(network.broadcast_address),
        "size": _hosts(found),
        "subnet": str(network),
        "cidr": str(found),
        "host/prefix": str(found),
        "network/prefix": str(network),
        "version": found.version,
        "revdns": found.ip.reverse_pointer + ".",
        "private": str(value) if found.ip.is_private else False,
        "public": str(value) if found.ip.is_global else False,
        "loopback": str(value) if found.ip.is_loopback else False,
        "multicast": str(value) if found.ip.is_multicast else False,
        "link-local": str(value) if found.ip.is_link_local else False,
        "ipv4": str(value) if found.version == 4 else False,
        "ipv6": str(value) if found.version == 6 else False,
    }
    if query in answers:
        return answers[query]
    other = _read(query)
    if other is not None and "/" in str(query):
        return str(value) if other.version == found.version and found.ip in other.network else False
    raise ValueError(f"the query `{query}` is not supported")


def ipaddr(value: Any, query: Any = "", version: Any = False, alias: str = "ipaddr") -> Any:
    """The address, or what a query asks of it; false where it is none."""
    del alias
    wanted = int(version) if version else None
    if isinstance(value, (list, tuple)):
        answers = [_one(one, query, wanted) for one in value]
        return [one for one in answers if one is not False]
    return _one(value, query, wanted)


def ipv4(value: Any, query: Any = "") -> Any:
    """As ipaddr, IPv4 only."""
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: Any = "") -> Any:
    """As ipaddr, IPv6 only."""
    return ipaddr(value, query, 6)


def ipwrap(value: Any, query: Any = "") -> Any:
    """The address with IPv6 in brackets, as URLs write it; other text as it is."""
    del query
    if isinstance(value, (list, tuple)):
        return [ipwrap(one) for one in value]
    found = _read(value)
    if found is None or found.version != 6:
        return value
    text = str(value)
    if "/" in text:
        address, prefix = text.split("/", 1)
        return f"[{address}]/{prefix}"
    return f"[{text}]"


def ipsubnet(value: Any, query: Any = "", index: Any = None) -> Any:
    """The network, its number of subnets of a prefix, or one of them."""
    found = _read(value)
    if found is None:
        return False
    if query == "":
        return str(found.network)
    prefix = int(query)
    if prefix < found.network.prefixlen:
        return str(found.network.supernet(new_prefix=prefix)) if index is None else False
    count = 1 << (prefix - found.network.prefixlen)
    if index is None:
        return str(count)
    wanted = int(index) if int(index) >= 0 else count + int(index)
    if not 0 <= wanted < count:
        return False
    step = 1 << (found.network.max_prefixlen - prefix)
    return f"{found.network.network_address + wanted * step}/{prefix}"


def network_in_network(value: Any, test: Any) -> bool:
    """Whether a network lies within another."""
    outer, inner = _read(value), _read(test)
    if outer is None or inner is None or outer.version != inner.version:
        return False
    low, high = inner.network.network_address, inner.network.broadcast_address
    return low in outer.network and high in outer.network


_FILTERS = {
    "ipaddr": ipaddr,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "ipwrap": ipwrap,
    "ipsubnet": ipsubnet,
    "network_in_network": network_in_network,
}
COLLECTIONS = {
    prefix + name: function
    for prefix in ("", "ansible.utils.", "ansible.netcommon.")
    for name, function in _FILTERS.items()
}
