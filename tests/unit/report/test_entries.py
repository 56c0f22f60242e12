from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.plan.model import PlanData
from kplay.report import entries
from kplay.walk.events import HostLost, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable


def test_rows_count_as_the_summary_does(ended: Callable[..., StepEnded]) -> None:
    steps = [
        ended("w1"),
        ended("w1", action="create", conditional=True),
        ended("w2"),
        ended("w3", status="ok", action="none"),
    ]
    lost = [HostLost(0.0, "w4", "unreachable", "no route to host", 7)]
    rows = entries.by_host(PlanData.of(steps, lost))
    assert rows == [
        (("w1",), {"update": 1, "unknown": 1}, False),
        (("w2",), {"update": 1}, False),
        (("w3",), {}, False),
        (("w4",), {}, False),
    ]
    assert entries.columns(rows) == ["update", "unknown"]


def test_hosts_with_the_same_numbers_share_a_row(ended: Callable[..., StepEnded]) -> None:
    plan = PlanData.of([ended(host) for host in ("w1", "w2", "w3")] + [ended("w3", "Two")])
    rows = entries.merged(entries.by_host(plan))
    assert [row.names for row in rows] == [("w1", "w2"), ("w3",)]


def test_own_tasks_of_a_play_have_its_name(ended: Callable[..., StepEnded]) -> None:
    assert entries.by_role(PlanData.of([ended("w1"), ended("w2")])) == [
        (("Prepare",), {"update": 2}, True)
    ]


def test_the_same_cause_on_the_own_host_is_one_entry(ended: Callable[..., StepEnded]) -> None:
    steps = [
        ended(host, action="unknown", causes=[f"`out` of Join on {host}"]) for host in ("w1", "w2")
    ]
    (entry,) = entries.grouped(PlanData.of(steps))
    assert entry.hosts == ["w1", "w2"]
    assert entry.causes == ["`out` of Join on the same host"]
    (alone,) = entries.grouped(PlanData.of(steps[:1]))
    assert alone.causes == ["`out` of Join on w1"]
    assert list(entries.by_cause([entry])) == entry.causes


def test_ids_are_those_of_the_same_change_in_another_plan(
    ended: Callable[..., StepEnded],
) -> None:
    first, second = (
        entries.grouped(PlanData.of(steps))[-1].id
        for steps in ([ended("w1")], [ended("w1", "Before"), ended("w2"), ended("w1")])
    )
    assert first == second
    assert first.startswith("e-")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.44, "0.4 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (125, "2 min 5 s"),
     (3600, "1 h"), (3790, "1 h 3 min")],
)  # fmt: skip
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    assert entries.spoken(seconds) == said
