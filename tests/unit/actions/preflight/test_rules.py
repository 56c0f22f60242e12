"""Every rule of the preflight: what sets it off, and what does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.preflight.judging import evaluate, listed
from kplay.actions.preflight.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.actions.preflight.survey import Survey

ACTIVE = {"active": "active", "enabled": "enabled"}


def put(survey: Survey, host: str, path: str, value: object) -> None:
    """Set one fact of a host; ``path`` has its keys with a slash between."""
    facts: Any = survey.hosts[host]
    *above, last = path.split("|")
    for key in above:
        facts = facts[key]
    facts[last] = value


@pytest.mark.parametrize("profile", ["k3s", "rke2", "kubeadm", "rancher"])
def test_a_cluster_that_nothing_is_wrong_with(cluster: Callable[..., Survey], profile: str) -> None:
    memory = {"memory_mb": {}, "cpus": {}}
    assert evaluate(cluster(profile, **memory)) == []


ON_ONE_HOST = [
    ("machine-id-missing", "machine_id", "", "/etc/machine-id holds nothing"),
    ("machine-id-missing", "machine_id", "uninitialized", "/etc/machine-id holds uninitialized"),
    ("hostname-invalid", "hostname", "Web_1", "hostname Web_1 cannot be the name of a node"),
    ("hostname-invalid", "hostname", "localhost", "hostname localhost cannot"),
    ("hostname-invalid", "hostname", "a" * 64, "cannot be the name of a node"),
    ("clock-unsynchronized", "units", {}, "nothing keeps its clock in time"),
    ("default-route-missing", "routes", [], "no default route"),
    ("memory", "memory_mb", 400, "400 MiB of memory, 512 are wanted (agent)"),
    ("cpus", "cpus", 0, "0 processors, 1 are wanted (agent)"),
    ("disk-space", "disks", {"/var/lib/rancher": 10}, "10 MiB free for /var/lib/rancher, 5120"),
    ("swap", "swap_mb", 512, "512 MiB of swap are on"),
    ("cgroup-v1", "cgroup|version", 1, "control groups are of version 1"),
    ("cgroup-controllers", "cgroup|controllers", ["cpu", "cpuset"], "lack memory, pids"),
    ("kernel-module", "kernel_modules|overlay", "missing", "module overlay is not there for 6.1"),
    (
        "sysctl", "sysctls|net.ipv4.ip_forward",
        {"exists": True, "writable": False, "value": "0"},
        "net.ipv4.ip_forward is 0, 1 is wanted, and it cannot be set here",
    ),
    (
        "sysctl", "sysctls|net.x", {"exists": False, "writable": False, "value": ""},
        "the kernel has no setting net.x",
    ),
    ("selinux-policy", "selinux|mode", "enforcing", "and k3s-selinux is not installed"),
    ("apparmor-parser", "apparmor|parser", False, "apparmor_parser is not installed"),
    ("os-untested", "os|id", "gentoo", "is not among the systems that are tested (as of 2026-"),
    ("os-untested", "os|version", "11", "is older than 12, the oldest tested"),
    ("architecture", "architecture", "riscv64", "riscv64 is none of x86_64, aarch64"),
    ("firewall-policy", "firewall", [{"hook": "forward", "chain": "iptables FORWARD"}],
     "iptables FORWARD drops what no rule lets through (forward)"),
    ("firewall-service", "units|firewalld.service", ACTIVE, "firewalld is running"),
    ("networkmanager-managed", "units|NetworkManager.service", ACTIVE,
     "NetworkManager manages flannel*"),
    ("nm-cloud-setup", "units|nm-cloud-setup.timer", {"active": "inactive", "enabled": "enabled"},
     "nm-cloud-setup.timer is enabled"),
    ("other-distribution", "present", ["/etc/kubernetes/admin.conf"],
     "kubeadm was here: /etc/kubernetes/admin.conf"),
    ("other-distribution", "present", ["/etc/rancher/rke2"], "rke2 was here"),
    ("port-taken", "taken",
     [{"protocol": "tcp", "port": 6443, "by": "nginx", "pid": 40, "own": False}],
     "port 6443/tcp is taken by nginx (process 40)"),
    ("cidr-overlap", "routes",
     [{"to": "0.0.0.0/0", "device": "eth0"}, {"to": "10.43.7.0/24", "device": "eth1"}],
     "service network 10.43.0.0/16 overlaps with its route 10.43.7.0/24 on eth1"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "value", "text"), ON_ONE_HOST)
def test_a_fault_of_one_host(
    cluster: Callable[..., Survey], only: Any, *, rule: str, path: str, value: object, text: str
) -> None:
    survey = cluster()
    put(survey, "a1", path, value)
    found = only(survey)
    assert (found.id, found.host) == (rule, "a1")
    assert text in found.text
    assert found.remedy


NO_FAULT = [
    ("hostname", "db-1.prod.example"),
    ("routes", [{"to": "::/0", "device": "eth0"}]),
    ("memory_mb", 480),  # of 512, what the firmware leaves
    ("os|version", "13"),
    ("selinux", {"mode": "enforcing", "policies": ["k3s-selinux"]}),
    ("selinux|mode", "permissive"),
    ("apparmor", {"enabled": False, "parser": False}),
    ("kernel_modules|br_netfilter", "untold"),
    ("sysctls|net.ipv4.ip_forward", {"exists": True, "writable": False, "value": "1"}),
    ("sysctls|net.bridge.bridge-nf-call-iptables", {"exists": False, "writable": False}),
    ("units|ufw.service", ACTIVE),  # switched off, its unit is active all the same
    ("units|nm-cloud-setup.timer", {"active": "inactive", "enabled": "disabled"}),
    ("present", ["/etc/rancher/k3s", "/usr/local/bin/k3s"]),
    ("taken", [{"protocol": "tcp", "port": 10250, "by": "k3s", "pid": 4, "own": True}]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), NO_FAULT)
def test_what_is_no_fault(cluster: Callable[..., Survey], path: str, value: object) -> None:
    survey = cluster()
    put(survey, "a1", path, value)
    if path == "units|ufw.service":
        put(survey, "a1", "firewall", [])
    assert evaluate(survey) == []


def test_routes_of_a_cluster_that_stands_are_no_overlap(cluster: Callable[..., Survey]) -> None:
    survey = cluster()
    put(survey, "a1", "routes", [
        {"to": "0.0.0.0/0", "device": "eth0"},
        {"to": "10.42.1.0/24", "device": "cni0"},
        {"to": "10.42.0.0/24", "device": "flannel.1"},
        {"to": "10.42.2.7", "device": "cali12345"},
    ])  # fmt: skip
    assert evaluate(survey) == []


def test_ufw_that_is_on(cluster: Callable[..., Survey], ids: Any) -> None:
    survey = cluster()
    put(survey, "a1", "units|ufw.service", ACTIVE)
    put(survey, "a1", "firewall", [{"hook": "input", "chain": "iptables INPUT"}])
    assert ids(survey) == {("firewall-service", "a1"), ("firewall-policy", "a1")}


def test_networkmanager_that_was_told(cluster: Callable[..., Survey]) -> None:
    survey = cluster("rke2", memory_mb={})
    put(survey, "a1", "units|NetworkManager.service", ACTIVE)
    assert "cali*, flannel*" in evaluate(survey)[0].text
    put(survey, "a1", "networkmanager", ["interface-name:cali*", "interface-name:flannel*"])
    assert evaluate(survey) == []


SHARED = [
    ("hostname-duplicate", "hostname", "web", "hostname web is also that of a1"),
    ("machine-id-duplicate", "machine_id", "a" * 32, "is also that of a1"),
    ("product-uuid-duplicate", "product_uuid", "u", "product_uuid u is also that of a1"),
    ("mac-duplicate", "macs", {"eth0": "52:54:00:00:00:aa"}, "52:54:00:00:00:aa is also"),
    ("address-duplicate", "address", "192.168.7.9", "address 192.168.7.9 is also that of a1"),
]


@pytest.mark.parametrize(("rule", "name", "value", "text"), SHARED)
def test_what_two_hosts_share(
    cluster: Callable[..., Survey], ids: Any, *, rule: str, name: str, value: object, text: str
) -> None:
    survey = cluster()
    for host in ("a1", "a2"):
        put(survey, host, name, value)
    assert ids(survey) == {(rule, "a1"), (rule, "a2")}
    assert text in evaluate(survey)[1].text


def test_interfaces_of_one_host_may_share_a_mac(cluster: Callable[..., Survey]) -> None:
    survey = cluster()
    put(survey, "a1", "macs", {"bond0": "52:54:00:00:00:0b", "eth0": "52:54:00:00:00:0b"})
    assert evaluate(survey) == []


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        ((6.0, 6.4), "clock is 6.0 s or more ahead of the others'"),
        ((-9.0, -8.0), "clock is 8.0 s or more behind the others'"),
        ((3.0, 9.0), ""),  # the way may have taken six seconds
        ((4.0, 4.9), ""),
    ],
)
def test_clocks(cluster: Callable[..., Survey], clock: tuple[float, float], text: str) -> None:
    survey = cluster()
    survey.clocks |= {"s1": (0.0, 0.0), "a1": clock, "a2": (0.0, 0.0)}
    found = evaluate(survey)
    assert [(one.id, one.host, one.text) for one in found] == (
        [("clock-skew", "a1", text)] if text else []
    )


@pytest.mark.parametrize(("clock", "way"), [((7.0, 7.1), "behind"), ((-7.1, -7.0), "ahead of")])
def test_the_clock_of_the_controller(
    cluster: Callable[..., Survey], only: Any, clock: tuple[float, float], way: str
) -> None:
    survey = cluster()
    survey.clocks = dict.fromkeys(survey.hosts, clock)
    found = only(survey)
    assert (found.id, found.severity) == ("clock-controller", "warning")
    assert f"7.0 s {way} every host's" in found.text


def test_swap_that_is_meant(cluster: Callable[..., Survey]) -> None:
    survey = cluster(swap_allowed=True)
    put(survey, "a1", "swap_mb", 512)
    assert evaluate(survey) == []


def test_control_groups_of_version_1_where_kubernetes_bears_them(
    cluster: Callable[..., Survey],
) -> None:
    survey = cluster(version="v1.34.2+k3s1")
    put(survey, "a1", "cgroup|version", 1)
    assert evaluate(survey) == []


@pytest.mark.parametrize(
    ("pods", "services", "text"),
    [
        ("10.43.0.0/16", "10.43.0.0/16", "pod network 10.43.0.0/16 overlaps with service network"),
        ("192.168.0.0/16", "10.43.0.0/16", "overlaps with its route 192.168.7.0/24 on eth0"),
        ("10.42.0.0", "10.43.0.0/99", "service network 10.43.0.0/99 is not ADDRESS/PREFIX"),
        ("10.42.0.0/16,fd00:42::/56", "10.43.0.0/16,fd00:43::/112", ""),
    ],
)
def test_networks_of_pods_and_services(
    cluster: Callable[..., Survey], pods: str, services: str, text: str
) -> None:
    found = evaluate(cluster(pod_cidr=pods, service_cidr=services))
    assert text in "\n".join(one.text for one in found)
    assert bool(found) == bool(text)


@pytest.mark.parametrize(
    ("method", "present", "text"),
    [
        ("rpm", "/usr/local/bin/rke2", "installed from its archive"),
        ("bundle", "/usr/bin/rke2", "installed by rpm"),
        ("rpm", "/usr/bin/rke2", ""),
        ("online", "/usr/local/bin/rke2", ""),
    ],
)
def test_rke2_is_installed_in_one_way(
    cluster: Callable[..., Survey], method: str, present: str, text: str
) -> None:
    survey = cluster("rke2", memory_mb={}, method=method)
    put(survey, "s1", "present", [present])
    found = evaluate(survey)
    assert [one.id for one in found] == (["rke2-install-mixed"] if text else [])
    assert text in "".join(one.text for one in found)


@pytest.mark.parametrize(
    ("profile", "disabled", "said"),
    [
        ("k3s", ["traefik", "servicelb"], []),
        ("k3s", ["traefik, servicelb", "coredns,"], []),
        ("k3s", ["traefk"], ["`traefk`, which is no component of K3s: did you mean `traefik`?"]),
        ("k3s", ["local-storage,metrics_server"], ["K3s: did you mean `metrics-server`?"]),
        ("k3s", ["my-own-thing"], ["`my-own-thing`, which is no component of K3s"]),
        ("k3s", ["flannel"], ["`flannel-backend: none` in distribution_server_config turns that"]),
        ("rke2", ["rke2-ingress-nginx", "rke2-metrics-server"], []),
        ("rke2", ["metrics-server"], ["of RKE2: did you mean `rke2-metrics-server`?"]),
        ("rke2", ["kube-proxy", "a b"], ["`disable-kube-proxy: true` in", "names `a b`, which"]),
        ("kubeadm", ["traefk"], []),
    ],
)
def test_components_that_there_are_not(
    cluster: Callable[..., Survey], profile: str, disabled: list[str], said: list[str]
) -> None:
    found = evaluate(cluster(profile, memory_mb={}, cpus={}, disabled=disabled))
    assert [(one.id, one.severity, one.host) for one in found] == [
        ("disable-unknown", "warning", "")
    ] * len(said)
    for one, text in zip(found, said, strict=True):
        assert text in one.text
        assert one.text.endswith(text) or text.endswith(("that", "in", "which"))
        assert one.remedy.startswith("known are ")


def test_servers_with_etcd_in_an_even_number(cluster: Callable[..., Survey], only: Any) -> None:
    survey = cluster()
    put(survey, "a1", "roles", ["server"])
    found = only(survey)
    assert (found.id, found.severity, found.host) == ("etcd-even", "warning", "")
    assert found.text == "2 servers with etcd, of which 0 may be lost"
    assert evaluate(cluster(features=["metrics"])) == []


@pytest.mark.parametrize(
    ("wanted", "there", "rule", "text"),
    [
        ("v1.36.3+k3s1", "v1.34.1+k3s1", "version-skips-minor", "by way of v1.35, v1.36"),
        ("v1.35.1+k3s1", "v1.36.3+k3s1", "version-downgrade", "which is newer than v1.35.1+k3s1"),
        ("v1.36.3+k3s2", "v1.36.3+k3s1", "", ""),
        ("v1.36.3+k3s1", "v1.35.9+k3s1", "", ""),
        ("", "v1.20.1+k3s1", "", ""),
        ("v1.36.3+k3s1", "nonsense", "", ""),
    ],
)
def test_upgrades(
    cluster: Callable[..., Survey], wanted: str, there: str, rule: str, text: str
) -> None:
    survey = cluster(version=wanted)
    put(survey, "s1", "versions", {"k3s": there})
    found = evaluate(survey)
    assert [one.id for one in found] == ([rule] if rule else [])
    assert text in "".join(one.text for one in found)


def test_an_agent_that_is_ahead_of_its_servers(cluster: Callable[..., Survey], only: Any) -> None:
    survey = cluster()
    put(survey, "s1", "versions", {"k3s": "v1.35.1+k3s1"})
    put(survey, "a2", "versions", {"k3s": "v1.36.3+k3s1"})
    found = only(survey)
    assert (found.id, found.host) == ("version-ahead", "a2")
    assert found.text == "v1.36.3+k3s1 is newer than a server's 1.35"


@pytest.mark.parametrize(
    ("rancher", "kubernetes", "rule", "text"),
    [
        ("2.14.1", "v1.36.3+rke2r1", "rancher-kubernetes", "goes with Kubernetes 1.33 to 1.35"),
        ("2.15.0", "v1.36.3+rke2r1", "", ""),
        ("v2.15.0", "v1.32.1", "rancher-kubernetes-old", "and this is 1.32 (as of 2026-"),
        ("2.99.0", "v1.36.3", "version-unknown", "has no Rancher 2.99.0"),
        ("2.15.0", "v1.99.0", "rancher-kubernetes", "and this is 1.99"),
    ],
)
def test_rancher_and_kubernetes(
    cluster: Callable[..., Survey], rancher: str, kubernetes: str, rule: str, text: str
) -> None:
    survey = cluster("rancher", rancher_version=rancher)
    for host in survey.hosts:
        put(survey, host, "versions", {"rke2": kubernetes})
    found = evaluate(survey)
    assert [one.id for one in found] == ([rule] if rule else [])
    assert text in "".join(one.text for one in found)


def test_a_kubernetes_that_the_matrix_does_not_know(
    cluster: Callable[..., Survey], only: Any
) -> None:
    found = only(cluster(version="v1.40.0+k3s1"))
    assert found.id == "version-unknown"
    assert "ends with Kubernetes 1.36" in found.text


def test_a_matrix_that_is_stale(cluster: Callable[..., Survey], only: Any) -> None:
    matrix = {"date": "2026-01-01", "stale_after": "2026-08-31", "source": "somewhere"}
    found = only(cluster(matrix=matrix))
    assert (found.id, found.severity) == ("matrix-stale", "warning")
    assert "is of 2026-01-01, and was good until 2026-08-31 (somewhere)" in found.text
    assert evaluate(cluster(matrix=matrix | {"stale_after": "2026-09-01"})) == []


def test_what_is_ignored_is_not_told(cluster: Callable[..., Survey]) -> None:
    survey = cluster()
    put(survey, "a1", "swap_mb", 512)
    put(survey, "a1", "routes", [])
    assert [one.id for one in evaluate(survey, ["swap"])] == ["default-route-missing"]


def test_errors_come_before_warnings_and_hosts_in_their_order(
    cluster: Callable[..., Survey],
) -> None:
    survey = cluster()
    for host in ("a2", "s1"):
        put(survey, host, "swap_mb", 512)
        put(survey, host, "routes", [])
    lacking = "no default route, which is wanted on a host without internet too"
    assert listed(evaluate(survey)) == [
        "s1:",
        f"  error[default-route-missing]: {lacking}",
        f"    {_remedy('default-route-missing')}",
        "  warning[swap]: 512 MiB of swap are on",
        f"    {_remedy('swap')}",
        "a2:",
        f"  error[default-route-missing]: {lacking}",
        "  warning[swap]: 512 MiB of swap are on",
    ]


def _remedy(name: str) -> str:
    return next(rule.remedy for rule in RULES if rule.id == name)


def test_ids_are_unique_and_each_is_documented() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    page = (Path(__file__).parents[4] / "docs/preflight.md").read_text()
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == set(ids)
    for rule in RULES:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{rule.id}` |"))
        assert f"| {rule.severity} |" in row
