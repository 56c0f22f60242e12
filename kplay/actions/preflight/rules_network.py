"""Routes, networks and what meddles with them."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from kplay.actions.preflight.finding import CLUSTER, ERROR, WARNING, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey

_PODS = re.compile(r"^(cni|flannel|cali|vxlan|tunl|kube-|cilium|lxc|wg|dummy|nodelocal|veth)")
"""Devices that a cluster makes: its own routes are no overlap."""
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def no_default_route(survey: Survey) -> Iterator[Found]:
    """K3s, RKE2 and the kubelet find their address by it."""
    for host, facts in survey.hosts.items():
        if not any(one["to"] in _EVERYWHERE for one in facts["routes"]):
            yield Found(host, "no default route, which is wanted on a host without internet too")


def _networks(survey: Survey) -> list[tuple[str, Any]]:
    found = []
    for name, key in (("pod", "pod_cidr"), ("service", "service_cidr")):
        for text in survey.value(key).split(","):
            try:
                found.append((name, ipaddress.ip_network(text.strip(), strict=False)))
            except ValueError:
                continue
    return found


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def bad_cidr(survey: Survey) -> Iterator[Found]:
    """A network is ADDRESS/PREFIX."""
    for name, key in (("pod", "pod_cidr"), ("service", "service_cidr")):
        for text in filter(None, (part.strip() for part in survey.value(key).split(","))):
            try:
                ipaddress.ip_network(text)
            except ValueError:
                yield Found(CLUSTER, f"{name} network {text} is not ADDRESS/PREFIX")


def cidr_overlap(survey: Survey) -> Iterator[Found]:
    """Pods could not reach what has the same addresses outside."""
    networks = _networks(survey)
    for number, (name, one) in enumerate(networks):
        for other_name, other in networks[number + 1 :]:
            if _overlap(one, other):
                yield Found(
                    CLUSTER, f"{name} network {one} overlaps with {other_name} network {other}"
                )
    for host, facts in survey.hosts.items():
        for route in facts["routes"]:
            if route["to"] in _EVERYWHERE or _PODS.match(route["device"]):
                continue
            try:
                way = ipaddress.ip_network(route["to"], strict=False)
            except ValueError:
                continue
            for name, one in networks:
                if _overlap(one, way):
                    yield Found(
                        host,
                        f"{name} network {one} overlaps with its route {way} on {route['device']}",
                    )


def firewall_service(survey: Survey) -> Iterator[Found]:
    """Both rewrite rules that pod networks need."""
    for host, facts in survey.hosts.items():
        for unit, name in (("firewalld.service", "firewalld"), ("ufw.service", "ufw")):
            if facts["units"].get(unit, {}).get("active") == "active" and _at_work(name, facts):
                yield Found(host, f"{name} is running")


def _at_work(name: str, facts: dict[str, Any]) -> bool:
    # the unit of ufw is active even where it is switched off
    return name != "ufw" or bool(facts["firewall"])


def firewall_policy(survey: Survey) -> Iterator[Found]:
    """Packets of pods are forwarded, and ports not named here come in too (node ports)."""
    for host, facts in survey.hosts.items():
        for one in facts["firewall"]:
            yield Found(host, f"{one['chain']} drops what no rule lets through ({one['hook']})")


def networkmanager(survey: Survey) -> Iterator[Found]:
    """It takes addresses and routes from interfaces that it does not know."""
    prefixes = [
        str(one)
        for one in (survey.settings.get("cni_interfaces") or {}).get(survey.value("cni")) or ()
    ]
    for host, facts in survey.hosts.items():
        if facts["units"].get("NetworkManager.service", {}).get("active") != "active":
            continue
        left = " ".join(facts["networkmanager"])
        missing = [one for one in prefixes if f"interface-name:{one}" not in left]
        if missing:
            yield Found(host, f"NetworkManager manages {', '.join(one + '*' for one in missing)}")


def cloud_setup(survey: Survey) -> Iterator[Found]:
    """It adds routing rules that break pod networks."""
    for host, facts in survey.hosts.items():
        for unit in ("nm-cloud-setup.service", "nm-cloud-setup.timer"):
            one = facts["units"].get(unit, {})
            if one.get("active") == "active" or one.get("enabled", "").startswith("enabled"):
                yield Found(host, f"{unit} is enabled")


RULES = (
    Rule("default-route-missing", ERROR, no_default_route,
         "add one; a dummy will do: ip link add dummy0 type dummy; ip addr add 203.0.113.254/31 dev"
         " dummy0; ip link set dummy0 up; ip route add default via 203.0.113.255 dev dummy0"
         " metric 1000"),
    Rule("cidr-invalid", ERROR, bad_cidr, "write it as 10.42.0.0/16"),
    Rule("cidr-overlap", ERROR, cidr_overlap,
         "choose networks of pods and services that no host knows a route to"),
    Rule("firewall-service", WARNING, firewall_service,
         "turn it off, or let pods, services and the ports of the table through"),
    Rule("firewall-policy", WARNING, firewall_policy,
         "accept forwarded packets of the networks of pods and services"),
    Rule("networkmanager-managed", WARNING, networkmanager,
         "write [keyfile] unmanaged-devices=interface-name:NAME* to a file in"
         " /etc/NetworkManager/conf.d, then systemctl reload NetworkManager"),
    Rule("nm-cloud-setup", ERROR, cloud_setup,
         "systemctl disable --now nm-cloud-setup.service nm-cloud-setup.timer, then reboot"),
)  # fmt: skip
