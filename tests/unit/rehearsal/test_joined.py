"""The one rule of exactness, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from kplay.rehearsal.joined import join
from kplay.walk.events import Place, StepEnded


def step(key: str, status: str, action: str = "none", **more: Any) -> StepEnded:
    place = Place(key, "h", "Task", "m", "p", "", "site.yml", 7)
    return StepEnded(0.0, place, status, action, {}, **more)


def planned(key: str, action: str, **more: Any) -> StepEnded:
    return step(key, "planned", action, **more)


@pytest.mark.parametrize(
    ("foretold", "status", "done", "verdict"),
    [
        ("", "ok", "none", "exact"),
        ("", "skipped", "none", "exact"),
        ("", "ignored", "none", "exact"),
        ("", "changed", "update", "wrong"),
        ("", "changed", "none", "exact"),  # add_host, group_by
        ("", "failed", "none", "excused"),
        ("create", "changed", "create", "exact"),
        ("create", "changed", "update", "wrong"),
        ("create", "ok", "none", "wrong"),
        ("create", "failed", "create", "excused"),
        ("create", "unreachable", "none", "excused"),
        ("create", "blocked", "none", "excused"),
        ("create", "rescued", "none", "excused"),
        ("run", "changed", "run", "exact"),
        ("run", "ok", "run", "excused"),
        ("run", "skipped", "none", "wrong"),
        ("unknown", "changed", "update", "open"),
        ("unknown", "ok", "none", "open"),
        ("unknown", "failed", "none", "open"),
    ],
)
def test_what_was_planned_and_what_was_done(foretold, status, done, verdict):
    plan = [planned("0.1@h", foretold)] if foretold else []
    [one] = join(plan, [step("0.1@h", status, done)])
    assert (one.foretold, one.verdict) == (foretold or "none", verdict)


def test_a_condition_that_is_unknown_leaves_the_step_open():
    [one] = join([planned("0.1@h", "create", conditional=True)], [step("0.1@h", "skipped")])
    assert (one.foretold, one.verdict) == ("unknown", "open")


def test_what_was_planned_and_not_come_to_stands_at_the_end():
    plan = [planned("0.1@h", "create"), planned("0.2@h", "unknown"), planned("0.3@h", "run")]
    found = join(plan, [step("0.3@h", "changed", "run"), step("0.4@h", "ok")])
    assert [(one.place.step, one.verdict) for one in found] == [
        ("0.3@h", "exact"), ("0.4@h", "exact"), ("0.1@h", "unreached"), ("0.2@h", "open"),
    ]  # fmt: skip


def test_a_loop_counts_by_its_turns_and_by_itself_where_it_had_none():
    turn, whole = step("0.1@h#0", "changed", "create"), step("0.1@h", "changed", loop=True)
    [one] = join([planned("0.1@h#0", "create")], [turn, whole])
    assert (one.place.step, one.verdict) == ("0.1@h#0", "exact")
    [one] = join([planned("0.1@h", "unknown")], [step("0.1@h", "skipped", loop=True)])
    assert one.verdict == "open"


def test_an_open_include_or_loop_covers_what_it_brought_and_a_sure_one_does_not():
    inside = [step("0.1@h#0", "changed", "run"), step("0.2.5.1@h", "changed", "create")]
    opened = [planned("0.1@h", "unknown"), planned("0.2@h", "unknown")]
    assert [one.verdict for one in join(opened, inside)] == ["open", "open"]
    sure = [planned("0.2.5@h", "create"), planned("0.2@h", "unknown")]
    found = [one.verdict for one in join(sure, [inside[1]])]
    assert found == ["wrong", "unreached", "open"]
    still = join([planned("0.1@h", "create")], [step("0.1@h#0", "ok")])
    assert [one.verdict for one in still] == ["exact", "unreached"]
    assert [one.verdict for one in join(opened, [step("0.20@h", "changed", "run")])] == [
        "wrong", "open", "open",
    ]  # fmt: skip
