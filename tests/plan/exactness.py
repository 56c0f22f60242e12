"""What a plan said of each step, beside what the run's journal says of it."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kplay.agent.diffs import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Entry = dict[str, Any]

UNKNOWN_FILE = Path(__file__).with_name("unknown.yml")

LEAST_PLANNED = 0.99
"""Part of the steps that changed something which must be planned with that action."""
MOST_FALSE = 0.01
"""Part of the steps that changed nothing of which a change may be planned."""

KINDS = ("exact", "allowed", "missed", "wrong")


@dataclass(frozen=True)
class Allowed:
    """An entry of the reviewed list: a task that only the run can tell of, and why."""

    task: str
    """Name of the task; may be a pattern."""
    where: str
    """Role, or playbook's file name, that it belongs to."""
    reason: str

    def covers(self, place: Entry) -> bool:
        own = place["role"] or Path(place["file"]).name
        name = place["task"].removeprefix(f"{place['role']} : ")
        return own == self.where and fnmatch.fnmatchcase(name, self.task)


@dataclass(frozen=True)
class Row:
    """One step: a task on a host, or one turn of its loop."""

    kind: str
    """exact, allowed or missed (both unknown in the plan), or wrong."""
    place: Entry
    planned: str
    """The action that was planned; ``none`` for no change, ``unknown`` where it cannot tell."""
    applied: str
    """The action that was done; ``none`` for no change, else how it ended."""
    differs: bool = False
    """The action is the same, what it changes is not."""
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.place
        item = f" [{place['item']}]" if place["item"] else ""
        why = f" because {'; '.join(self.causes)}" if self.causes else ""
        kind = "diff differs" if self.differs else self.kind
        return (
            f"{kind}: {place['task']}{item} on {place['host']}: planned {self.planned}, "
            f"applied {self.applied}{why}  {Path(place['file']).name}:{place['line']}"
        )


@dataclass
class Table:
    """The rows of one plan and its run."""

    rows: list[Row] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(row.kind == kind for row in self.rows)

    @property
    def changed(self) -> list[Row]:
        return [row for row in self.rows if row.applied != "none"]

    @property
    def differing(self) -> list[Row]:
        return [row for row in self.rows if row.differs]

    def off(self) -> list[Row]:
        """Rows that are worth a line: wrong, missed, or with another diff."""
        return [row for row in self.rows if row.kind in ("missed", "wrong") or row.differs]

    def faults(self) -> list[str]:
        """What is not as it must be; empty when all is."""
        said = [str(row) for row in self.rows if row.kind == "wrong"]
        changed = self.changed
        planned = [row for row in changed if row.kind in ("exact", "allowed")]
        if changed and len(planned) / len(changed) < LEAST_PLANNED:
            said.append(f"{len(planned)} of {len(changed)} changes were planned with their action")
        still = [row for row in self.rows if row.applied == "none"]
        false = [row for row in still if row.planned not in ("none", "unknown")]
        if still and len(false) / len(still) > MOST_FALSE:
            said.append(f"{len(false)} changes were planned of {len(still)} steps without one")
        return said


def allowed(path: Path = UNKNOWN_FILE) -> list[Allowed]:
    """The reviewed list of steps that a plan may call unknown."""
    return [Allowed(**one) for one in yaml.safe_load(path.read_text(encoding="utf-8")) or ()]


def compare(planned: Iterable[Entry], journal: Iterable[Entry], known: list[Allowed]) -> Table:
    """Join a plan's changes (of ``--format json``) with the events of the run after it."""
    entries = {entry["place"]["step"]: entry for entry in planned}
    ended = [event for event in journal if event["event"] == "StepEnded"]
    turns = {_task(event["place"]["step"]) for event in ended if _is_turn(event["place"]["step"])}
    met: set[str] = set()
    table = Table()
    for event in ended:
        step = event["place"]["step"]
        if event["loop"] and step in turns:
            continue
        entry = next((entries[one] for one in _above(step) if one in entries), None)
        if entry is not None:
            met.add(entry["place"]["step"])
        inherited = entry is not None and entry["place"]["step"] != step
        if inherited and entry is not None and not _open(entry):
            entry = None
        table.rows.append(_row(entry, event, known))
    table.rows += [
        _row(entry, {"place": entry["place"], "status": "not run", "action": "none"}, known)
        for step, entry in entries.items()
        if step not in met
    ]
    return table


def _row(entry: Entry | None, event: Entry, known: list[Allowed]) -> Row:
    place, applied = event["place"], _applied(event)
    if entry is None:
        return Row("exact" if applied == "none" else "wrong", place, "none", applied)
    if _open(entry):
        places = (place, entry["place"])
        listed = any(one.covers(where) for one in known for where in places)
        kind, causes = "allowed" if listed else "missed", tuple(entry["causes"])
        return Row(kind, place, "unknown", applied, causes=causes)
    planned = entry["action"]
    if planned != applied:
        return Row("wrong", place, planned, applied)
    differs = "diff" in event and not _same(entry["diff"], event["diff"])
    return Row("exact", place, planned, applied, differs=differs)


def _same(planned: list[Entry], applied: list[Entry]) -> bool:
    """Whether diffs are equal, but for what the plan says that only the run can tell."""
    if OPEN in str(planned):
        return [one.get("path") for one in planned] == [one.get("path") for one in applied]
    return planned == applied


def _open(entry: Entry) -> bool:
    return bool(entry["conditional"]) or entry["action"] == "unknown"


def _applied(event: Entry) -> str:
    if event["status"] == "changed":
        return str(event["action"])
    if event["status"] in ("failed", "unreachable"):
        return str(event["status"])
    return "none"


def _is_turn(step: str) -> bool:
    return "#" in step


def _task(step: str) -> str:
    return step.partition("#")[0]


def _above(step: str) -> Iterator[str]:
    """The step, its task when it is a turn, and the includes that brought it."""
    yield step
    key, _, host = _task(step).partition("@")
    while key:
        yield f"{key}@{host}"
        key = key.rpartition(".")[0]
