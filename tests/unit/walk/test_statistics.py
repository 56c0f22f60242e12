from __future__ import annotations

from typing import Any

import pytest

from kplay.walk.statistics import RUN, Statistics


def told(data: dict[str, Any], **how: bool) -> dict[str, Any]:
    return {"ansible_stats": {"data": data, "per_host": False, "aggregate": True, **how}}


@pytest.mark.parametrize(
    ("first", "second", "sum_"),
    [
        (1, 2, 3),
        ("a", "b", "ab"),
        ([1], [1], [1, 1]),
        ({"a": {"b": 1}}, {"a": {"c": [2]}}, {"a": {"b": 1, "c": [2]}}),
        (1, "a", 1),
        (None, None, None),
    ],
)
def test_values_are_added(first: Any, second: Any, sum_: Any):
    found = Statistics()
    found.take(told({"x": first}), ["a", "b"])
    found.take(told({"x": second, "y": 0}), ["a"])
    assert found.tables == {RUN: {"x": sum_, "y": 0}}


def test_or_replaced():
    found = Statistics()
    found.take(told({"x": 1}), ["a"])
    found.take(told({"x": [2]}, aggregate=False), ["a"])
    assert found.tables == {RUN: {"x": [2]}}


def test_for_each_host():
    found = Statistics()
    found.take(told({"x": 1}, per_host=True), ["a", "b"])
    found.take(told({"x": 1}, per_host=True), ["b"])
    assert found.tables == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize("result", [{}, {"ansible_stats": 1}, {"ansible_stats": {"data": [1]}}])
def test_other_results_count_nothing(result: dict[str, Any]):
    found = Statistics()
    found.take(result, ["a"])
    assert found.tables == {}


def test_a_task_under_no_log_counts_nothing(walk: Any):
    walked = walk("""
        - hosts: all
          gather_facts: false
          tasks:
            - {name: hidden, set_stats: {data: {key: x}, per_host: true}, no_log: true}
            - {name: shown, set_stats: {data: {n: 1}}}
    """)
    world = walked.walker.world
    assert world.statistics.tables == {RUN: {"n": len(world.store.inventory.hosts)}}
