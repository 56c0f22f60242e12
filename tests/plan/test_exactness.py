"""The comparison of plans with runs, and the table of what is compared."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from courses import HERE, ROOT, SHIPPED, courses
from exactness import Allowed, Table, allowed, compare

NOBODY: list[Allowed] = []


def place(step: str, task: str = "task", role: str = "") -> dict[str, Any]:
    return {"step": step, "host": "h", "task": task, "module": "m", "play": "p", "role": role,
            "file": "/x/play.yml", "line": 3}  # fmt: skip


def planned(step: str, action: str, **other: Any) -> dict[str, Any]:
    entry = {"place": place(step), "action": action, "status": "planned"}
    return {**entry, "causes": ["why"], **other}


def ended(step: str, status: str, action: str = "none", **other: Any) -> dict[str, Any]:
    event = {"event": "StepEnded", "place": place(step), "status": status, "action": action}
    return {**event, **other}


CASES = [
    ("as planned", [planned("0.1@h", "create")], [ended("0.1@h", "changed", "create")], "exact"),
    ("nothing, as planned", [], [ended("0.1@h", "ok")], "exact"),
    ("skipped, as planned", [], [ended("0.1@h", "skipped")], "exact"),
    ("changed unplanned", [], [ended("0.1@h", "changed", "update")], "wrong"),
    ("planned in vain", [planned("0.1@h", "update")], [ended("0.1@h", "ok")], "wrong"),
    ("planned and not run", [planned("0.1@h", "update")], [], "wrong"),
    (
        "another action",
        [planned("0.1@h", "create")],
        [ended("0.1@h", "changed", "update")],
        "wrong",
    ),
    ("failed", [planned("0.1@h", "create")], [ended("0.1@h", "failed")], "wrong"),
    ("unknown", [planned("0.1@h", "unknown")], [ended("0.1@h", "changed", "run")], "missed"),
    ("unknown and nothing", [planned("0.1@h", "unknown")], [ended("0.1@h", "ok")], "missed"),
    (
        "may create",
        [planned("0.1@h", "create", conditional=True)],
        [ended("0.1@h", "changed", "create")],
        "missed",
    ),
    (
        "a turn of an unknown loop",
        [planned("0.1@h", "unknown")],
        [ended("0.1@h#0", "changed", "run")],
        "missed",
    ),
    (
        "a step of an unknown include",
        [planned("0.1@h", "unknown")],
        [ended("0.1.0.2@h", "changed", "run")],
        "missed",
    ),
    (
        "a step of an include that was planned",
        [planned("0.1@h", "create")],
        [ended("0.1@h", "changed", "create"), ended("0.1.0@h", "changed", "create")],
        "wrong",
    ),
]


@pytest.mark.parametrize(("plan", "run", "kind"), [one[1:] for one in CASES],
                         ids=[one[0] for one in CASES])  # fmt: skip
def test_a_step_is(plan: list[Any], run: list[Any], kind: str) -> None:
    table = compare(plan, run, NOBODY)
    assert table.rows[-1].kind == kind
    assert (table.faults() != []) == (kind == "wrong" or bool(table.off() and table.changed))


def test_a_loop_counts_by_its_turns() -> None:
    plan = [planned("0.1@h#0", "create"), planned("0.1@h#1", "create")]
    run = [
        ended("0.1@h#0", "changed", "create"),
        ended("0.1@h#1", "changed", "create"),
        ended("0.1@h", "changed", "create", loop=True),
    ]
    table = compare(plan, run, NOBODY)
    assert [row.kind for row in table.rows] == ["exact", "exact"]


def test_another_diff_is_told_but_not_wrong() -> None:
    plan = [planned("0.1@h", "update", diff=[{"path": "/f", "after": "x"}])]
    run = [ended("0.1@h", "changed", "update", diff=[{"path": "/f", "after": "y"}])]
    table = compare(plan, run, NOBODY)
    assert [(row.kind, row.differs) for row in table.rows] == [("exact", True)]
    assert "diff differs" in str(table.off()[0])
    assert table.faults() == []


def test_the_reviewed_list_allows_a_task_of_its_role_or_playbook() -> None:
    plan = [planned("0.1@h", "unknown")]
    run = [ended("0.1@h", "changed", "run")]
    for known, kind in (
        ([Allowed("task", "play.yml", "why")], "allowed"),
        ([Allowed("ta*", "play.yml", "why")], "allowed"),
        ([Allowed("task", "role", "why")], "missed"),
    ):
        assert compare(plan, run, known).rows[0].kind == kind
    of_role = {**plan[0], "place": place("0.1@h", "part : task", "part")}
    table = compare([of_role], run, [Allowed("task", "part", "why")])
    assert table.rows[0].kind == "allowed"


def test_one_missed_of_a_hundred_changes_is_borne_and_two_are_not() -> None:
    steps = [f"0.{number}@h" for number in range(100)]
    run = [ended(step, "changed", "create") for step in steps]

    def faults(missed: int) -> list[str]:
        open_ones = [planned(step, "unknown") for step in steps[:missed]]
        sure = [planned(step, "create") for step in steps[missed:]]
        return compare([*open_ones, *sure], run, NOBODY).faults()

    assert faults(1) == []
    assert faults(2) == ["98 of 100 changes were planned with their action"]
    assert Table().faults() == []


def test_every_playbook_is_planned_and_applied() -> None:
    run = {one.playbook for course in courses() for one in course.runs}
    assert set(SHIPPED.glob("*.yml")) <= run
    assert set((HERE / "playbooks").glob("*.yml")) <= run
    for course in courses():
        assert course.lab.is_file()


def test_every_reviewed_entry_names_a_task_and_a_reason() -> None:
    texts = [path.read_text() for path in (ROOT / "playbooks").rglob("*.yml")]
    texts += [path.read_text() for path in (HERE / "playbooks").rglob("*.yml")]
    names = {task for text in texts for task in _names(yaml.safe_load(text))}
    for one in allowed():
        assert one.task in names, one
        assert len(one.reason.split()) > 3, one


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["name"]} if isinstance(value.get("name"), str) else set()
        return own.union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()
