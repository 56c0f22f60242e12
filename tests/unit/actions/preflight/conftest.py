"""A cluster of three hosts that nothing is wrong with, to be spoiled by tests."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay.actions.preflight.judging import evaluate
from kplay.actions.preflight.looking import brief
from kplay.actions.preflight.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.actions.preflight.finding import Finding

ROLE = Path(__file__).parents[4] / "playbooks/roles/preflight"

FACTS: dict[str, Any] = {
    "hostname": "",
    "machine_id": "",
    "product_uuid": "",
    "macs": {},
    "addresses": [],
    "address": "",
    "roles": [],
    "kernel": "6.1.0-31",
    "architecture": "x86_64",
    "os": {"id": "debian", "version": "12", "like": "", "name": "Debian GNU/Linux 12"},
    "memory_mb": 4096,
    "swap_mb": 0,
    "cpus": 2,
    "disks": {"/var/lib/rancher": 20000},
    "present": [],
    "units": {"chrony.service": {"active": "active", "enabled": "enabled"}},
    "versions": {},
    "selinux": {"mode": "disabled", "policies": []},
    "apparmor": {"enabled": True, "parser": True},
    "routes": [
        {"to": "0.0.0.0/0", "device": "eth0"},
        {"to": "192.168.7.0/24", "device": "eth0"},
    ],
    "resolved": {},
    "networkmanager": [],
    "cgroup": {"version": 2, "controllers": ["cpuset", "cpu", "io", "memory", "pids"]},
    "kernel_modules": {"overlay": "loaded", "br_netfilter": "available"},
    "sysctls": {"net.ipv4.ip_forward": {"exists": True, "writable": True, "value": "0"}},
    "taken": [],
    "firewall": [],
}


def tables() -> dict[str, Any]:
    """The tables that the role has, as they are before templates are rendered."""
    found: dict[str, Any] = {}
    for path in (ROLE / "vars/main").glob("*.yml"):
        found |= yaml.safe_load(path.read_text())
    return found


def _settings(profile: str = "k3s", **changed: Any) -> dict[str, Any]:
    """What the role makes of its defaults and tables."""
    known = tables()
    one = known["preflight_profiles"][profile]
    made = {
        "profile": profile,
        "clock_skew": 5,
        "features": ["metrics", "etcd", "vxlan"],
        "listen": True,
        "sysctls": {"net.ipv4.ip_forward": "1"},
        "architectures": ["x86_64", "aarch64"],
        "ports": known["preflight_ports"][profile],
        "components": known["preflight_components"].get(profile, []),
        "other_switches": known["preflight_other_switches"].get(profile, {}),
        **{name: value for name, value in one.items() if name != "groups"},
        **{
            name: known[f"preflight_{name}"]
            for name in (
                "distributions", "cni_interfaces", "time_units", "selinux_policies", "systems",
                "matrix", "sysctl_modules",
            )
        },
    }  # fmt: skip
    return made | changed


@pytest.fixture
def settings() -> Callable[..., dict[str, Any]]:
    """``settings(profile, name=…)``: what the role makes of its defaults and tables."""
    return _settings


@pytest.fixture
def hosts() -> Callable[[dict[str, str]], dict[str, dict[str, Any]]]:
    """``hosts({name: role})``: bare hosts in brief, by name."""

    def make(roles: dict[str, str]) -> dict[str, dict[str, Any]]:
        return {
            name: brief({}, FACTS | {"address": f"10.0.0.{number}", "roles": [role]})
            for number, (name, role) in enumerate(roles.items(), 1)
        }

    return make


@pytest.fixture
def cluster() -> Callable[..., Survey]:
    """``cluster(profile, setting=…)``: a server s1 and agents a1 and a2, all well."""

    def make(profile: str = "k3s", **changed: Any) -> Survey:
        made = Survey(_settings(profile, **changed), {}, today=dt.date(2026, 9, 1))
        roles = {
            "kubeadm": ("control_plane", "worker"),
            "rancher": ("server", "server"),
        }.get(profile, ("server", "agent"))
        for number, host in enumerate(("s1", "a1", "a2"), 1):
            made.hosts[host] = copy.deepcopy(FACTS) | {
                "hostname": host,
                "machine_id": f"{number:032x}",
                "product_uuid": f"uuid-{number}",
                "macs": {"eth0": f"52:54:00:00:00:0{number}"},
                "address": f"192.168.7.{number}",
                "addresses": [f"192.168.7.{number}"],
                "roles": [roles[0] if host == "s1" else roles[1]],
            }
            made.clocks[host] = (-0.05, 0.05)
        return made

    return make


@pytest.fixture
def ids() -> Callable[[Survey], set[tuple[str, str]]]:
    """``ids(survey)``: which findings there are, on which hosts."""
    return lambda survey: {(one.id, one.host) for one in evaluate(survey)}


@pytest.fixture
def only() -> Callable[[Survey], Finding]:
    """``only(survey)``: the one finding that there is."""

    def one(survey: Survey) -> Finding:
        found = evaluate(survey)
        assert len(found) == 1, found
        return found[0]

    return one
