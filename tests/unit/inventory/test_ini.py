"""Inventories in INI form."""

from pathlib import Path

import pytest

from kplay.errors import InputError
from kplay.inventory.ini import literal
from kplay.inventory.load import load
from kplay.inventory.model import Inventory


def read(tmp_path: Path, text: str) -> Inventory:
    path = tmp_path / "hosts"
    path.write_text(text, encoding="utf-8")
    return load([path])


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    return [one.code for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0644", "0644"),
        ("0x10", 16),
        ("1.5", 1.5),
        ("True", True),
        ("true", "true"),
        ("yes", "yes"),
        ("None", None),
        ("[1, 'a']", [1, "a"]),
        ("{'a': 1}", {"a": 1}),
        ('"quoted" # by python', "quoted"),
        ("plain text", "plain text"),
        ("{{ other }}", "{{ other }}"),
        ("10.0.0.1", "10.0.0.1"),
        ("a,b", "a,b"),
        ("", ""),
        ("b'bytes'", "b'bytes'"),
    ],
)
def test_values_by_the_rule_of_literals(text: str, value: object) -> None:
    assert literal(text) == value
    assert type(literal(text)) is type(value)


def test_hosts_groups_and_their_variables(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        "lone ansible_host=10.0.0.9\n"
        "[web]\nw1 x=1 y='a b' # note\nw2:2222\n"
        "[web:vars]\nport = 80\n"
        "[site:children]\nweb\n",
    )
    assert list(inventory.hosts) == ["lone", "w1", "w2"]
    assert {key: one.value for key, one in inventory.hosts["w1"].variables.items()} == {
        "x": 1,
        "y": "a b",
    }
    assert inventory.hosts["w2"].variables["ansible_port"].value == 2222
    assert inventory.groups["web"].variables["port"].value == 80
    assert inventory.hosts["w1"].groups == ["all", "site", "web"]
    assert inventory.groups["ungrouped"].hosts == ["lone"]
    assert inventory.groups["web"].depth == 2


def test_every_definition_has_its_place(tmp_path: Path) -> None:
    inventory = read(tmp_path, "[web]\n  w1 x=1\n[web:vars]\nport = 80\n")
    assert inventory.hosts["w1"].span[1:] == (2, 3, 2, 5)
    assert inventory.hosts["w1"].variables["x"].span[1:] == (2, 6, 2, 9)
    assert inventory.groups["web"].variables["port"].span[1:] == (4, 8, 4, 10)


def test_sections_may_come_in_any_order(tmp_path: Path) -> None:
    inventory = read(tmp_path, "[a:children]\nb\n[b:vars]\nx=1\n[b]\nh\n")
    assert inventory.hosts["h"].groups == ["all", "a", "b"]


def test_priority_decides_between_groups_of_one_depth(tmp_path: Path) -> None:
    inventory = read(tmp_path, "[a]\nh\n[b]\nh\n[a:vars]\nansible_group_priority=10\n")
    assert inventory.hosts["h"].groups == ["all", "b", "a"]
    assert "ansible_group_priority" not in inventory.groups["a"].variables


def test_ipv6_addresses(tmp_path: Path) -> None:
    inventory = read(tmp_path, "[web]\nfe80::1\n[fe80::2]:22\n")
    assert list(inventory.hosts) == ["fe80::1", "fe80::2"]
    assert inventory.hosts["fe80::2"].variables["ansible_port"].value == 22


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[a]\n[a]\n", "duplicate-section"),
        ("[a:vars]\nx=1\n", "unknown-group"),
        ("[a:children]\nb\n", "unknown-group"),
        ("[a:what]\n", "bad-section"),
        ("[a\n", "bad-section"),
        ("h x\n", "bad-variable"),
        ("h x=1 x=2\n", "duplicate-key"),
        ("h[3:1]\n", "bad-range"),
        ("[a]\n[a:vars]\nansible_group_priority=high\n", "bad-value"),
        ("[a]\n[a:children]\na\n", "group-cycle"),
        ("[a]\n[a:children]\nall\n", "group-cycle"),
        ("[a b]\n", "bad-name"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert refused(tmp_path, text) == [code]


def test_localhost_is_there_without_being_written(tmp_path: Path) -> None:
    inventory = read(tmp_path, "h\n")
    assert inventory.host("localhost").variables["ansible_connection"].value == "local"
    assert inventory.host("127.0.0.1").groups == ["all"]
    assert "localhost" not in inventory.hosts
    assert read(tmp_path, "localhost x=1\n").host("localhost").variables["x"].value == 1
    with pytest.raises(KeyError):
        inventory.host("other")
