from __future__ import annotations

from typing import Any

from kplay.plan.model import PlanData
from kplay.rehearsal import compare as comparing
from kplay.rehearsal.compare import changed_again, failures
from kplay.rehearsal.text import said
from kplay.walk.events import Place, StepEnded


def step(
    status: str, action: str = "create", *, key: str = "0.0", host: str = "h1", **more: Any
) -> StepEnded:
    place = Place(f"{key}@{host}", host, f"Task {key}", "copy", "p", "", "site.yml", 7)
    return StepEnded(0.0, place, status, action, more.pop("result", {"changed": True}), **more)


def compare(planned: list[StepEnded], applied: list[StepEnded], **more: Any) -> Any:
    return comparing.compare(PlanData.of(planned), applied, **more)


def leftovers(steps: list[StepEnded], **more: Any) -> Any:
    return comparing.leftovers(PlanData.of(steps), **more)


def test_the_same_changes_are_exact():
    planned = [step("planned"), step("planned", "update", host="h2")]
    applied = [step("changed"), step("changed", "update", host="h2"), step("ok", key="0.1")]
    found = compare(planned, applied)
    assert (found.planned, found.made, found.as_planned, found.uncertain) == (2, 2, 2, 0)
    assert found.exact


def test_a_change_without_a_plan_is_a_difference():
    found = compare([], [step("changed"), step("changed", host="h2")])
    assert [str(one) for one in found.differences] == [
        "site.yml:7: Task 0.0 [h1, h2]: created without having been planned"
    ]


def test_another_action_is_a_difference():
    found = compare([step("planned", "create")], [step("changed", "update")])
    assert (found.as_planned, found.made) == (0, 1)
    assert str(found.differences[0]).endswith("planned to create, updated")


def test_a_planned_change_that_was_none_is_a_difference():
    found = compare([step("planned")], [step("ok", "none")])
    assert str(found.differences[0]).endswith("planned to create, and nothing was changed")
    assert not compare([step("planned", "run")], [step("skipped", "none")]).exact


def test_a_command_whose_author_says_that_nothing_changed_is_none():
    assert compare([step("planned", "run")], [step("ok", "run")]).exact


def test_a_step_that_failed_or_was_not_reached_is_none():
    planned = [step("planned"), step("planned", key="0.1")]
    broken = compare(planned, [step("failed")], whole=False)
    assert broken.exact
    assert said(broken) == "the plan was exact as far as apply came: 2 planned, 0 made"
    assert not compare(planned, [step("changed")], whole=True).exact


def test_what_the_plan_left_open_is_counted_apart():
    planned = [
        step("planned", "unknown"),
        step("planned", "run", key="0.1", conditional=True),
        step("planned", "unknown", key="0.2"),
    ]
    applied = [step("changed", "update"), step("skipped", "none", key="0.1")]
    found = compare(planned, applied)
    assert (found.planned, found.uncertain, found.settled, found.made) == (0, 3, 1, 1)
    assert found.exact


def test_what_an_open_include_or_loop_brings_is_left_open_too():
    planned = [step("planned", "unknown", key="0.3"), step("planned", "unknown", key="0.4")]
    inside = step("changed", key="0.3.1")
    item = step("changed", key="0.4@h1#2")
    place = Place("0.4@h1#2", "h1", "Loop", "copy", "p", "", "site.yml", 9, "two")
    item = StepEnded(0.0, place, "changed", "create", {})
    assert compare(planned, [inside, item]).exact
    assert not compare(planned, [step("changed", key="0.30")]).exact


def test_leftovers_say_what_would_and_what_may_run():
    steps = [
        step("planned", "run"),
        step("planned", "run", host="h2"),
        step("planned", "unknown", key="0.1", conditional=True, causes=["`x` is not known"]),
        step("ok", "none", key="0.2"),
    ]
    assert [str(one) for one in leftovers(steps)] == [
        "site.yml:7: Task 0.0 [h1, h2]: would run again",
        "site.yml:7: Task 0.1 [h1]: may run again: `x` is not known",
    ]
    assert len(leftovers(steps, unsure=False)) == 1


def test_failures_and_changes_leave_loops_to_their_items():
    steps = [
        step("failed", result={"msg": "no such file\nmore"}),
        step("failed", key="0.1", loop=True),
        step("changed", "update", key="0.2"),
    ]
    assert [str(one) for one in failures(steps)] == ["site.yml:7: Task 0.0 [h1]: no such file"]
    assert [str(one) for one in changed_again(steps)] == [
        "site.yml:7: Task 0.2 [h1]: updated again"
    ]


def test_a_step_that_changes_no_host_is_neither_a_difference_nor_done_again():
    grouped = step("changed", "none")
    found = compare([], [grouped])
    assert (found.exact, found.made) == (True, 0)
    assert changed_again([grouped]) == []
