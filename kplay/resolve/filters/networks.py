"""Filters of ansible.utils that reckon with networks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.addresses import nth_usable, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.filters.addresses import Address

_MOST = 65536
"""How many addresses usable_range lists at most."""


def _valid(value: Any) -> Address:
    found = read(value)
    if found is None:
        raise ValueError(f"`{value}` is not an IP address")
    return found


def _as_int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"`{value}` is not a whole number")
    return int(value)


def ipsubnet(value: Any, query: Any = "", index: Any = None) -> Any:
    """The network, how many of a prefix length it holds, one of them, or its place in another."""
    found = read(value)
    if found is None:
        return False
    if query in ("", None):
        return str(found.net.cidr)
    if not str(query).isdigit():
        return _rank(found, query)
    prefix = int(query)
    if not found.many:
        return _around(found, prefix, index)
    if index is None:
        if found.net.prefixlen > prefix:
            raise ValueError(f"a network of /{prefix} does not fit into `{value}`")
        return _count(found, prefix)
    return _nth_subnet(found, prefix, int(index))


def _count(found: Address, prefix: int) -> Any:
    if prefix > found.ip.netmask_bits() and prefix > (32 if found.net.version == 4 else 128):
        return False
    return str(1 << (prefix - found.net.prefixlen))


def _around(found: Address, prefix: int, index: Any) -> Any:
    """Of an address: the network of a length around it, or one of those between the two."""
    widest = 32 if found.net.version == 4 else 128
    if prefix > widest:
        return False
    if index is None:
        wanted = prefix
    else:
        lengths = list(range(prefix, widest))
        if not -len(lengths) <= int(index) < len(lengths):
            return False
        wanted = lengths[int(index)]
    net = found.net.__class__(found.net)
    net.prefixlen = wanted
    return str(net.cidr)


def _nth_subnet(found: Address, prefix: int, index: int) -> Any:
    own, widest = found.net.prefixlen, 32 if found.net.version == 4 else 128
    if prefix > widest:
        return False
    if prefix < own:
        lengths = list(range(prefix, own))
        if not -len(lengths) <= index < len(lengths):
            return False
        net = found.net.__class__(found.net)
        net.prefixlen = lengths[index]
        return f"{found.net.network}/{lengths[index]}" if index == 0 else str(net.cidr)
    count = 1 << (prefix - own)
    wanted = index if index >= 0 else count + index
    if not 0 <= wanted < count:
        return False
    start = found.net.first + wanted * (1 << (widest - prefix))
    return f"{found.ip.__class__(start, found.net.version)}/{prefix}"


def _rank(found: Address, outer: Any) -> str:
    whole = read(outer)
    if whole is None:
        raise ValueError(f"`{outer}` is neither a prefix length nor a network")
    inside = whole.net.first <= found.net.first and found.net.last <= whole.net.last
    if found.net.version != whole.net.version or not inside:
        raise ValueError(f"`{found.net.cidr}` is not in the network `{outer}`")
    return str((found.net.first - whole.net.first) // found.net.size + 1)


def ipmath(value: Any, amount: Any) -> str:
    """The address so many places further."""
    found = _valid(value)
    from netaddr import AddrFormatError

    try:
        return str(found.ip.__class__(int(found.ip) + _as_int(amount), found.net.version))
    except AddrFormatError as error:
        raise ValueError(f"`{value}` plus {amount} is outside of all addresses") from error


def _ends(value: Any) -> tuple[int, int, int] | None:
    found = read(value)
    return None if found is None else (found.net.version, found.net.first, found.net.last)


def network_in_network(value: Any, test: Any) -> bool:
    """Whether a network lies within another."""
    outer, inner = _ends(value), _ends(test)
    if outer is None or inner is None or outer[0] != inner[0]:
        return False
    return outer[1] <= inner[1] and inner[2] <= outer[2]


def network_in_usable(value: Any, test: Any) -> bool:
    """Whether an address or network is among the addresses that hosts of a network may have."""
    outer, inner = read(value), _ends(test)
    if outer is None or inner is None or outer.net.version != inner[0]:
        return False
    low, high = outer.usable()
    return low <= inner[1] and inner[2] <= high


def reduce_on_network(value: Any, network: Any) -> list[Any]:
    """Those of a list that lie within a network."""
    given = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in given if network_in_network(network, one)]


def nthhost(value: Any, query: Any = "") -> Any:
    """The n-th address of a network; negative ones count from its end."""
    found = read(value)
    if found is None or query == "" or not found.many:
        return False
    index = int(query)
    number = found.net.first + index if index >= 0 else found.net.last + 1 + index
    if not found.net.first <= number <= found.net.last:
        return False
    return str(found.ip.__class__(number, found.net.version))


def next_nth_usable(value: Any, offset: Any) -> Any:
    """The address so many hosts further in its network; none where the network ends."""
    found = read(value)
    return False if found is None else nth_usable(found, int(offset))


def previous_nth_usable(value: Any, offset: Any) -> Any:
    """The address so many hosts back in its network; none where the network begins."""
    found = read(value)
    return False if found is None else nth_usable(found, -int(offset))


def cidr_merge(value: Any, action: str = "merge") -> Any:
    """The fewest networks that hold just these, or the one that spans them (``span``)."""
    import netaddr

    given = value if isinstance(value, (list, tuple)) else [value]
    if action not in ("merge", "span"):
        raise ValueError(f"`{action}` is not one of merge, span")
    nets = [_valid(one).net for one in given]
    if action == "merge":
        return [str(one) for one in netaddr.cidr_merge(nets)]
    if len(nets) < 2:
        return str(nets[0].cidr) if nets else None
    return str(netaddr.spanning_cidr(nets))


def usable_range(value: Any) -> dict[str, Any]:
    """Every address of a network, and their number."""
    network = ipaddress.ip_network(value)
    if network.num_addresses > _MOST:
        raise ValueError(f"`{value}` has {network.num_addresses} addresses, more than {_MOST}")
    found = [str(one) for one in network]
    return {"usable_ips": found, "number_of_ips": len(found)}


FILTERS: dict[str, Callable[..., Any]] = {
    "cidr_merge": cidr_merge,
    "ipmath": ipmath,
    "ipsubnet": ipsubnet,
    "network_in_network": network_in_network,
    "network_in_usable": network_in_usable,
    "next_nth_usable": next_nth_usable,
    "nthhost": nthhost,
    "previous_nth_usable": previous_nth_usable,
    "reduce_on_network": reduce_on_network,
    "usable_range": usable_range,
}
