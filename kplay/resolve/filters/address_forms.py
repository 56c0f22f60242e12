"""Filters of ansible.utils that write IP and hardware addresses in other forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.addresses import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from netaddr import IPAddress


def _valid(value: Any) -> IPAddress:
    found = read(value)
    if found is None:
        raise ValueError(f"`{value}` is not an IP address")
    return found.ip


def ip4_hex(value: Any, delimiter: str = "") -> str:
    """An IPv4 address as hexadecimal digits."""
    return delimiter.join(f"{int(one):02x}" for one in _valid(value).words)


def ipcut(value: Any, amount: Any) -> str:
    """The first, or with a negative number the last, bits of an address."""
    ip = _valid(value)
    bits = ip.bits().replace(".", "").replace(":", "")
    count = int(amount)
    part = bits[:count] if count > 0 else bits[count:]
    width, mark = (8, ".") if ip.version == 4 else (16, ":")
    numbers = [int(part[at : at + width], 2) for at in range(0, len(part), width)]
    return mark.join(str(one) if ip.version == 4 else f"{one:x}" for one in numbers)


def ipv6form(value: Any, format: str = "") -> str:  # noqa: A002 - Ansible's name
    """An IPv6 address expanded, compressed, or as X.509 certificates print it."""
    import netaddr

    ip = _valid(value)
    words = [f"{one:x}" for one in ip.words]
    if format == "expand":
        return ip.format(netaddr.ipv6_verbose)
    if format == "compress":
        return str(ip)
    if format == "x509":
        return ":".join(words)
    raise ValueError(f"`{format}` is not one of compress, expand, x509")


def slaac(value: Any, query: Any = "") -> Any:
    """The address that a host with this hardware address gives itself in an IPv6 network."""
    from netaddr import EUI, AddrFormatError

    found = read(value)
    if found is None or found.net.version != 6:
        return False
    try:
        return str(EUI(query).ipv6(found.net.first))
    except (AddrFormatError, TypeError):
        return False


_DIALECTS = {
    "bare": "mac_bare",
    "cisco": "mac_cisco",
    "eui48": "mac_eui48",
    "linux": "mac_unix_expanded",
    "pgsql": "mac_pgsql",
    "postgresql": "mac_pgsql",
    "psql": "mac_pgsql",
    "unix": "mac_unix",
    "win": "mac_eui48",
}


def hwaddr(value: Any, query: str = "", alias: str = "hwaddr") -> Any:
    """A hardware address in a notation; none where the value is not one."""
    import netaddr

    del alias
    if query not in ("", "bool", "int", *_DIALECTS):
        raise ValueError(f"`{query}` is not one of bool, int, {', '.join(_DIALECTS)}")
    try:
        eui = netaddr.EUI(value)
    except (netaddr.AddrFormatError, TypeError, ValueError):
        return None
    if query == "":
        return value
    if query == "bool":
        return True
    if query == "int":
        return int(eui)
    if eui.version != 48:
        raise ValueError(f"`{value}` is longer than 48 bits")
    eui.dialect = getattr(netaddr, _DIALECTS[query])
    return str(eui)


FILTERS: dict[str, Callable[..., Any]] = {
    "hwaddr": hwaddr,
    "ip4_hex": ip4_hex,
    "ipcut": ipcut,
    "ipv6form": ipv6form,
    "macaddr": hwaddr,
    "slaac": slaac,
}
