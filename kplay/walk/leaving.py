"""A run that the user stops: what it waits for, and what it leaves under way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kplay.walk import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.walk.walker import Walker

_NAMED = 5
"""More steps than this are not named."""


class Leaver:
    """Tells of steps under way when the user stops a run; a plan's change nothing."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker

    def tell(self, *, leaves: bool) -> None:
        """Name what is waited for after a first Ctrl-C, and what is left after a second one.

        Args:
            leaves: whether it is the second.
        """
        walker = self.walker
        if walker.world.planning:
            return
        under_way = sorted(self._under_way(), key=lambda one: one.place.host)
        if leaves:
            for one in under_way:
                walker.emit(one)
        elif under_way:
            names = [_named(one.place) for one in under_way[:_NAMED]]
            names += [f"{len(under_way) - _NAMED} more"] if len(under_way) > _NAMED else []
            text = f"stopping when what is under way has ended: {'; '.join(names)}"
            more = "Ctrl-C again leaves it to the hosts"
            walker.emit(events.Warned(time.time(), f"{text} ({more})"))

    def _under_way(self) -> Iterator[events.StepLeft]:
        """The first step of each agent: hosts drop those behind it."""
        walker, seen = self.walker, set()
        for step, (_, running, index) in walker.running.items():
            agent = running.bound.items[index].agent or running.bound.agent
            if agent in seen:
                continue
            seen.add(agent)
            place = walker.announcer.item_place(running, index, step)
            state = "begun" if step in walker.announcer.begun else "sent"
            yield events.StepLeft(time.time(), place, state, _since(running.sent))


def _since(sent: float) -> float:
    return time.time() - sent if sent else 0.0


def _named(place: events.Place) -> str:
    item = f" ({place.item})" if place.item else ""
    return f"{place.delegate or place.host}: {place.task}{item}"
