from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kplay.report.lines import Lines
from kplay.report.said import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.walk.events import StepEnded

    Made = Callable[..., StepEnded]

INDENT = " " * 10


def debugged(ended: Made, **more: Any) -> StepEnded:
    event = ended(status=more.pop("status", "ok"), action="none", **more)
    return replace(event, place=replace(event.place, module="debug"))


SHOWN = [
    ({"msg": "hello"}, ["hello"]),
    ({"msg": "one\ntwo"}, ["one", "two"]),
    ({"msg": ["a", "ü"]}, ['["a", "ü"]']),
    ({"found": {"a": True}}, ['found: {"a": true}']),
    ({"item": 1, "ansible_loop_var": "item"}, ["item: 1"]),
    ({"x": 2, "item": 1, "ansible_loop_var": "item"}, ["x: 2"]),
    ({"censored": "hidden"}, []),
]


@pytest.mark.parametrize(("result", "lines"), SHOWN)
def test_what_debug_shows(ended: Made, result: dict[str, Any], lines: list[str]) -> None:
    event = debugged(ended, result={"changed": False, "failed": False, **result})
    assert said(event) == [INDENT + line for line in lines]


def test_a_long_value_has_lines(ended: Made) -> None:
    shown = said(debugged(ended, result={"msg": ["x" * 60, "y" * 60]}))
    assert [line.strip() for line in shown] == ["[", f'"{"x" * 60}",', f'"{"y" * 60}"', "]"]


def test_debug_is_shown_without_being_asked_for(ended: Made) -> None:
    lines = Lines().of(debugged(ended, result={"msg": "hello"}))
    assert [text for _, text in lines] == ["ok        w1: Make it so", INDENT + "hello"]
    assert Lines(planning=True).of(debugged(ended, result={"msg": "hello"})) == []
    assert Lines().of(debugged(ended, status="skipped", result={"msg": "hello"})) == []


@pytest.mark.parametrize("status", ["ignored", "rescued"])
def test_a_fault_that_was_let_pass_says_why(ended: Made, status: str) -> None:
    lines = Lines().of(ended(status=status, result={"msg": "no such file\nmore"}))
    assert [text for _, text in lines][1:] == [INDENT + "no such file"]
