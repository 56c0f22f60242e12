from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.plan.model import PlanData
from kplay.report import entries, plan_text
from kplay.walk.events import HostLost, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_same_change_on_many_hosts_is_one_entry(ended: Callable[..., StepEnded]) -> None:
    steps = [ended("w1"), ended("w2"), ended("w3", diff=[{"label": "x", "after": "b\n"}])]
    assert [entry.hosts for entry in entries.grouped(PlanData.of(steps))] == [
        ["w1", "w2"],
        ["w3"],
    ]


def test_a_whole_plan(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/etc/a", "before": "one\ntwo\n", "after": "one\n2\n"}]
    steps = [
        ended("w1", "Write a", action="create", diff=diff),
        ended("w2", "Write a", action="create", diff=diff),
        ended("w1", "Join", action="run"),
        ended("w2", "Look", action="unknown", conditional=True, causes=["`out` of Join on w1"]),
        ended("w1", "Stay", status="ok", action="none"),
    ]
    text = plan_text.of(PlanData.of(steps)).replace(steps[0].place.file, "site.yml")
    assert text == (
        "play: Prepare\n"
        "  + Write a  [w1, w2]  site.yml:3\n"
        "      --- /etc/a\n"
        "      +++ /etc/a\n"
        "      @@ -1,2 +1,2 @@\n"
        "       one\n"
        "      -two\n"
        "      +2\n"
        "  ! Join  [w1]  site.yml:3\n"
        "  ? Look (may run)  [w2]  site.yml:3\n"
        "      because `out` of Join on w1\n"
        "· 1 step with nothing to change\n"
        "\n"
        "plan: 2 to create, 1 to run, 1 unknown on 2 hosts"
    )


def test_nothing_to_do_is_said_plainly(ended: Callable[..., StepEnded]) -> None:
    steps = [ended("w1", status="ok", action="none"), ended("w2", status="skipped", action="none")]
    assert plan_text.of(PlanData.of(steps)) == "no changes: nothing to do on 2 hosts"


def test_a_lost_host_is_never_no_changes(ended: Callable[..., StepEnded]) -> None:
    lost = [HostLost(0.0, "w2", "unreachable", "no route to host", 7)]
    assert plan_text.of(PlanData.of([ended(status="ok", action="none")], lost)) == (
        "plan: incomplete, for lack of w2"
    )


@pytest.mark.parametrize(("full", "shown"), [(False, 12), (True, 43)])
def test_long_diffs_are_folded(ended: Callable[..., StepEnded], full: bool, shown: int) -> None:
    after = "".join(f"line {number}\n" for number in range(40))
    step = ended(diff=[{"path": "/etc/a", "before": "", "after": after}])
    lines = plan_text.of(PlanData.of([step]), full_diff=full).splitlines()
    assert sum(line.startswith("      ") and "…" not in line for line in lines) == shown
    assert any("more lines (--diff" in line for line in lines) is not full


def test_loops_count_by_their_items(ended: Callable[..., StepEnded]) -> None:
    steps = [ended(item="a"), ended(item="b"), ended(loop=True)]
    assert PlanData.of(steps).summary == "plan: 2 to update on 1 host"


def test_censored_steps_say_so(ended: Callable[..., StepEnded]) -> None:
    steps = [ended(result={"changed": True, "censored": "no_log"})]
    assert "no_log" in plan_text.of(PlanData.of(steps))
