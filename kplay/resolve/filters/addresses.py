"""`ipaddr` of the collection ansible.utils, and its kin that look at one address each.

The queries are those of
https://docs.ansible.com/ansible/latest/collections/ansible/utils/docsite/filters_ipaddr.html.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.resolve.filters.registry import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from netaddr import IPAddress, IPNetwork


class Address(NamedTuple):
    """An address as it was written, with the network that its prefix makes."""

    net: IPNetwork
    text: str
    """What a query that only asks gives back."""
    bare: bool
    """Whether no prefix was written."""
    number: bool
    """Whether it was written as one integer."""

    @property
    def ip(self) -> IPAddress:
        """The address itself."""
        return self.net.ip

    @property
    def many(self) -> bool:
        """Whether the network holds more than this address."""
        return self.net.size > 1

    @property
    def is_host(self) -> bool:
        """Whether a host of the network is meant, not the network."""
        return self.net.size <= 2 or self.ip != self.net.network

    def usable(self) -> tuple[int, int]:
        """The first and last address of the network that hosts may have, as integers."""
        edge = 0 if self.net.size <= 2 else 1
        return self.net.first + edge, self.net.last - edge


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    from netaddr import AddrFormatError, IPNetwork
    from netaddr import IPAddress as Ip

    number = text.isdigit()
    try:
        net = IPNetwork(Ip(int(text))) if number else IPNetwork(text)
    except (AddrFormatError, ValueError, TypeError):
        return None
    return Address(net, str(net) if number else text, number or "/" not in text, number)


def read(value: Any) -> Address | None:
    """The address that a text or an integer stands for, or None."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return _read(str(value))


def _ip_of(found: Address, number: int) -> str:
    from netaddr import IPAddress as Ip

    return str(Ip(number, found.net.version))


def within_network(found: Address) -> Address:
    """The address itself, where it was written with a prefix.

    Raises:
        ValueError: it was not.
    """
    if found.bare:
        raise ValueError(f"`{found.text}` is not a network address")
    return found


def nth_usable(found: Address, offset: int) -> str | None:
    """The address so many places further, if a host may have it."""
    low, high = found.usable()
    wanted = int(found.ip) + offset
    return _ip_of(found, wanted) if found.many and low <= wanted <= high else None


def _usable(end: int) -> Callable[[Address], Any]:
    def query(found: Address) -> str | None:
        within_network(found)
        return _ip_of(found, found.usable()[end]) if found.many else None

    return query


def _range_usable(found: Address) -> str | None:
    within_network(found)
    ends = [_ip_of(found, one) for one in found.usable()]
    return "-".join(ends) if found.many else None


def _peer(found: Address) -> str:
    within_network(found)
    place = int(found.ip) - found.net.first
    other = {(2, 0): 1, (2, 1): 0, (4, 1): 2, (4, 2): 1}.get((found.net.size, place))
    if other is None:
        raise ValueError(f"`{found.text}` is no host of a point-to-point network")
    return _ip_of(found, found.net.first + other)


def _six_to_four(found: Address) -> Any:
    if found.net.version == 6:
        return str(found.net) if found.ip.words[0] == 0x2002 else False
    if not found.is_host or not found.ip.is_unicast() or found.net.size == 2:
        return False
    one, two, three, four = found.ip.words
    return f"2002:{one:02x}{two:02x}:{three:02x}{four:02x}::1/48"


def _as_ipv4(found: Address) -> Any:
    if found.net.version == 4:
        return found.text
    low = found.ip.is_ipv4_mapped() or found.ip.is_ipv4_compat()
    if low and found.net.prefixlen >= 96:
        return str(found.net.ipv4())
    return False


def _as_ipv6(found: Address) -> str:
    return found.text if found.net.version == 6 else str(found.net.ipv6())


def _in_prefix(found: Address, shown: str) -> str | None:
    return shown if found.many and not found.bare and found.is_host else None


def _host_and_prefix(found: Address) -> Any:
    ends = (found.net.first, found.net.last)
    return False if found.net.size > 2 and found.ip.value in ends else str(found.net)


def _wrapped(found: Address) -> str:
    if found.net.version == 4:
        return found.text
    return f"[{found.ip}]" + ("" if found.bare else f"/{found.net.prefixlen}")


def _shown(found: Address) -> str:
    if found.number:
        return str(found.ip)
    return found.text if found.bare else str(found.net)


def _address(found: Address) -> str | None:
    return str(found.ip) if found.is_host or found.net.version == 6 else None


