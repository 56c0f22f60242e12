"""How Rancher's roles reach a cluster, and which values of the chart follow from their settings."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"

NO_CLASS: dict[str, Any] = {"resources": []}


def named(name: str, **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": name, **({"annotations": annotations} if annotations else {})}}


DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}
SEVERAL = {"resources": [named("nginx"), named("traefik", **DEFAULT)]}
ONE = {"resources": [named("nginx")]}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """``told(host, group, expression, settings)``: what an expression is in role rancher there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBECONFIG", raising=False)

    def tell(role: str, expression: str, group: str = "", **settings: Any) -> Any:
        here = {"h1": {"ansible_connection": "local"}}
        children = {group: {"hosts": {"h1": None}}} if group else {}
        inventory = {"all": {"hosts": here, "children": children}}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
        defaults = {}
        for one in dict.fromkeys(("cluster-access", role)):
            defaults |= yaml.safe_load((PLAYBOOKS / f"roles/{one}/defaults/main.yml").read_text())
        out = tmp_path / "out.json"
        copy = {"dest": str(out), "content": "{{ {'it': " + expression + "} | to_json }}"}
        # As defaults: below everything that is given
        (tmp_path / "group_vars").mkdir(exist_ok=True)
        (tmp_path / "group_vars/all.yml").write_text(yaml.safe_dump(defaults))
        play = {"hosts": "h1", "gather_facts": False, "tasks": [{"copy": copy}]}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
        given = json.dumps({"rancher_hostname": "rancher.example.com", **settings})
        assert main(["run", "-i", "hosts.yml", "play.yml", "-e", given]) == 0
        return json.loads(out.read_text())["it"]

    return tell


@pytest.mark.parametrize(
    ("group", "kubeconfig", "kubectl"),
    [
        ("control_plane", "/etc/kubernetes/admin.conf", "kubectl"),
        ("server", "/etc/rancher/k3s/k3s.yaml", "kubectl"),
        ("rke2_servers", "/etc/rancher/rke2/rke2.yaml", "/var/lib/rancher/rke2/bin/kubectl"),
        ("", "~/.kube/config", "kubectl"),
    ],
)
def test_the_cluster_is_found_by_the_group(told, group, kubeconfig, kubectl):
    found = told("rancher", "[access_kubeconfig, access_kubectl]", group)
    assert found == [kubeconfig, kubectl]


def test_another_cluster_is_named(told):
    given = {"access_kubeconfig": "/srv/edge.conf", "access_context": "edge"}
    assert told("rancher", "access_command", "server", **given) == "kubectl --context=edge"


@pytest.mark.parametrize(
    ("group", "socket", "ctr"),
    [
        ("workers", "/run/containerd/containerd.sock", "ctr"),
        ("agent", "/run/k3s/containerd/containerd.sock", "ctr"),
        ("rke2_agents", "/run/k3s/containerd/containerd.sock", "/var/lib/rancher/rke2/bin/ctr"),
    ],
)
def test_images_go_to_the_containerd_of_the_distribution(told, group, socket, ctr):
    found = told("cluster-images", "[cluster_images_socket, cluster_images_ctr]", group)
    assert found == [socket, ctr]


@pytest.mark.parametrize(
    ("classes", "given", "name"),
    [(NO_CLASS, "", ""), (ONE, "", "nginx"), (SEVERAL, "", "traefik"), (SEVERAL, "nginx", "nginx")],
)
def test_the_class_of_the_ingress(told, classes, given, name):
    settings = {"rancher_classes": classes, "rancher_ingress_class": given}
    assert told("rancher", "rancher_class", **settings) == name
    wanted = told("rancher", "rancher_all_values", **settings).get("ingress", {})
    assert wanted.get("ingressClassName", "") == name


@pytest.mark.parametrize(
    ("source", "classes", "way"),
    [
        ("rancher", ONE, "ingress"),
        ("rancher", NO_CLASS, "service"),
        ("external", ONE, "service"),
    ],
)
def test_the_way_by_which_rancher_is_looked_at(told, source, classes, way):
    settings = {"rancher_tls_source": source, "rancher_classes": classes}
    assert told("rancher", "rancher_ping_by", **settings) == way


