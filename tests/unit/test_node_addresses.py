"""By which address the Kubernetes playbooks know a host that has several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kplay.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = Path(__file__).parents[2] / "playbooks/roles"


def text_of(role: str, task: str) -> str:
    tasks = yaml.safe_load((ROLES / role / "tasks/main.yml").read_text())
    found = next(one for one in tasks if one.get("name") == task)
    return (found.get("blockinfile") or found["copy"]).get("block") or found["copy"]["content"]


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict], dict[str, str]]:
    """``rendered(host_vars)``: what cp1 and w1 get of the three texts that name addresses."""
    monkeypatch.chdir(tmp_path)

    def render(host_vars: dict) -> dict[str, str]:
        hosts = {name: {"ansible_connection": "local", **host_vars[name]} for name in host_vars}
        groups = {"control_plane": {"hosts": {"cp1": None}}, "workers": {"hosts": {"w1": None}}}
        (tmp_path / "hosts.yml").write_text(
            yaml.safe_dump({"all": {"hosts": hosts, "children": groups}})
        )
        out = f"{tmp_path}/{{{{ inventory_hostname }}}}"
        defaults = ["cluster", "control-plane", "kubernetes", "prepare"]
        tasks = [
            {
                "copy": {
                    "dest": f"{out}.hosts",
                    "content": text_of("prepare", "Know every node by name"),
                }
            },
            {
                "copy": {
                    "dest": f"{out}.kubelet",
                    "content": text_of("kubernetes", "Give the kubelet this host's own arguments"),
                }
            },
            {
                "template": {
                    "dest": f"{out}.kubeadm",
                    "src": str(ROLES / "control-plane/templates/kubeadm-config.yaml.j2"),
                }
            },
        ]
        (tmp_path / "group_vars/all").mkdir(parents=True)
        for role in defaults:
            text = (ROLES / role / "defaults/main.yml").read_text()
            (tmp_path / f"group_vars/all/{role}.yml").write_text(text)
        play = {
            "hosts": "all",
            "gather_facts": False,
            "tasks": tasks,
        }
        (tmp_path / "site.yml").write_text(yaml.safe_dump([play], width=10_000))
        assert main(["run", "-i", "hosts.yml", "site.yml"]) == 0
        kubeadm = list(yaml.safe_load_all((tmp_path / "cp1.kubeadm").read_text()))
        return {
            "hosts": (tmp_path / "w1.hosts").read_text(),
            "kubelet": (tmp_path / "w1.kubelet").read_text(),
            "advertised": kubeadm[0]["localAPIEndpoint"]["advertiseAddress"],
            "endpoint": kubeadm[1]["controlPlaneEndpoint"],
        }

    return render


def test_a_lab_host_that_is_reached_through_a_port_of_the_controller(
    rendered: Callable[[dict], dict[str, str]],
) -> None:
    hosts = {
        "cp1": {"ansible_host": "127.0.0.1", "ansible_port": 2222, "lab_address": "192.168.56.11"},
        "w1": {"ansible_host": "127.0.0.1", "ansible_port": 2200, "lab_address": "192.168.56.12"},
    }
    assert rendered(hosts) == {
        "hosts": "192.168.56.11 cp1\n192.168.56.12 w1\n",
        "kubelet": "KUBELET_EXTRA_ARGS=--node-ip=192.168.56.12 \n",
        "advertised": "192.168.56.11",
        "endpoint": "192.168.56.11:6443",
    }


def test_a_host_with_an_address_of_its_own_among_the_nodes(
    rendered: Callable[[dict], dict[str, str]],
) -> None:
    hosts = {
        "cp1": {"ansible_host": "10.0.0.1", "kubernetes_node_address": "172.16.0.1"},
        "w1": {"ansible_host": "10.0.0.2", "kubernetes_node_address": "172.16.0.2"},
    }
    assert rendered(hosts) == {
        "hosts": "172.16.0.1 cp1\n172.16.0.2 w1\n",
        "kubelet": "KUBELET_EXTRA_ARGS=--node-ip=172.16.0.2 \n",
        "advertised": "172.16.0.1",
        "endpoint": "172.16.0.1:6443",
    }


def test_a_host_of_one_address_is_known_by_that(
    rendered: Callable[[dict], dict[str, str]],
) -> None:
    hosts = {"cp1": {"ansible_host": "10.0.0.1"}, "w1": {"ansible_host": "10.0.0.2"}}
    assert rendered(hosts) == {
        "hosts": "10.0.0.1 cp1\n10.0.0.2 w1\n",
        "kubelet": "KUBELET_EXTRA_ARGS=\n",
        "advertised": "10.0.0.1",
        "endpoint": "10.0.0.1:6443",
    }