QUERIES: dict[str, Callable[[Address], Any]] = {
    "": _shown,
    "6to4": _six_to_four,
    "address": _address,
    "address/prefix": _host_and_prefix,
    "bool": lambda _: True,
    "broadcast": lambda f: _ip_of(f, f.net.last) if f.net.size > 2 else None,
    "cidr": lambda f: str(f.net),
    "first_usable": _usable(0),
    "gateway": _host_and_prefix,
    "gw": _host_and_prefix,
    "host": lambda f: str(f.net) if f.is_host else None,
    "host/prefix": _host_and_prefix,
    "hostmask": lambda f: str(f.net.hostmask),
    "hostnet": _host_and_prefix,
    "int": lambda f: f.ip.value if f.bare else f"{f.ip.value}/{f.net.prefixlen}",
    "ip": _address,
    "ip/prefix": lambda f: _in_prefix(f, str(f.net)),
    "ip_netmask": lambda f: _in_prefix(f, f"{f.ip} {f.net.netmask}"),
    "ipv4": _as_ipv4,
    "ipv6": _as_ipv6,
    "last_usable": _usable(1),
    "link-local": lambda f: f.text if f.ip.is_link_local() else None,
    "lo": lambda f: f.text if f.ip.is_loopback() else None,
    "loopback": lambda f: f.text if f.ip.is_loopback() else None,
    "multicast": lambda f: f.text if f.ip.is_multicast() else None,
    "net": lambda f: str(f.net) if f.many and f.ip == f.net.network else None,
    "netmask": lambda f: str(f.net.netmask),
    "network": lambda f: str(f.net.network),
    "network/prefix": lambda f: str(f.net.cidr),
    "network_id": lambda f: str(f.net.network),
    "network_netmask": lambda f: f"{f.net.network} {f.net.netmask}",
    "network_wildcard": lambda f: f"{f.net.network} {f.net.hostmask}",
    "next_usable": lambda f: nth_usable(within_network(f), 1),
    "peer": _peer,
    "prefix": lambda f: f.net.prefixlen,
    "previous_usable": lambda f: nth_usable(within_network(f), -1),
    "private": lambda f: None if f.ip.is_global() else f.text,
    "public": lambda f: f.text if f.ip.is_global() and f.ip.is_unicast() else None,
    "range_usable": _range_usable,
    "revdns": lambda f: f.ip.reverse_dns,
    "router": _host_and_prefix,
    "size": lambda f: f.net.size,
    "size_usable": lambda f: 0 if not f.many else f.usable()[1] - f.usable()[0] + 1,
    "subnet": lambda f: str(f.net.cidr),
    "type": lambda f: "network" if f.many and f.ip == f.net.network else "address",
    "unicast": lambda f: f.text if f.ip.is_unicast() else None,
    "version": lambda f: f.net.version,
    "wildcard": lambda f: str(f.net.hostmask),
    "wrap": _wrapped,
}


def _index(found: Address, index: int) -> Any:
    if found.bare or not found.many:
        return _shown(found)
    if not -found.net.size <= index < found.net.size:
        return False
    number = found.net.first + index if index >= 0 else found.net.last + 1 + index
    return f"{_ip_of(found, number)}/{found.net.prefixlen}"


def _ask(found: Address, query: Any) -> Any:
    if isinstance(query, int) or re.fullmatch(r"-?\d+", str(query)):
        return _index(found, int(query))
    if (asked := QUERIES.get(str(query))) is not None:
        return asked(found)
    network = read(query)
    if network is None:
        raise ValueError(f"`{query}` is no query: it takes {', '.join(filter(None, QUERIES))}")
    inside = found.net in network.net
    return found.text if inside else None


def ipaddr(value: Any, query: Any = "", version: Any = False, alias: str = "ipaddr") -> Any:
    """The address, or what a query asks of it; false where it is none, none where it is not so."""
    if isinstance(value, (list, tuple)):
        answers = [ipaddr(one, query, version, alias) for one in value]
        return [one for one in answers if one]
    if not isinstance(value, (str, int)):
        raise TypeError(f"it takes an address or a list of them, not {kind_of(value)}")
    found = read(value)
    if found is None or (version and found.net.version != int(version)):
        return False
    return _ask(found, query)


def ipv4(value: Any, query: Any = "") -> Any:
    """As ipaddr, IPv4 only."""
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: Any = "") -> Any:
    """As ipaddr, IPv6 only."""
    return ipaddr(value, query, 6)


def ipwrap(value: Any, query: Any = "") -> Any:
    """The address with IPv6 in brackets, as URLs write it; other text as it is."""
    if isinstance(value, (list, tuple)):
        return [ipwrap(one, query) for one in value]
    if not isinstance(value, (str, bool)):
        raise TypeError(f"it takes a text or a list of them, not {kind_of(value)}")
    found = read(value)
    if found is None or _ask(found, query) in (None, False):
        return value
    return _wrapped(found)


FILTERS: dict[str, Callable[..., Any]] = {
    "ipaddr": ipaddr,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "ipwrap": ipwrap,
}
