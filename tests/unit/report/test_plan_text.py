from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.graph.view import View
from kplay.plan.model import PlanData
from kplay.plan.outline import Outline, Stop
from kplay.report import entries, plan_html, plan_markdown, plan_text
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


def test_what_a_module_warns_of_is_said_with_its_step(ended: Callable[..., StepEnded]) -> None:
    told = {"changed": True, "warnings": ["web could not be asked about"]}
    steps = [ended("w1"), ended("w2", result=told)]
    data = PlanData.of(steps)
    one, other = entries.grouped(data)
    assert (one.notes, other.hosts, other.notes) == ([], ["w2"], told["warnings"])
    assert plan_text.of(data).count("      note: web could not be asked about\n") == 1
    assert "- note: <code>web could not be asked about</code>" in plan_markdown.of(data)
    assert "<p>note: web could not be asked about</p>" in plan_html.of(data)


def test_nothing_to_do_is_said_plainly(ended: Callable[..., StepEnded]) -> None:
    steps = [ended("w1", status="ok", action="none"), ended("w2", status="skipped", action="none")]
    assert plan_text.of(PlanData.of(steps)) == "no changes: nothing to do on 2 hosts"


def test_a_lost_host_is_never_no_changes(ended: Callable[..., StepEnded]) -> None:
    lost = [HostLost(0.0, "w2", "unreachable", "no route to host", 7)]
    assert plan_text.of(PlanData.of([ended(status="ok", action="none")], lost)) == (
        "plan: incomplete, for lack of w2"
    )


def test_the_way_on_without_a_dead_host_is_told(ended: Callable[..., StepEnded]) -> None:
    lost = [
        HostLost(0.0, "a1", "unreachable", "no route to host", 7),
        HostLost(0.0, "a2", "unreachable", "no route to host", 7),
        HostLost(0.0, "s1", "blocked", "it needs `look`", 7, "a2"),
        HostLost(0.0, "s2", "blocked", "it needs `start`", 7, "s1"),
    ]
    data = PlanData.of([ended(status="ok", action="none")], lost)
    told = "`--limit '!a2'`, or with `--absent a2` where it is gone"
    assert plan_text.of(data).splitlines() == [
        "plan: incomplete, for lack of a1, a2, s1, s2",
        f" = help: other hosts wait for a2; to go on without it, start anew with {told}",
    ]
    again = PlanData.from_json(data.to_json())
    assert plan_text.of(again) == plan_text.of(data)
    assert "--absent a2" in plan_markdown.of(data)
    assert "--absent a2" in plan_html.of(data)


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


def many(ended: Callable[..., StepEnded], hosts: int, tasks: int) -> list[StepEnded]:
    return [
        ended(f"w{host}", f"Task {task}", action="create" if host % 30 else "update")
        for task in range(tasks)
        for host in range(1, hosts + 1)
    ]


def test_a_large_plan_ends_with_tables(ended: Callable[..., StepEnded]) -> None:
    lines = plan_text.of(PlanData.of(many(ended, 30, 6))).splitlines()
    assert lines[-6:] == [
        "",
        "  host                 create  update",
        "  w1, w10 and 27 more       6",
        "  w30                               6",
        "",
        "plan: 174 to create, 6 to update on 30 hosts",
    ]
    assert not any("  host " in line for line in plan_text.of(PlanData.of(many(ended, 30, 5))))


def test_long_lists_of_hosts_are_cut(ended: Callable[..., StepEnded]) -> None:
    plan = PlanData.of(many(ended, 29, 1))
    assert "[w1, w2, w3, w4 and 25 more]" in plan_text.of(plan)
    assert "w28, w29]" in plan_text.of(plan, every_host=True)


def test_what_an_apply_takes_is_said_as_an_estimate(ended: Callable[..., StepEnded]) -> None:
    outline = Outline(
        "site.yml", View((), ()), None,
        path=(
            Stop("0.0", "a", "prepare", "x:1", 30.0), Stop("0.1", "b", "prepare", "x:2", 35.0),
            Stop("0.2", "c", "tiny", "x:3", 0.2), Stop("0.3", "d", "join", "x:4", 60.0),
        ),
        run="20260101-000000-aaaa", estimate=125.2, unmeasured=["0.9"],
    )  # fmt: skip
    text = plan_text.of(PlanData.of([ended()], outline=outline))
    said = "an apply is likely to take about 2 min 5 s, going by earlier runs"
    assert text.splitlines()[-4:] == [
        "critical path: prepare 1 min 5 s → join 1 min",
        f"{said}; no time is known for 1 task",
        "",
        "plan: 1 to update on 1 host",
    ]


def test_what_no_plan_can_tell_is_said_in_words(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/a", "before": "", "after": '{"__kplay_unknown__": true}'}]
    assert "+(unknown until it is run)" in plan_text.of(PlanData.of([ended(diff=diff)]))


def test_what_a_terminal_acts_on_is_spelled(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/f", "before": "", "after": "\x1b[2Kgone \u202eback\n"}]
    plan = PlanData.of([ended("w1", "one\n\x1b[1Atwo", action="create", diff=diff)])
    text = plan_text.of(plan)
    assert "  + one \\x1b[1Atwo  [" in text
    assert "      +\\x1b[2Kgone \\u202eback\n" in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert "\x1b[32m" in plan_text.of(plan, color=True)
