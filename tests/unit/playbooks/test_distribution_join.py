"""By which address a server without data comes into the cluster."""

from __future__ import annotations

import pytest

from kplay.testing import FakeHost

HA = {"server": ["s1", "s2", "s3"], "agent": []}
CLUSTER = "/etc/rancher/k3s/config.yaml.d/10-cluster.yaml"


@pytest.mark.parametrize(
    ("first", "variables", "url"),
    [
        ("s1", {}, "https://s1:6443"),
        ("s1", {"registration_address": "k.example"}, "https://k.example:6443"),
        ("s1", {"registration_address": "2001:db8::5"}, "https://[2001:db8::5]:6443"),
        # s1 was lost: s2 has the cluster
        ("s2", {}, "https://s2:6443"),
        ("s2", {"registration_address": "k.example"}, "https://k.example:6443"),
        ("s2", {"node_address": "10.1.0.{{ inventory_hostname[1] }}"}, "https://10.1.0.2:6443"),
    ],
)
def test_where_a_server_joins(player, first, variables, url):
    given = {f"distribution_{name}": value for name, value in variables.items()}
    given |= {"distribution": "k3s", "distribution_first_server": first}
    given |= {"distribution_has_server": False, "distribution_has_etcd": False}
    token = "/var/lib/rancher/k3s/server/node-token"
    there = {token: "K10x::server:y", "/etc/rancher/k3s/config.yaml.d/x": ""}
    fake = {name: FakeHost(files=there) for name in HA["server"]}
    played = player.role("distribution-server/cluster", HA, fake, **given)
    assert played.failure("s3") == ""
    assert f"server: {url}\n" in fake["s3"].read(CLUSTER).decode()
