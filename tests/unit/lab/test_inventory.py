from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kplay.lab.inventory import connection, inventory
from kplay.lab.load import load_string

if TYPE_CHECKING:
    from kplay.lab.model import Lab

LAB = """\
name: demo
hosts:
  cp1: {groups: [control_plane]}
  w1: {groups: [workers], vars: {rack: 7}}
groups:
  kubernetes: {children: [control_plane, workers]}
  lab: {children: [kubernetes], vars: {driver: cgroupfs}}
  all: {vars: {domain: example.test}}
"""


def render(lab: Lab, *, containers: bool = False) -> dict[str, object]:
    found = {host.name: {"ansible_host": f"10.90.0.{11 + n}"} for n, host in enumerate(lab.hosts)}
    shared = connection("kplay", key_file=Path("/k/id"), known_hosts=Path("/k/known_hosts"))
    data = inventory(lab, host_vars=found, shared=shared, containers=containers)
    # What is written must read back the same: no anchors, no tags.
    assert yaml.safe_load(yaml.safe_dump(data)) == data
    return data["all"]


def test_groups_hosts_and_variables_are_where_ansible_looks_for_them() -> None:
    data = render(load_string(LAB, "lab.yml"))
    assert data["hosts"] == {
        "cp1": {"ansible_host": "10.90.0.11"},
        "w1": {"ansible_host": "10.90.0.12", "rack": 7},
    }
    assert data["children"] == {
        "kubernetes": {"children": {"control_plane": None, "workers": None}},
        "lab": {"children": {"kubernetes": None}, "vars": {"driver": "cgroupfs"}},
        "control_plane": {"hosts": {"cp1": None}},
        "workers": {"hosts": {"w1": None}},
    }


def test_connection_variables_pin_the_host_key_and_the_login_key() -> None:
    shared = render(load_string(LAB, "lab.yml"))["vars"]
    assert isinstance(shared, dict)
    assert shared["ansible_user"] == "kplay"
    assert shared["ansible_ssh_private_key_file"] == "/k/id"
    assert "-o UserKnownHostsFile=/k/known_hosts" in shared["ansible_ssh_common_args"]
    assert "-o StrictHostKeyChecking=yes" in shared["ansible_ssh_common_args"]
    assert (shared["lab_name"], shared["lab_provider"]) == ("demo", "nspawn")
    assert shared["domain"] == "example.test"


def test_a_group_that_nobody_is_in_still_exists() -> None:
    data = render(load_string("name: x\nhosts: {a: }\ngroups: {empty: }\n", "lab.yml"))
    assert data["children"] == {"empty": None}


def test_containers_are_in_a_group_of_their_own() -> None:
    text = LAB + "  lab_containers: {vars: {cgroups: shared}}\n"
    alone = render(load_string(text, "lab.yml"))["children"]
    assert isinstance(alone, dict)
    assert alone["lab_containers"] == {"vars": {"cgroups": "shared"}}
    for lab, rest in ((text, {"vars": {"cgroups": "shared"}}), (LAB, {})):
        children = render(load_string(lab, "lab.yml"), containers=True)["children"]
        assert isinstance(children, dict)
        assert children["lab_containers"] == {"hosts": {"cp1": None, "w1": None}, **rest}
