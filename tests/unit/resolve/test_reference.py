from __future__ import annotations

import pytest

from kplay.playbook import keywords
from kplay.resolve import reference
from kplay.resolve.filters import filter_names
from kplay.resolve.jinja_tests import test_names as names_of_tests
from kplay.resolve.lookups import lookup_names


def by_name(topic: str) -> dict[str, reference.Entry]:
    return {one.name: one for one in reference.TOPICS[topic]()}


@pytest.mark.parametrize("topic", reference.TOPICS)
def test_names_are_sorted_and_stand_once(topic: str):
    names = [one.name for one in reference.TOPICS[topic]()]
    assert names
    assert len(names) == len(set(names))
    if topic != "precedence":
        assert names == sorted(names)


def test_every_keyword_of_every_level_is_listed():
    found = by_name("keywords")
    for level in keywords.LEVELS:
        for name in keywords.at(level):
            shown = f"loop_control.{name}" if level == keywords.LOOP_CONTROL else name
            assert level in found[shown].about["at"]
    assert found["with_<lookup>"].about["at"] == ["task", "handler", "include"]
    assert found["become_method"].about["choices"][:2] == ["sudo", "su"]
    assert found["debugger"].refused


@pytest.mark.parametrize(
    ("topic", "known"),
    [("filters", filter_names()), ("tests", names_of_tests()), ("lookups", lookup_names())],
)
def test_every_registered_name_is_listed(topic: str, known: frozenset[str]):
    listed: set[str] = set()
    for one in reference.TOPICS[topic]():
        if topic == "lookups" and one.refused:
            continue
        short = [one.name, *one.about.get("aliases", ())]
        listed |= set(short)
        listed |= {
            f"{prefix}.{name}" for prefix in one.about.get("collections", ()) for name in short
        }
    assert known - listed == set()


def test_aliases_and_collections():
    filters = by_name("filters")
    assert filters["default"].about["aliases"] == ["d"]
    assert "ansible.builtin" in filters["combine"].about["collections"]
    assert by_name("tests")["failed"].about["aliases"] == ["failure"]


def test_what_is_refused_says_why():
    assert all(not one.refused for one in reference.precedence_entries())
