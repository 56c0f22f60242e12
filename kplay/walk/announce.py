"""What the walk's listeners are told: steps that start, say something and end, and connections."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kplay.agent.session import held_by
from kplay.resolve.unknown import PartialResult, Unknown
from kplay.walk import events
from kplay.walk.agreed import rows
from kplay.walk.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.walk.agreed import Drift
    from kplay.walk.bind import Bound, Item
    from kplay.walk.hostrun import Running
    from kplay.walk.walker import Walker

INTERRUPTED = "the run was interrupted while it waited"
CENSORED = "the result is hidden because `no_log: true` was given"


class Announcer:
    """Makes the events of a walk, and counts how steps ended."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self._told: set[str] = set()
        """Tasks on hosts that have ended."""
        self.begun: set[str] = set()
        """Calls whose changes have begun on their hosts."""

    def place(self, bound: Bound) -> events.Place:
        """Where a task stands, for its events."""
        span, vertex = bound.vertex.span, bound.vertex
        role = bound.task.role.name if bound.task.role is not None else ""
        return events.Place(
            step=f"{vertex.key}@{bound.host}",
            host=bound.host,
            task=bound.name,
            module=bound.task.called,
            play=vertex.play.name,
            role=role,
            file=span.file,
            line=span.line,
            delegate=_elsewhere(bound, bound.agent),
        )

    def item_place(self, running: Running, index: int, step: str) -> events.Place:
        """The place of one call of one turn."""
        item = running.bound.items[index]
        there = _elsewhere(running.bound, item.agent)
        return replace(running.place, step=step, item=item.label, delegate=there)

    def ended(self, running: Running, outcome: Outcome, item: Item | None) -> None:
        """A task is over on its host, or one turn of its loop."""
        bound, place = running.bound, running.place
        if item is not None:
            there = _elsewhere(bound, item.agent)
            place = replace(
                place, step=f"{place.step}#{item.index}", item=item.label, delegate=there
            )
        result = known(outcome.result)
        diff = outcome.diff
        if any(one.settings.no_log for one in bound.items):
            shown = {key: result[key] for key in result if key in ("changed", "failed")}
            result, diff = {**shown, "censored": CENSORED}, []
        for word in _warnings(result) if item is not None or not bound.looped else ():
            self.walker.emit(events.Warned(time.time(), f"{bound.host}: {bound.name}: {word}"))
        before = self._before(place, outcome)
        # What is done on the controller alone is done anew, lest its values be missing
        again = bound.local and place.step in self.walker.world.before
        outcome.earlier |= again and outcome.status == "changed"
        if item is None:
            self._told.add(place.step)
            ignored = outcome.status == "unreachable" and any(
                one.settings.ignore_unreachable for one in bound.items
            )
            if before is not None:
                self._count_earlier(bound.host)
            else:
                self._count(bound.host, outcome, ignored=ignored)
        if before is not None:
            self.walker.emit(replace(before, time=time.time(), earlier=True))
            return
        self.walker.emit(
            events.StepEnded(
                time.time(),
                place,
                outcome.status,
                outcome.action,
                result,
                diff,
                list(outcome.causes),
                outcome.seconds,
                running.sent,
                outcome.conditional,
                outcome.reason,
                loop=bound.looped and item is None and not bound.causes,
                planned=outcome.planned,
                earlier=outcome.earlier and outcome.status == "changed",
            )
        )

    def _before(self, place: events.Place, outcome: Outcome) -> events.StepEnded | None:
        """The change that a step made before the run broke, of which it now shows nothing.

        What it made may be the very thing for which its condition is false now.
        """
        found = self.walker.world.before.get(place.step)
        if found is None or found.place.item != place.item:
            return None
        return found if outcome.status in ("ok", "skipped") else None

    def rest(self) -> None:
        """Tell of changes before the break whose steps did not come up since.

        An include around them has done its work, and its condition is false now.
        """
        for step, before in self.walker.world.before.items():
            task, _, turn = step.partition("#")
            host = self.walker.hosts.get(before.place.host)
            if task in self._told or host is None or host.lost in ("unreachable", "blocked"):
                continue
            if not turn:
                self._count_earlier(host.name)
            self.walker.emit(replace(before, time=time.time(), earlier=True))

    def interrupted(self, running: Running, index: int) -> None:
        """Ctrl-C ended the waiting of a task, or of one turn of its loop: that is no failure."""
        bound = running.bound
        outcome = Outcome("interrupted", "none", {"changed": False, "msg": INTERRUPTED})
        item = next(one for one in bound.items if one.index == index) if bound.looped else None
        self.ended(running, outcome, item)
        if item is not None:
            self._count(bound.host, outcome, ignored=False)

    def drifted(self, running: Running, drift: Drift) -> None:
        """A step, or a turn of its loop, is not as the plan file has it."""
        agreed, place = self.walker.world.agreed, running.place
        assert agreed is not None  # noqa: S101 - there is no drift without one
        item = next((one for one in running.bound.items if one.index == drift.index), None)
        if item is not None and running.bound.looped:
            place = replace(place, step=f"{place.step}#{item.index}", item=item.label)
        values = agreed.calls.get(drift.call, {}).get("values", {})
        self.walker.emit(
            events.Drifted(
                time.time(),
                place,
                drift.planned,
                drift.found,
                rows(drift, values),
                drift.diff,
                agreed.accept,
                drift.behind,
            )
        )

    def _count(self, name: str, outcome: Outcome, *, ignored: bool) -> None:
        host = self.walker.hosts[name]
        counts, status = host.counts, outcome.status
        if status in ("changed", "planned"):
            counts["changed"] += outcome.result.get("changed") is True
            counts["ok"] += 1
            host.earlier += outcome.earlier
        elif status == "ignored" or ignored:
            counts["ignored"] += 1
            counts["ok"] += 1
        else:
            counts[status] = counts.get(status, 0) + 1

    def _count_earlier(self, name: str) -> None:
        host = self.walker.hosts[name]
        host.counts["changed"] += 1
        host.counts["ok"] += 1
        host.earlier += 1

    def note(self, host: str, frame: dict[str, Any]) -> None:
        """A frame that is news and no result."""
        kind, now = frame["type"], time.time()
        if kind == "open":
            python = ".".join(str(part) for part in frame["welcome"].get("python", ()))
            self.walker.emit(events.Connected(now, host, frame["seconds"], python))
            holder = frame["welcome"].get("holder")
            if holder:
                text = f"{held_by(host, holder)}: what it still changes is not in this plan"
                self.walker.emit(events.Warned(now, text))
            return
        entry = self.walker.running.get(str(frame.get("step")))
        if entry is None:
            if kind == "waiting":
                self.walker.emit(
                    events.Warned(now, f"{host}: a step of an earlier connection runs")
                )
            return
        _, running, index = entry
        place = self.item_place(running, index, str(frame["step"]))
        if kind == "started":
            self.begun.add(str(frame["step"]))
            self.walker.emit(events.StepStarted(now, place))
        elif kind == "output" and not running.bound.items[index].settings.no_log:
            text = str(frame["text"])
            self.walker.emit(events.StepOutput(now, place, str(frame["stream"]), text))


def _elsewhere(bound: Bound, agent: str) -> str:
    """The way to another host than the task's own; empty where it acts on that."""
    return agent if agent not in ("", bound.host) else ""


def _warnings(result: dict[str, Any]) -> Iterator[str]:
    """What a module wants its reader to know."""
    for name in ("warnings", "deprecations"):
        for one in result.get(name) or ():
            yield str(one.get("msg") if isinstance(one, dict) else one)


def known(result: dict[str, Any]) -> dict[str, Any]:
    """The fields of a result that are known; deeper unknowns become text."""
    fields = result.known() if isinstance(result, PartialResult) else result
    return {key: _plain(value) for key, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return f"(known after: {'; '.join(value.causes)})"
    if isinstance(value, PartialResult):
        return known(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
