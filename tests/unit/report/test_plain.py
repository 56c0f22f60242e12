from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from kplay.report.lines import Lines
from kplay.report.plain import Plain
from kplay.walk.events import HostLost, RunEnded, RunStarted, StepEnded, Warned

if TYPE_CHECKING:
    from collections.abc import Callable


def report(events: Any, **options: Any) -> str:
    stream = io.StringIO()
    listener = Plain(stream, Lines(**options))
    for event in events:
        listener(event)
    return stream.getvalue()


def test_a_run(ended: Callable[..., StepEnded]) -> None:
    counts = {"w1": {"ok": 3, "changed": 1}, "w2": {"ok": 1, "unreachable": 1}}
    text = report(
        [
            RunStarted(0.0, "r1", "apply", ["site.yml"], ["w1", "w2"], 3, "j"),
            ended("w1", status="changed"),
            ended("w1", status="ok", action="none"),
            Warned(0.0, "old key"),
            HostLost(0.0, "w2", "unreachable", "no route\nmore", 2),
            RunEnded(9.0, "r1", 9.0, counts, {}, 4),
        ]
    )
    assert text == (
        "run r1: site.yml, 3 tasks on 2 hosts\n"
        "changed   w1: Make it so\n"
        "warning: old key\n"
        "unreachable w2: 2 tasks not run, no route\n"
        "w1 : ok=3    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    "
        "ignored=0    blocked=0\n"
        "w2 : ok=1    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    "
        "ignored=0    blocked=0\n"
        "run r1 ended: exit code 4\n"
        " = help: `kplay resume r1` goes on from here\n"
    )


def test_no_changes_is_said(ended: Callable[..., StepEnded]) -> None:
    end = RunEnded(0.0, "r1", 1.0, {"w1": {"ok": 2}}, {}, 0)
    assert report([end]).endswith("run r1 ended: no changes on 1 host\n")


def test_verbose_shows_what_changed_nothing(ended: Callable[..., StepEnded]) -> None:
    steps = [ended(status="ok", action="none"), ended(status="skipped", reason="x is false")]
    assert report(steps) == ""
    assert report(steps, verbosity=1) == (
        "ok        w1: Make it so\nskipped   w1: Make it so (x is false)\n"
    )


def test_the_journal_is_named_with_a_failure(ended: Callable[..., StepEnded]) -> None:
    started = RunStarted(0.0, "r1", "apply", ["site.yml"], ["w1"], 1, "runs/r1/journal.jsonl")
    assert " = journal: runs/r1/journal.jsonl" in report(
        [started, ended(status="failed", result={"msg": "no"})]
    )


def test_planning_says_only_faults(ended: Callable[..., StepEnded]) -> None:
    started = RunStarted(0.0, "r1", "plan", ["site.yml"], ["w1"], 1, "")
    assert report([started, ended(), ended(status="ok")], planning=True) == ""


def test_diff(ended: Callable[..., StepEnded]) -> None:
    step = ended(
        status="changed", diff=[{"label": "/a", "before": "mode: 1\n", "after": "mode: 2\n"}]
    )
    assert report([step], diff=True).splitlines()[1:] == ["-mode: 1", "+mode: 2"]


def test_the_fault_of_a_lost_host_is_told_once(ended: Callable[..., StepEnded]) -> None:
    lost = HostLost(0.0, "w1", "failed", "no", 2)
    text = report([ended("w1", status="failed", result={"msg": "no"}), lost])
    assert text.endswith("failed    w1: 2 tasks not run\n")


def test_a_run_tells_the_way_on_without_a_dead_host() -> None:
    found = [
        HostLost(0.0, "a1", "unreachable", "no route to host", 7),
        HostLost(0.0, "a2", "unreachable", "no route to host", 7),
        HostLost(0.0, "s1", "blocked", "needs", 7, "a1"),
        HostLost(0.0, "s2", "blocked", "needs", 7, "a2"),
        RunEnded(9.0, "r1", 9.0, {}, {}, 4),
    ]
    assert report(found).endswith(
        " = help: `kplay resume r1` goes on from here\n"
        " = help: other hosts wait for a1, a2; to go on without them, start anew with"
        " `--limit '!a1:!a2'`, or with `--absent a1,a2` where they are gone\n"
    )


def test_what_tasks_counted_is_shown_under_the_hosts() -> None:
    custom = {"_run": {"b": 2, "a": [1]}, "w1": {"seen": "é"}}
    end = RunEnded(0.0, "r1", 1.0, {"w1": {"ok": 2}}, {}, 0, custom)
    assert report([end]).splitlines()[1:] == [
        "custom stats:",
        '  w1: {"seen": "é"}',
        '  RUN: {"a": [1], "b": 2}',
        "run r1 ended: no changes on 1 host",
    ]
    quiet = RunEnded(0.0, "r1", 1.0, {"w1": {"ok": 2}}, {}, 0)
    assert "custom" not in report([quiet])


def test_what_a_terminal_acts_on_is_spelled(ended: Callable[..., StepEnded]) -> None:
    diff = [{"path": "/f", "before": "", "after": "\x1b[2K\n"}]
    step = ended("w1", "one\n\x1b[1Atwo", status="changed", diff=diff)
    text = report([step], diff=True)
    assert text.startswith("changed   w1: one \\x1b[1Atwo\n")
    assert text.endswith("+\\x1b[2K\n")
