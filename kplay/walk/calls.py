"""The calls of a task: started turn by turn, answered, tried again and paused."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import stops
from kplay.errors import KplayError
from kplay.resolve.unknown import Unknown
from kplay.walk import ahead, events
from kplay.walk.dispatch import frames
from kplay.walk.outcome import broken_off, item_outcome, pause_of

if TYPE_CHECKING:
    from kplay.walk.bind import Bound, Item
    from kplay.walk.hostrun import HostRun, Running
    from kplay.walk.outcome import Outcome
    from kplay.walk.walker import Walker


class Calls:
    """Starts the calls of tasks that are bound, and takes in what comes back."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.world = walker.world
        self.timers: list[tuple[float, int, Bound, Item]] = []
        """Turns that start later: when, in which order, and what."""
        self._order = itertools.count()
        self._sends: Counter[str] = Counter()

    def _later(self, seconds: float, bound: Bound, item: Item) -> None:
        due = time.monotonic() + seconds
        heapq.heappush(self.timers, (due, next(self._order), bound, item))

    def due(self) -> None:
        """Start the turn whose time has come first."""
        _, _, bound, item = heapq.heappop(self.timers)
        self._again(bound, item)

    def give_up(self) -> None:
        """Start no turn later: those that would have been tried again are interrupted."""
        for _, _, bound, item in sorted(self.timers, key=lambda one: one[:2]):
            pipeline = self.walker.hosts[bound.host].pipeline
            running = next((one for one in pipeline if one.bound is bound), None)
            if running is not None:
                self.walker.announcer.interrupted(running, item.index)
        self.timers.clear()

    def start(self, host: HostRun, running: Running, item: Item) -> None:
        """Put the calls of one turn into the host's outbox, or give the turn its outcome."""
        bound = running.bound
        bound.turn_to(item)
        if item.answer is not None and item.answer.after and not self.world.planning:
            self._later(item.answer.after, bound, item)
            item.answer.after = 0.0
            return
        if not item.calls or item.causes or item.skip:
            running.outcomes[item.index] = item_outcome(bound, item, self.world)
            return
        for step, blobs in frames(bound, item, self.world):
            recorded = self.world.recorded_action(bound, step["id"])
            if recorded is not None:
                item.results.append(recorded)
                continue
            step["id"] = self._wire_id(step["id"])
            self.walker.running[step["id"]] = (host, running, item.index)
            host.outbox.append((bound.agent, self.world.foreseen(bound, step), blobs))
        if len(item.results) == len(item.calls):
            running.outcomes[item.index] = item_outcome(bound, item, self.world)

    def _wire_id(self, step: str) -> str:
        """A step that was dropped and is sent again goes under a name of its own."""
        self._sends[step] += 1
        count = self._sends[step]
        return step if count == 1 else f"{step}!{count}"

    def answered(self, step: str, raw: dict[str, Any]) -> None:
        """Take in the result of a call; the last one of a turn gives its outcome."""
        entry = self.walker.running.pop(step, None)
        if entry is None:
            return
        host, running, index = entry
        bound = running.bound
        item = bound.items[index]
        raw = ahead.settled(self.world, host, running, raw)
        if self.world.agreed is not None:
            self.world.agreed.look_ahead(bound, item, raw)
        if not stops(raw):
            raw = self.world.received(bound, step.partition("!")[0], raw)
        item.results.append(raw)
        self.walker.fleet.ack(bound.agent, [step])
        if self.walker.stopping and _cancelled(raw):
            self.walker.announcer.interrupted(running, index)
            return
        if len(item.results) < len(item.calls) and not raw.get("failed"):
            return
        if raw.get("failed"):
            others = self.walker.running.items()
            for stale in [key for key, one in others if one[1] is running and one[2] == index]:
                self.walker.running.pop(stale)
        try:
            outcome = item_outcome(bound, item, self.world)
            if outcome.status == "drifted":
                self._cut_short(running, index)
            elif self._retry(running, item, outcome):
                return
        except KplayError as error:
            outcome = self.walker.committer.broken(bound, error)
        running.outcomes[index] = outcome
        over = outcome.status == "drifted"
        if bound.stepwise and not over and not self._turn_ended(running, index):
            self.turns(host, running, index + 1)
        self.walker.committer.commit_ready(host)
        self.walker.wake(host.name)

    def _cut_short(self, running: Running, index: int) -> None:
        """Leave out the turns of a loop behind one that was not run."""
        del running.bound.items[index + 1 :]
        for later in [one for one in running.outcomes if one > index]:
            del running.outcomes[later]
        for step in [key for key, one in self.walker.running.items() if one[1] is running]:
            self.walker.running.pop(step)

    def turns(self, host: HostRun, running: Running, index: int) -> None:
        """Start the turns of a loop one by one, from an index on, until one is under way."""
        while index < len(running.bound.items):
            self.start(host, running, running.bound.items[index])
            if index not in running.outcomes or self._turn_ended(running, index):
                return
            index += 1

    def _turn_ended(self, running: Running, index: int) -> bool:
        """Whether the next turn of a loop may not start now: never, or only after a pause."""
        bound = running.bound
        item = bound.items[index]
        try:
            over = broken_off(bound, item, running, self.world)
            pause = pause_of(bound, item)
        except KplayError as error:
            bound.broken = self.walker.committer.broken(bound, error)
            over, pause = True, 0.0
        if over:
            del bound.items[index + 1 :]
        if index + 1 == len(bound.items) or not pause or item.skip:
            return index + 1 == len(bound.items)
        self._later(pause, bound, bound.items[index + 1])
        return True

    def _retry(self, running: Running, item: Item, outcome: Outcome) -> bool:
        settings, bound = item.settings, running.bound
        if not settings.retries or self.world.planning or outcome.status == "unreachable":
            return False
        outcome.result["attempts"] = item.attempt
        until = bound.task.keywords.get("until")
        if until is None:
            met: bool | Unknown = not outcome.result.get("failed")
        else:
            extra = {bound.register: outcome.result} if bound.register else {}
            met = self.world.extended(item.scope, extra).evaluate(until)
        if met is True or isinstance(met, Unknown):
            return False
        if item.attempt > settings.retries:
            outcome.status = "ignored" if settings.ignore_errors else "failed"
            outcome.result |= {"failed": True, "attempts": settings.retries}
            return False
        self.walker.emit(
            events.StepRetried(
                time.time(), running.place, item.attempt, settings.retries + 1, settings.delay
            )
        )
        item.attempt += 1
        item.results.clear()
        self._later(settings.delay, bound, item)
        return True

    def _again(self, bound: Bound, item: Item) -> None:
        host = self.walker.hosts[bound.host]
        running = next((r for r in host.pipeline if r.bound is bound), None)
        if running is None or host.lost:
            return
        if bound.stepwise:
            self.turns(host, running, item.index)
        else:
            self.start(host, running, item)
        self.walker.committer.commit_ready(host)
        self.walker.flush(host)
        self.walker.wake(host.name)


def _cancelled(raw: dict[str, Any]) -> bool:
    """Whether a module gave up waiting because the run was cancelled."""
    return bool(raw.get("failed")) and (raw.get("fields") or {}).get("code") == "cancelled"
