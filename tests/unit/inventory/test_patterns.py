"""Hosts by pattern."""

from pathlib import Path

import pytest

from kplay.errors import InputError
from kplay.inventory.load import load
from kplay.inventory.model import Inventory
from kplay.inventory.patterns import select
from kplay.yaml_reader import load_text


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    path = tmp_path_factory.mktemp("inventory") / "hosts"
    path.write_text(
        "lone\nfe80::1\n[web]\nw[1:3]\n[db]\nd1\nw3\n[site:children]\ndb\nweb\n", encoding="utf-8"
    )
    return load([path])


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("all", "lone fe80::1 d1 w3 w1 w2"),
        ("*", "lone fe80::1 d1 w3 w1 w2"),
        ("web", "w1 w2 w3"),
        ("w1", "w1"),
        ("web:db", "w1 w2 w3 d1"),
        ("w1,d1", "w1 d1"),
        ("w1, d1", "w1 d1"),
        ("web:!w1", "w2 w3"),
        ("web:&db", "w3"),
        ("!w1:web", "w2 w3"),
        ("!web", "lone fe80::1 d1"),
        ("w*", "w1 w2 w3"),
        ("w?:!db", "w1 w2"),
        ("web[0]", "w1"),
        ("web[-1]", "w3"),
        ("web[0:1]", "w1 w2"),
        ("web[0-1]", "w1 w2"),
        ("web[1:]", "w2 w3"),
        ("web[9]", ""),
        ("~w[23]", "w2 w3"),
        ("~(lone|d)", "d1 w3 lone"),
        ("fe80::1", "fe80::1"),
        ("nothing*", ""),
        ("site", "d1 w3 w1 w2"),
        ("localhost", "localhost"),
    ],
)
def test_patterns(inventory: Inventory, pattern: str, hosts: str) -> None:
    assert select(inventory, pattern) == hosts.split()


def test_a_list_of_patterns_with_its_place(inventory: Inventory) -> None:
    hosts = load_text("hosts: [web, '!w1']\n", "a.yml").root.child("hosts")
    assert select(inventory, hosts) == ["w2", "w3"]


def test_limits(inventory: Inventory, tmp_path: Path) -> None:
    (tmp_path / "retry").write_text("# failed\nw2\nd1\n", encoding="utf-8")
    assert select(inventory, "web", "w3,w1") == ["w1", "w3"]
    assert select(inventory, "all", f"@{tmp_path}/retry") == ["d1", "w2"]


@pytest.mark.parametrize(
    ("limit", "code"),
    [("nothing*", "empty-limit"), ("w9", "unknown-host"), ("@/nowhere", "unreadable-file")],
)
def test_limits_that_match_nothing(inventory: Inventory, limit: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        select(inventory, "all", limit)
    assert caught.value.diagnostics[0].code == code


def test_unknown_names_are_faults_with_a_suggestion(inventory: Inventory) -> None:
    hosts = load_text("hosts: wbe\n", "a.yml").root.child("hosts")
    with pytest.raises(InputError) as caught:
        select(inventory, hosts)
    fault = caught.value.diagnostics[0]
    assert (fault.code, fault.help) == ("unknown-host", ("did you mean `web`?",))
    assert str(fault.span) == "a.yml:1:8"


def test_names_that_a_run_makes_are_no_fault(inventory: Inventory) -> None:
    assert select(inventory, "made:w1", expected=["made"]) == ["w1"]


def test_a_regex_that_is_none(inventory: Inventory) -> None:
    with pytest.raises(InputError, match="no regex"):
        select(inventory, "~w[")
