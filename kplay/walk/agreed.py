"""A run of a plan file: what was agreed on for each step, and what turns out otherwise.

Hosts compare a step before they apply it (``kplay.agent.agreed``); what never reaches a host, such
as a step that is skipped, is judged here, when its outcome is committed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import stops
from kplay.modules import catalog
from kplay.walk.dispatch import FOREIGN, planned_only, step_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kplay.actions.api import Call
    from kplay.walk.bind import Bound, Item
    from kplay.walk.events import Place, StepEnded
    from kplay.walk.outcome import Outcome
    from kplay.walk.world import World

SETTLED = "the plan could not tell"
ACCEPTED = "not as planned, and accepted"
LEFT = "planned, and nothing is left to do"


@dataclass(slots=True)
class Drift:
    """One step, or one turn of a loop, that is not as planned."""

    index: int | None
    """Of the turn; None where it is about the task as a whole."""
    planned: str
    found: str
    differ: list[tuple[str, str]] = field(default_factory=list)
    """``before`` or ``after``, and a field; the field is empty where what differs is hidden."""
    before: dict[str, Any] = field(default_factory=dict)
    """Fields as they were found, and as they would be."""
    after: dict[str, Any] = field(default_factory=dict)
    diff: list[dict[str, str]] = field(default_factory=list)
    call: str = ""
    """The id under which the plan has the step's call."""
    behind: str = ""
    """A step before it, on the same host, that no plan can look into."""


