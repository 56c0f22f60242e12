"""What must tell hosts apart: names, ids, addresses of interfaces; and their clocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.actions.preflight.finding import CLUSTER, ERROR, WARNING, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kplay.actions.preflight.survey import Survey

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LONGEST = 253


def _shared(pairs: Iterable[tuple[str, str]], what: str) -> Iterator[Found]:
    """Values that more than one host has; those that the same hosts share are told together."""
    owners: dict[str, dict[str, None]] = {}
    for host, value in pairs:
        if value:
            owners.setdefault(value, {})[host] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for value, hosts in owners.items():
        if len(hosts) > 1:
            together.setdefault(tuple(hosts), []).append(value)
    for names, values in together.items():
        for host in names:
            others = ", ".join(one for one in names if one != host)
            yield Found(host, f"{what} {', '.join(values)} is also that of {others}")


def same_hostname(survey: Survey) -> Iterator[Found]:
    """Two nodes cannot have one name."""
    names = ((host, facts["hostname"].lower()) for host, facts in survey.hosts.items())
    return _shared(names, "hostname")


def same_machine_id(survey: Survey) -> Iterator[Found]:
    """Copied images share it, and with it DHCP leases and node identities."""
    return _shared(((host, one["machine_id"]) for host, one in survey.hosts.items()), "machine-id")


def same_product_uuid(survey: Survey) -> Iterator[Found]:
    """Copied virtual machines share it."""
    pairs = ((host, one["product_uuid"]) for host, one in survey.hosts.items())
    return _shared(pairs, "product_uuid")


def same_mac(survey: Survey) -> Iterator[Found]:
    """Copied virtual machines share it, and then switches send packets to either."""
    pairs = ((host, mac) for host, one in survey.hosts.items() for mac in one["macs"].values())
    return _shared(pairs, "MAC address")


def same_address(survey: Survey) -> Iterator[Found]:
    """Two hosts of the inventory may be one machine."""
    return _shared(((host, one["address"]) for host, one in survey.hosts.items()), "address")


def no_machine_id(survey: Survey) -> Iterator[Found]:
    """The kubelet reports it."""
    for host, facts in survey.hosts.items():
        if not re.fullmatch(r"[0-9a-f]{32}", facts["machine_id"]):
            yield Found(host, f"/etc/machine-id holds {facts['machine_id'] or 'nothing'}")


def bad_hostname(survey: Survey) -> Iterator[Found]:
    """A node's name is a DNS name (RFC 1123)."""
    for host, facts in survey.hosts.items():
        name = facts["hostname"]
        fits = all(_LABEL.match(label) for label in name.split(".")) and len(name) <= _LONGEST
        if not fits or name in ("localhost", "localhost.localdomain"):
            yield Found(host, f"hostname {name} cannot be the name of a node")


def clock_skew(survey: Survey) -> Iterator[Found]:
    """What the way there and back cannot explain, against the host in the middle."""
    limit = float(survey.settings.get("clock_skew") or 0)
    if not limit or not survey.clocks:
        return
    middles = sorted((low + high) / 2 for low, high in survey.clocks.values())
    middle = middles[len(middles) // 2]
    for host, (low, high) in survey.clocks.items():
        if low - middle > limit:
            yield Found(host, f"clock is {low - middle:.1f} s or more ahead of the others'")
        elif middle - high > limit:
            yield Found(host, f"clock is {middle - high:.1f} s or more behind the others'")


def clock_of_controller(survey: Survey) -> Iterator[Found]:
    """Certificates that hosts make are not yet valid for a controller that is behind."""
    limit = float(survey.settings.get("clock_skew") or 0)
    lows, highs = [one[0] for one in survey.clocks.values()], [*survey.clocks.values()]
    if not limit or not lows:
        return
    if min(lows) > limit:
        yield Found(CLUSTER, f"the controller's clock is {min(lows):.1f} s behind every host's")
    elif max(high for _, high in highs) < -limit:
        ahead = -max(high for _, high in highs)
        yield Found(CLUSTER, f"the controller's clock is {ahead:.1f} s ahead of every host's")


def no_time_service(survey: Survey) -> Iterator[Found]:
    """Clocks that agree today drift apart."""
    names = [str(one) for one in survey.settings.get("time_units") or ()]
    for host, facts in survey.hosts.items():
        if names and not any(
            facts["units"].get(one, {}).get("active") == "active" for one in names
        ):
            yield Found(host, "nothing keeps its clock in time")


RULES = (
    Rule("hostname-duplicate", ERROR, same_hostname,
         "give each host a name of its own: hostnamectl set-hostname NAME"),
    Rule("machine-id-duplicate", ERROR, same_machine_id,
         "on all but one: rm /etc/machine-id /var/lib/dbus/machine-id, then"
         " systemd-machine-id-setup and reboot"),
    Rule("product-uuid-duplicate", ERROR, same_product_uuid,
         "give each virtual machine a UUID of its own in its hypervisor"),
    Rule("mac-duplicate", ERROR, same_mac,
         "give each interface a MAC address of its own in the hypervisor"),
    Rule("address-duplicate", ERROR, same_address,
         "set preflight_address (ansible_host, lab_address) of each host to an address of its own"),
    Rule("machine-id-missing", ERROR, no_machine_id, "run systemd-machine-id-setup"),
    Rule("hostname-invalid", ERROR, bad_hostname,
         "a name is of small letters, digits, hyphens and dots: hostnamectl set-hostname NAME"),
    Rule("clock-skew", ERROR, clock_skew,
         "set the clock and keep it by chrony or systemd-timesyncd; the limit is"
         " preflight_clock_skew"),
    Rule("clock-controller", WARNING, clock_of_controller, "set the controller's clock"),
    Rule("clock-unsynchronized", WARNING, no_time_service,
         "start chrony or systemd-timesyncd on it"),
)  # fmt: skip
