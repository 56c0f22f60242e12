"""Tests of ansible.utils over addresses and networks; a network is one without host bits."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAC = re.compile(
    r"(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}"
    r"|[0-9a-f]{12})",
    re.IGNORECASE,
)


def _address(value: Any) -> Address | None:
    try:
        return ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _network(value: Any) -> Network | None:
    try:
        return ipaddress.ip_network(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _of(version: int | None, read: Callable[[Any], Address | Network | None]) -> Any:
    def test(value: Any) -> bool:
        found = read(value)
        return found is not None and version in (None, found.version)

    return test


def _is(trait: str) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        found = _address(value)
        return found is not None and bool(getattr(found, trait, None))

    return test


def ipv4_hostmask(value: Any) -> bool:
    """Whether a text is a mask of the host bits (0.0.0.255)."""
    try:
        return bool(str(ipaddress.IPv4Network(f"10.0.0.0/{value}", strict=False).hostmask) == value)
    except ValueError:
        return False


def ipv4_netmask(value: Any) -> bool:
    """Whether a text is a mask of the network bits (255.255.255.0)."""
    try:
        return bool(str(ipaddress.IPv4Network(f"10.0.0.0/{value}", strict=False).netmask) == value)
    except ValueError:
        return False


def mac(value: Any) -> bool:
    """Whether a text is a hardware address."""
    return _MAC.fullmatch(value) is not None


def subnet_of(value: Any, other: Any) -> bool:
    """Whether an address or network lies within a network."""
    inner, outer = _network(value), _network(other)
    if inner is None or outer is None or inner.version != outer.version:
        return False
    low, high = outer.network_address, outer.broadcast_address
    return bool(low <= inner.network_address and inner.broadcast_address <= high)  # type: ignore[operator]


def supernet_of(value: Any, other: Any) -> bool:
    """Whether a network holds another."""
    return subnet_of(other, value)


def _how_many(value: Any, networks: Any) -> int:
    return sum(subnet_of(value, one) for one in networks)


def in_any_network(value: Any, networks: Any) -> bool:
    """Whether an address or network lies within some of the networks."""
    return _how_many(value, networks) > 0


def in_one_network(value: Any, networks: Any) -> bool:
    """Whether an address or network lies within exactly one of the networks."""
    return _how_many(value, networks) == 1


def resolvable(value: Any) -> bool:
    """Whether the controller can resolve a name or an address."""
    try:
        socket.getaddrinfo(str(value), None)
    except OSError:
        return False
    return True


TESTS: dict[str, Callable[..., bool]] = {
    f"ansible.utils.{name}": test
    for name, test in {
        "in_any_network": in_any_network,
        "in_network": subnet_of,
        "in_one_network": in_one_network,
        "ip": _of(None, _network),
        "ip_address": _of(None, _address),
        "ipv4": _of(4, _network),
        "ipv4_address": _of(4, _address),
        "ipv4_hostmask": ipv4_hostmask,
        "ipv4_netmask": ipv4_netmask,
        "ipv6": _of(6, _network),
        "ipv6_address": _of(6, _address),
        "ipv6_ipv4_mapped": _is("ipv4_mapped"),
        "ipv6_sixtofour": _is("sixtofour"),
        "ipv6_teredo": _is("teredo"),
        "loopback": _is("is_loopback"),
        "mac": mac,
        "multicast": _is("is_multicast"),
        "private": _is("is_private"),
        "public": _is("is_global"),
        "reserved": _is("is_reserved"),
        "resolvable": resolvable,
        "subnet_of": subnet_of,
        "supernet_of": supernet_of,
        "unspecified": _is("is_unspecified"),
    }.items()
}