BASE = {
    "hostname": "rancher.example.com",
    "replicas": 3,
    "tls": "ingress",
    "privateCA": False,
    "additionalTrustedCAs": False,
    "useBundledSystemChart": False,
}


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ({}, {"ingress": {"tls": {"source": "rancher"}}}),
        ({"rancher_tls_source": "external"}, {"tls": "external"}),
        (
            {"rancher_tls_source": "secret", "rancher_tls_ca": "-----BEGIN"},
            {"ingress": {"tls": {"source": "secret"}}, "privateCA": True},
        ),
        (
            {
                "rancher_tls_source": "letsEncrypt",
                "rancher_letsencrypt_email": "ops@example.com",
                "rancher_ingress_class": "traefik",
            },
            {
                "ingress": {"tls": {"source": "letsEncrypt"}, "ingressClassName": "traefik"},
                "letsEncrypt": {
                    "email": "ops@example.com",
                    "environment": "production",
                    "ingress": {"class": "traefik"},
                },
            },
        ),
        (
            {
                "rancher_registry": "registry.example.com",
                "rancher_image_pull_secrets": ["registry"],
                "rancher_additional_cas": "-----BEGIN",
                "rancher_no_proxy": ".example.com",
                "rancher_agent_tls_mode": "system-store",
                "rancher_replicas": "1",
                "rancher_values": {"antiAffinity": "required", "ingress": {"path": "/r"}},
            },
            {
                "ingress": {"tls": {"source": "rancher"}, "path": "/r"},
                "systemDefaultRegistry": "registry.example.com",
                "rancherImage": "registry.example.com/rancher/rancher",
                "useBundledSystemChart": True,
                "imagePullSecrets": [{"name": "registry"}],
                "additionalTrustedCAs": True,
                "noProxy": ".example.com",
                "agentTLSMode": "system-store",
                "replicas": 1,
                "antiAffinity": "required",
            },
        ),
    ],
)
def test_values_of_the_chart(told, settings, values):
    found = told("rancher", "rancher_all_values", rancher_classes=NO_CLASS, **settings)
    assert found == BASE | values


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ""),
        ({"rancher_replicas": -2, "rancher_registry": "registry.example.com:5000/r"}, ""),
        ({"rancher_tls_certificate": CERTIFICATE, "rancher_tls_key": KEY}, ""),
        ({"rancher_replicas": "many"}, "rancher_replicas is a number from 1 on"),
        ({"rancher_timeout": "15m"}, "rancher_timeout is a number of seconds"),
        ({"rancher_version": "v2.15.0"}, "rancher_version is the chart's version without a v"),
        ({"rancher_registry": "https://r.example.com"}, "rancher_registry is HOST"),
        ({"rancher_letsencrypt_environment": "test"}, "is production or staging, not `test`"),
        (
            {"rancher_tls_certificate": "/srv/tls.crt", "rancher_tls_key": KEY},
            "rancher_tls_certificate is a certificate in PEM",
        ),
        (
            {"rancher_tls_certificate": CERTIFICATE, "rancher_tls_key": "/srv/tls.key"},
            "rancher_tls_key is a private key in PEM",
        ),
        ({"rancher_tls_ca": "/srv/ca.crt"}, "rancher_tls_ca has certificates in PEM"),
        ({"rancher_additional_cas": "/srv/ca.crt"}, "rancher_additional_cas has certificates"),
    ],
)
def test_settings_that_cannot_make_a_rancher(tmp_path, monkeypatch, capsys, settings, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts.yml").write_text("control_plane: {hosts: {cp1: {}}}\n")
    base = {"rancher_hostname": "rancher.example.com", "rancher_tls_source": "secret"}
    argv = ["plan", "--offline", "-i", "hosts.yml", str(PLAYBOOKS / "rancher.yml")]
    assert main([*argv, "-e", json.dumps(base | settings)]) == 0
    out = capsys.readouterr().out
    faults = [one for one in out.splitlines() if one.startswith("  x ")]
    assert len(faults) == bool(said)
    assert said in out


def test_an_import_says_why_rancher_does_not_know_the_cluster(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts.yml").write_text("all: {hosts: {h1: {ansible_connection: local}}}\n")
    with socket.socket() as taken:
        # Bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        settings = {
            "rancher_import_host": "h1",
            "rancher_import_become": False,
            "rancher_import_url": url,
            "rancher_import_name": "edge",
            "rancher_import_token": "token-abcde:hidden-word",
        }
        playbook = str(PLAYBOOKS / "rancher-import.yml")
        assert main(["run", "-i", "hosts.yml", playbook, "-e", json.dumps(settings)]) == 2
    said = "".join(capsys.readouterr())
    assert f"{url} does not answer" in said
    assert "hidden-word" not in said