@dataclass(eq=False)
class Agreed:
    """What a plan file says of each step.

    Args:
        key: the salt of its digests, base64.
        calls: by id of a call, what was observed and wanted (``kplay.agent.agreed.compare``).
        changes: by id of a step, the changes that it lists.
        open: ids of steps of which it could not tell what they would do.
        name: gives the id that a plan file has for a step of this run.
        accept: whether the run goes on with what is found.
        begun: ids of calls that began in a run that broke.
        made: steps that changed something before the run broke, by their ids in it.
    """

    key: str
    calls: Mapping[str, dict[str, Any]]
    changes: Mapping[str, StepEnded]
    open: frozenset[str]
    name: Callable[[str], str]
    accept: bool = False
    begun: frozenset[str] = frozenset()
    made: Mapping[str, StepEnded] = field(default_factory=dict)
    drifted: bool = False
    """Whether the run stops for a drift."""
    _came_up: set[str] = field(default_factory=set)
    _touched: dict[str, str] = field(default_factory=dict)
    """By host, the last step that no plan can look into, which may do the work of later ones."""
    _behind: dict[str, str] = field(default_factory=dict)
    """By call, such a step that it came behind."""

    # -- before a step is applied -------------------------------------------------------------

    def frame(self, bound: Bound, item: Item, number: int, world: World) -> dict[str, Any] | None:
        """What a host is to compare before it applies a call; None where it may do anything."""
        call = item.calls[number]
        if planned_only(item, world) or item.settings.check_mode is False or _only_reads(call):
            return None
        step = step_id(bound, item, number)
        call_id = self.name(step.partition("~")[0])
        agreed = self.calls.get(call_id, {"action": "none"})
        if agreed["action"] == "unknown" or self._is_open(bound, item):
            self._touched[bound.target] = bound.name
            return None
        begun = step in self.begun or item.attempt > 1 or bool(world.records.get(step))
        settled = bound.target in self._touched
        self._behind[call_id] = self._touched.get(bound.target, "")
        if agreed["action"] == "run" or call.module in FOREIGN or _brings_packages(call):
            self._touched[bound.target] = bound.name
        return {
            **agreed,
            "key": self.key,
            "begun": begun,
            "settled": settled,
            "accept": self.accept,
        }

    def look_ahead(self, bound: Bound, item: Item, raw: dict[str, Any]) -> None:
        """Judge a call whose result writes a file of the controller, before that is written."""
        call = item.calls[len(item.results)]
        if call.finish is None or raw.get("failed") or self._is_open(bound, item):
            return
        fields = {"failed": False, "changed": False, **(raw.get("fields") or {})}
        said = call.finish(fields, True)
        planned = self.changes.get(self._turn(bound, item))
        if bool(said.get("changed")) and planned is None and not self.accept:
            found = {"action": str(said.get("action", "update")), "before": {}, "after": {}}
            raw |= {"failed": True, "drift": {**found, "differ": [], "stops": True}}

    # -- when it is over ----------------------------------------------------------------------

    def judge(self, bound: Bound, parts: list[Outcome]) -> list[Drift]:
        """How a task on a host turned out otherwise than planned; notes what is worth saying."""
        found = []
        for item, part in zip(bound.items, parts, strict=True):
            turn = self._turn(bound, item)
            self._came_up.add(turn)
            if self._is_open(bound, item):
                if part.changed:
                    part.planned = SETTLED
                continue
            drifts = list(self._differences(bound, item))
            planned = self.changes.get(turn)
            alone = not item.calls or bool(item.skip)
            due = planned is not None and not part.changed and not self._is_made(bound, item.index)
            if not drifts and planned is not None and alone and due:
                drifts = [Drift(item.index, _words(planned.action), _why_not(item))]
            for number, raw in enumerate(item.results):
                left = raw.get("drift") and not stops(raw) and not self.accept
                if left and number + 1 == len(item.results):
                    part.planned = LEFT
            if drifts and self.accept:
                part.planned = ACCEPTED
            found += drifts
        if self.accept or not found:
            found += self._missing_turns(bound)
        if found and not self.accept:
            self.drifted = True
        return found

    def _missing_turns(self, bound: Bound) -> Iterable[Drift]:
        """Turns that were planned, and that the loop does not have now."""
        task = self.name(f"{bound.vertex.key}@{bound.host}")
        self._came_up.add(task)
        if not bound.looped or task in self.open or bound.stepwise:
            # Whether `break_when` ends a loop is known by its turns' results
            return
        last = len(bound.items)
        while (planned := self.changes.get(f"{task}#{last}")) is not None:
            self._came_up.add(f"{task}#{last}")
            why = f"no turn of the loop for {planned.place.item}"
            if not self._is_made(bound, last):
                yield Drift(None, _words(planned.action), why)
            last += 1

    def _differences(self, bound: Bound, item: Item) -> Iterable[Drift]:
        for number, raw in enumerate(item.results):
            drift = raw.get("drift")
            if drift is None or not (stops(raw) or self.accept):
                continue
            call = self.name(step_id(bound, item, number).partition("~")[0])
            agreed = self.calls.get(call, {"action": "none"})
            planned = "a failure" if agreed.get("failed") else _words(str(agreed["action"]))
            hidden = item.settings.no_log or bool(agreed.get("hidden"))
            yield Drift(
                item.index,
                planned,
                _found(drift),
                [(str(side), str(name)) for side, name in drift["differ"]],
                {} if hidden else drift["before"],
                {} if hidden else drift["after"],
                [] if hidden else drift.get("diff", []),
                call,
                self._behind.get(call, ""),
            )

    def left_over(self, lost: Iterable[str]) -> list[StepEnded]:
        """Changes that were planned on hosts that are not lost, and never came up."""
        gone = set(lost)
        # By their places: an include that is not expanded now has given no ids
        made = {_told_at(one.place) for one in self.made.values()}
        return [
            step
            for turn, step in self.changes.items()
            if turn not in self._came_up
            and _told_at(step.place) not in made
            and turn not in self.open
            and not step.conditional
            and step.place.host not in gone
            and turn.partition("#")[0] not in self._came_up
        ]

    def unsure(self, host: str) -> bool:
        """Whether the plan could not tell everything of a host."""
        return any(one.partition("#")[0].endswith(f"@{host}") for one in self.open)

    def _turn(self, bound: Bound, item: Item) -> str:
        task = self.name(f"{bound.vertex.key}@{bound.host}")
        return f"{task}#{item.index}" if bound.looped else task

    def _is_made(self, bound: Bound, index: int) -> bool:
        """Whether a turn did what was planned before the run broke that is resumed."""
        step = f"{bound.vertex.key}@{bound.host}"
        return (f"{step}#{index}" if bound.looped else step) in self.made

    def _is_open(self, bound: Bound, item: Item) -> bool:
        """Whether the plan could not tell of a turn, of its task, or of an include around it."""
        turn = self._turn(bound, item)
        task = turn.partition("#")[0]
        if turn in self.open or task in self.open:
            return True
        parts = task.partition("@")[0].split(".")
        above = (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
        return any(f"{key}@{bound.host}" in self.open for key in above)


def _told_at(place: Place) -> tuple[str, ...]:
    """What of a step's place is the same in a plan file and in a run."""
    file = place.file.rpartition("/")[2]
    return place.host, place.play, place.task, place.item, file, str(place.line)


LONGEST = 200
"""Characters of a value that a drift report or a plan file shows beside its digest."""


def shown(value: Any) -> str | None:
    """A field's value for a reader; None where it is too long, which its diff shows."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= LONGEST and "\n" not in text else None


def rows(drift: Drift, values: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """What differs, field by field: what was planned and what was found, where it may be shown."""
    sides = ("before", "after")
    found = {"before": drift.before, "after": drift.after}
    told = {
        side: {name: text for name, one in found[side].items() if (text := shown(one)) is not None}
        for side in sides
    }
    named = [name for _, name in drift.differ] or [
        name for side in sides for name in values.get(side, {})
    ]
    made = []
    for name in dict.fromkeys(named):
        row = {"field": name}
        for word, table in (("planned", values), ("found", told)):
            if any(name in table.get(side, {}) for side in sides):
                texts = [table.get(side, {}).get(name) for side in sides]
                row[word] = " -> ".join("…" if text is None else text for text in texts)
        made.append(row)
    return made


def _only_reads(call: Call) -> bool:
    module = catalog.find(call.module)
    return module is not None and module.kind in ("read", "wait")


def _brings_packages(call: Call) -> bool:
    """Whether a call installs what a plan cannot look into."""
    module = catalog.find(call.module)
    return module is not None and "packages" in module.fields


def _words(action: str) -> str:
    return "no change" if action == "none" else action


def _why_not(item: Item) -> str:
    if item.skip:
        return f"skipped: `{item.false_condition}` is false" if item.false_condition else "skipped"
    return "no change"


def _found(drift: Mapping[str, Any]) -> str:
    said = str(drift.get("msg") or "").strip().partition("\n")[0]
    if drift.get("failed"):
        return f"a failure: {said}"
    if drift["action"] == "unknown":
        return f"not to be told before it is run: {said}" if said else "not to be told"
    return _words(str(drift["action"]))
