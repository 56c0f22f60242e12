"""Runs a case with kplay and puts what came of it into the form of a recording."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from kplay.cli.options import run_options
from kplay.cli.parser import parser
from kplay.errors import ExitCode, KplayError
from kplay.pipeline import execute
from kplay.walk.events import RunEnded, StepEnded
from oracle import rows
from oracle.cases import Case, end_state, prepare_place

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.walk.events import Event

_STATUS = {"rescued": "failed", "planned": "changed"}
_ITEM_STATUS = {"rescued": "failed", "ignored": "failed", "planned": "changed"}
_RECAP = {"failures": "failed", "unreachable": "unreachable", "rescued": "rescued",
          "ignored": "ignored"}  # fmt: skip


def replay(case: Case, folder: Path) -> dict[str, Any]:
    """What a recording holds, of kplay's runs of the case in a folder of its own."""
    place = folder.resolve() / "place"
    prepare_place(place)
    runs = [_run(case, place, folder.resolve()) for _ in range(case.runs)]
    names = {"$PLACE": place, "$CASE": case.folder}
    return {
        "runs": rows.plain(runs, names),
        "files": rows.plain(end_state(place), names),
    }


def _run(case: Case, place: Path, folder: Path) -> dict[str, Any]:
    runs = ["--runs-directory", str(folder / "runs")]
    chosen = parser().parse_args(["run", *runs, *case.command_line(place)])
    seen: list[Event] = []
    try:
        with patch.dict(os.environ, {"ANSIBLE_SHOW_CUSTOM_STATS": "1"}):
            code = int(execute(run_options(chosen), seen.append))
    except KplayError as error:
        code = int(error.exit_code)
        print(error)  # noqa: T201 - pytest shows it where the comparison fails
    hosts: dict[str, list[dict[str, Any]]] = {}
    items: dict[tuple[str, str], list[dict[str, Any]]] = {}
    recap: dict[str, dict[str, int]] = {}
    custom: dict[str, dict[str, Any]] = {}
    for event in seen:
        if isinstance(event, RunEnded):
            custom = event.custom
            recap = {
                host: {name: counts[ours] for name, ours in _RECAP.items()}
                for host, counts in event.counts.items()
            }
        elif isinstance(event, StepEnded):
            _take(event, hosts, items)
    failed = int(ExitCode.STEP_FAILED)
    code = failed if code == ExitCode.BAD_INPUT and hosts else code
    return {"exit": code, "hosts": hosts, "recap": recap, "custom": custom}


def _take(
    event: StepEnded,
    hosts: dict[str, list[dict[str, Any]]],
    items: dict[tuple[str, str], list[dict[str, Any]]],
) -> None:
    place = event.place
    if place.module in ("meta", "include_tasks", "include_role", "setup"):
        return
    step, turn, _ = place.step.partition("#")
    if turn:
        status = _ITEM_STATUS.get(event.status, event.status)
        values = rows.fields(place.module, status, event.result)
        items.setdefault((place.host, step), []).append({"status": status, "fields": values})
        return
    status = _STATUS.get(event.status, event.status)
    values = {} if event.loop else rows.fields(place.module, status, event.result)
    entry = rows.row(place.task, status, values)
    entry["items"] = items.pop((place.host, step), [])
    hosts.setdefault(place.host, []).append(entry)
