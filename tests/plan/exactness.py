"""What a plan said of each step, beside what the run's journal says of it.

The rule is kplay's own (kplay/rehearsal/joined.py). Measured plans are held to more: what a plan
leaves open must be on a reviewed list, a step that breaks or is not come to is wrong, and diffs are
compared.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kplay.agent.diffs import OPEN
from kplay.rehearsal.joined import Joined, join
from kplay.walk.events import Place, StepEnded

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def covers(self, place: Place) -> bool:
        own = place.role or Path(place.file).name
        name = place.task.removeprefix(f"{place.role} : ")
        return own == self.where and fnmatch.fnmatchcase(name, self.task)


@dataclass(frozen=True)
class Row:
    """One step: a task on a host, or one turn of its loop."""

    kind: str
    """exact, allowed or missed (both unknown in the plan), or wrong."""
    place: Place
    planned: str
    """The action that was planned; ``none`` for no change, ``unknown`` where it cannot tell."""
    applied: str
    """The action that was done; ``none`` for no change, else how it ended."""
    differs: bool = False
    """The action is the same, what it changes is not."""
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.place
        item = f" [{place.item}]" if place.item else ""
        why = f" because {'; '.join(self.causes)}" if self.causes else ""
        kind = "diff differs" if self.differs else self.kind
        return (
            f"{kind}: {place.task}{item} on {place.host}: planned {self.planned}, "
            f"applied {self.applied}{why}  {Path(place.file).name}:{place.line}"
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
    ended = [_step(event) for event in journal if event["event"] == "StepEnded"]
    return Table([_row(one, known) for one in join(map(_step, planned), ended)])


def _step(entry: Entry) -> StepEnded:
    known = {key: entry[key] for key in StepEnded.__dataclass_fields__ if key in entry}
    return StepEnded(**{"time": 0.0, "result": {}, **known, "place": Place(**entry["place"])})


def _row(one: Joined, known: list[Allowed]) -> Row:
    kind, causes = "wrong", ()
    if one.verdict == "exact":
        kind = "exact"
    elif one.verdict == "open" and one.planned is not None:
        places = (one.place, one.planned.place)
        kind = "allowed" if any(each.covers(at) for each in known for at in places) else "missed"
        causes = tuple(one.planned.causes)
    differs = kind == "exact" and not _same(one)
    return Row(kind, one.place, one.foretold, one.done, differs, causes)


def _same(one: Joined) -> bool:
    """Whether diffs are equal, but for what the plan says that only the run can tell."""
    if one.planned is None or one.ended is None:
        return True
    planned, applied = one.planned.diff, one.ended.diff
    if OPEN in str(planned):
        return [each.get("path") for each in planned] == [each.get("path") for each in applied]
    return planned == applied
