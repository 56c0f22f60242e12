"""What a plan from files alone says of every case, against what ansible-core did in it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from oracle.cases import Case, cases, prepare_place

from kplay.cli.options import run_options
from kplay.cli.parser import parser
from kplay.errors import KplayError
from kplay.plan.offline import forecast
from kplay.plan.offline.alike import Alike
from kplay.plan.offline.outlook import Outlook
from kplay.plan.offline.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kplay.graph.model import Vertex
    from kplay.playbook.model import Task

Looks = dict[tuple[str, str], list[Outlook]]


def looks_of(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """By host and task: the outlook of each vertex of that name, but for tasks that gather."""
    place = folder / "place"
    if not place.exists():
        prepare_place(place)
    found: Looks = {}
    before = Steps._one_look

    def note(self: Any, vertex: Vertex, task: Task, look: Outlook, hosts: list[str]) -> None:
        for host in hosts if task.module != "setup" else ():
            found.setdefault((host, vertex.name), []).append(look)
        before(self, vertex, task, look, hosts)

    monkeypatch.setattr(Steps, "_one_look", note)
    given = ["plan", *case.command_line(place)]
    forecast(run_options(parser().parse_args(given), check=True))
    return found


NOT_FORESEEN = {
    "refresh_inventory": "what a refresh of the inventory will name",
    "handler_names": "the name of a handler that is a template is shown as written",
}
"""Cases with steps that a forecast leaves out, and why."""
NOT_TAKEN = {
    "asserts": "a `debug` below its verbosity is skipped by itself",
    "unarchive_of_the_playbook": "`creates` is looked at on the host",
    "check_mode_of_tasks": "a command in check mode is skipped by itself",
}
"""Cases with steps that are certain and were skipped, and why."""


@pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
def test_against_what_was_done(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recorded = json.loads(case.record.read_text())["runs"][0]
    monkeypatch.chdir(tmp_path)
    try:
        found = looks_of(case, tmp_path, monkeypatch)
    except KplayError:
        assert recorded["exit"] != 0
        return
    rows = {host: list(taken(listed)) for host, listed in recorded["hosts"].items()}
    left_out = [
        (host, task)
        for host, done in rows.items()
        for task, times in Counter(done).items()
        if sum(look.comes_to_it or bool(look.fault) for look in found.get((host, task), ())) < times
    ]
    assert bool(left_out) == (case.name in NOT_FORESEEN), left_out
    if recorded["exit"] != 0 or any(one["status"] == "failed" for one in all_rows(recorded)):
        return
    invented = [
        (host, task)
        for (host, task), looks in found.items()
        if host in rows and sum(bool(look.turns) for look in looks) > rows[host].count(task)
    ]
    assert bool(invented) == (case.name in NOT_TAKEN), invented


def all_rows(recorded: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (row for listed in recorded["hosts"].values() for row in listed)


def taken(rows: list[dict[str, Any]]) -> Iterator[str]:
    return (row["task"] for row in rows if row["status"] != "skipped")


@pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
def test_hosts_asked_together_answer_as_each_alone(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    try:
        together = looks_of(case, tmp_path, monkeypatch)
    except KplayError:
        return
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)

    def apart(self: Alike, hosts: list[str], names: frozenset[str]) -> list[list[str]]:
        return [[host] for host in hosts]

    monkeypatch.setattr(Alike, "_parts", apart)
    assert looks_of(case, tmp_path, monkeypatch) == together
