"""A plan as readers take it in: equal changes in one entry, and what each host and role gets."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from kplay.plan.model import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.plan.model import PlanData
    from kplay.walk.events import StepEnded


class Entry(NamedTuple):
    """One change, and the hosts that it comes to."""

    step: StepEnded
    hosts: list[str]
    id: str
    """The same for the same change in another plan."""
    causes: list[str]
    """Why it is unknown; a step of its own host is said to be on the same host."""

    @property
    def symbol(self) -> str:
        """How its line begins."""
        return "?" if self.step.conditional else SYMBOLS.get(self.step.action, "?")

    @property
    def notes(self) -> list[str]:
        """What its module warns of."""
        return _notes(self.step)

    @property
    def action(self) -> str:
        """What it counts as."""
        return counted(self.step)

    @property
    def perhaps(self) -> str:
        """What it may do, where its condition is unknown."""
        if not self.step.conditional:
            return ""
        action = self.step.action
        return "may run" if action in ("unknown", "") else f"may {action}"


class Row(NamedTuple):
    """How many changes of each action come to these hosts, or are of this role."""

    names: tuple[str, ...]
    """Hosts, or one role or play."""
    counts: Mapping[str, int]
    """By action, in the order of SYMBOLS; only what there is."""
    own: bool = False
    """True for the own tasks of a play, which then stands in ``names``."""


def counted(step: StepEnded) -> str:
    """The action under which a summary counts a step."""
    return "unknown" if step.conditional else step.action


def grouped(plan: PlanData) -> list[Entry]:
    """Equal changes together, in the order in which the first of each was planned."""
    found: dict[str, Entry] = {}
    for step in plan.changes:
        place = step.place
        causes = _causes(step)
        key = json.dumps(
            [
                place.play, place.role, place.task, place.item, place.file, place.line,
                step.action, step.conditional, step.diff, causes, _notes(step),
            ],
            sort_keys=True,
            default=str,
        )  # fmt: skip
        if key not in found:
            digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
            found[key] = Entry(step, [], f"e-{digest[:12]}", causes)
        found[key].hosts.append(place.host)
    return [
        one if len(one.hosts) > 1 else one._replace(causes=one.step.causes)
        for one in found.values()
    ]


def _notes(step: StepEnded) -> list[str]:
    found = step.result.get("warnings")
    return [str(one) for one in found] if isinstance(found, list) else []


def _causes(step: StepEnded) -> list[str]:
    own = f" on {step.place.host}"
    return [
        f"{cause.removesuffix(own)} on the same host" if cause.endswith(own) else cause
        for cause in step.causes
    ]


def by_host(plan: PlanData) -> list[Row]:
    """A row for every host that was planned, or is lost."""
    steps: dict[str, list[StepEnded]] = {}
    for name in dict.fromkeys([*plan.hosts, *(lost.host for lost in plan.lost)]):
        steps[name] = []
    for step in plan.changes:
        steps.setdefault(step.place.host, []).append(step)
    return [Row((name,), _counts(own)) for name, own in steps.items()]


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows with the same numbers in one."""
    found: dict[tuple[tuple[str, int], ...], Row] = {}
    for row in rows:
        key = tuple(row.counts.items())
        before = found.get(key)
        found[key] = row if before is None else row._replace(names=before.names + row.names)
    return list(found.values())


def by_role(plan: PlanData) -> list[Row]:
    """A row for every role that changes something, and for each play with tasks of its own."""
    steps: dict[tuple[bool, str], list[StepEnded]] = {}
    for step in plan.changes:
        place = step.place
        key = (not place.role, place.role or place.play)
        steps.setdefault(key, []).append(step)
    return [Row((name,), _counts(of), own) for (own, name), of in steps.items()]


def columns(rows: Iterable[Row]) -> list[str]:
    """The actions that occur, in the order of SYMBOLS."""
    found = {action for row in rows for action in row.counts}
    return [action for action in SYMBOLS if action in found]


def by_cause(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """What is unknown by why it is; those without a cause under an empty text."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.action == "unknown":
            for cause in entry.causes or [""]:
                found.setdefault(cause, []).append(entry)
    return found


def spoken(seconds: float) -> str:
    """A duration as people say it: ``0.4 s``, ``24 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _counts(steps: Iterable[StepEnded]) -> dict[str, int]:
    found = dict.fromkeys(SYMBOLS, 0)
    for step in steps:
        found[counted(step)] += 1
    return {action: number for action, number in found.items() if number}
