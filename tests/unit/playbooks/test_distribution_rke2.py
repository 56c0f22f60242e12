"""What RKE2's own settings become, and what of them is refused."""

from __future__ import annotations

import pytest
import yaml

from kplay.testing import FakeHost

GROUPS = {"rke2_servers": ["s1"], "rke2_agents": ["a1"]}
RELEASE = {"distribution": "rke2", "distribution_release": "v1.36.3+rke2r1"}


def refusals(player, **variables):
    played = player.role(
        "distribution-facts/rke2",
        GROUPS,
        {"s1": FakeHost(), "a1": FakeHost()},
        **{**RELEASE, **variables},
    )
    return played.failure("s1")


@pytest.mark.parametrize(
    "cni", ["", "canal", "calico", "cilium", "flannel", "none", ["multus", "canal"], ["cilium"]]
)
def test_networks_of_rke2(player, cni):
    assert refusals(player, distribution_cni=cni) == ""


@pytest.mark.parametrize(
    "cni",
    ["weave", "multus", ["multus"], ["canal", "multus"], ["canal", "calico"], ["multus", "x"]],
)
def test_other_networks_are_refused(player, cni):
    said = refusals(player, distribution_cni=cni)
    assert said.startswith("distribution_cni is ")
    assert said.endswith("or a list with multus first and one of them after it")


@pytest.mark.parametrize(
    ("release", "controller", "fine"),
    [
        ("v1.36.3+rke2r1", "", True),
        ("v1.36.3+rke2r1", "traefik", True),
        ("v1.36.3+rke2r1", ["ingress-nginx", "traefik"], True),
        ("v1.36.3+rke2r1", "none", True),
        ("v1.37.0+rke2r1", "traefik", True),
        ("v1.37.0+rke2r1", "ingress-nginx", False),
        ("v1.36.3+rke2r1", "haproxy", False),
        ("v1.36.3+rke2r1", ["none", "traefik"], False),
    ],
)
def test_ingress_controllers_by_release(player, release, controller, fine):
    said = refusals(
        player, distribution_release=release, distribution_ingress_controller=controller
    )
    assert (said == "") == fine
    if not fine:
        assert said.startswith("distribution_ingress_controller is ")
        assert release in said


@pytest.mark.parametrize(
    "given",
    [{"distribution_cni": "canal"}, {"distribution_ingress_controller": "traefik"},
     {"distribution_cis": True}],
)  # fmt: skip
def test_k3s_has_none_of_it(player, given):
    played = player.role(
        "distribution-facts/rke2",
        {"server": ["s1"]},
        {"s1": FakeHost()},
        distribution="k3s",
        distribution_release="v1.36.3+k3s1",
        **given,
    )
    assert "are for RKE2" in played.failure("s1")


def configured(player, **variables):
    hosts = {
        name: FakeHost(dirs=["/etc/rancher/rke2", "/etc/systemd/system"]) for name in ("s1", "a1")
    }
    played = player.role("distribution-install/files", GROUPS, hosts, **{**RELEASE, **variables})
    assert played.failure("s1") == played.failure("a1") == ""
    return {
        name: yaml.safe_load(host.text("/etc/rancher/rke2/config.yaml"))
        for name, host in hosts.items()
    }


def test_the_network_is_for_servers_to_know(player):
    made = configured(player, distribution_cni=["multus", "cilium"])
    assert made["s1"]["cni"] == ["multus", "cilium"]
    assert "cni" not in made["a1"]
    assert made["a1"]["server"] == "https://s1:9345"


def test_the_default_network_is_written_down(player):
    made = configured(player)
    assert made["s1"]["cni"] == ["canal"]
    assert {"ingress-controller", "profile", "selinux"}.isdisjoint(made["s1"])


def test_the_profile_is_on_all_nodes_and_the_ingress_controller_on_servers(player):
    made = configured(player, distribution_cis=True, distribution_ingress_controller="traefik")
    for name in ("s1", "a1"):
        assert (made[name]["profile"], made[name]["protect-kernel-defaults"]) == ("cis", True)
    assert made["s1"]["ingress-controller"] == ["traefik"]
    assert "ingress-controller" not in made["a1"]


@pytest.mark.parametrize(
    ("release", "given", "archives"),
    [
        ("v1.36.3+rke2r1", {}, ["core", "canal"]),
        ("v1.36.3+rke2r1", {"distribution_cni": "none"}, ["core"]),
        (
            "v1.36.3+rke2r1",
            {"distribution_cni": ["multus", "cilium"]},
            ["core", "multus", "cilium"],
        ),
        (
            "v1.36.3+rke2r1",
            {"distribution_ingress_controller": "ingress-nginx"},
            ["core", "canal", "ingress-nginx"],
        ),
        (
            "v1.35.7+rke2r1",
            {"distribution_ingress_controller": "ingress-nginx"},
            ["core", "canal"],
        ),
        (
            "v1.35.7+rke2r1",
            {"distribution_ingress_controller": ["ingress-nginx", "traefik"]},
            ["core", "canal", "traefik"],
        ),
    ],
)
def test_archives_of_images_by_release_and_choice(player, release, given, archives):
    one = {
        "hosts": "s1",
        "gather_facts": False,
        "roles": ["distribution"],
        "tasks": [{"debug": {"msg": "{{ distribution_image_artifacts | join(' ') }}"}}],
    }
    played = player.run([one], GROUPS, {}, **{**RELEASE, "distribution_release": release, **given})
    said = [step.result.get("msg") for step in played.events if getattr(step, "result", None)]
    assert said[-1].split() == [f"rke2-images-{name}" for name in archives]
