"""The one rule of exactness: what a plan said of a step, beside what the apply after it did.

``kplay lab test`` counts by it (compare.py), and so do the tests that measure kplay's own plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kplay.walk.events import Place, StepEnded

Verdict = Literal["exact", "open", "wrong", "unreached", "excused"]


@dataclass(frozen=True, slots=True)
class Joined:
    """One step: a task on a host, or one turn of its loop."""

    place: Place
    planned: StepEnded | None
    """The change that was planned: its own, or an open one of the loop or include that brought it.

    None where nothing was to change.
    """
    ended: StepEnded | None
    """How it ended; None where the apply never came to it."""

    @property
    def foretold(self) -> str:
        """The action that was planned; ``none``, or ``unknown`` where only the run can tell."""
        if self.planned is None:
            return "none"
        return "unknown" if is_open(self.planned) else self.planned.action

    @property
    def done(self) -> str:
        """The action that was done; ``none`` for no change, or how it broke."""
        if self.ended is None:
            return "none"
        if changed(self.ended):
            return self.ended.action
        return self.ended.status if self.ended.status in ("failed", "unreachable") else "none"

    @property
    def verdict(self) -> Verdict:
        """Whether the plan was right about the step.

        - exact: the action that was planned was done, or none was planned and none done;
        - open: the plan said that only the run can tell;
        - wrong: a change without a plan, another action, or a planned one that changed nothing;
        - unreached: a planned one that the apply never came to;
        - excused: it broke, or a command ran as planned and its author said that nothing changed.
        """
        if self.foretold == "unknown":
            return "open"
        if self.ended is None:
            return "unreached"
        if self.foretold == self.done:
            return "exact"
        ran = self.ended.status == "ok" and self.foretold == "run"
        ended_well = self.ended.status in ("changed", "ok", "skipped")
        return "wrong" if ended_well and not ran else "excused"


def join(planned: Iterable[StepEnded], applied: Iterable[StepEnded]) -> list[Joined]:
    """Every step of an apply in its order, then what was planned and not come to.

    A loop counts by its turns where it had any.

    Args:
        planned: the changes of the plan.
        applied: the ended steps of the apply.
    """
    changes = {one.place.step: one for one in planned}
    ended = list(applied)
    turned = {_task(one.place.step) for one in ended if "#" in one.place.step}
    met: set[str] = set()
    found = []
    for event in ended:
        step = event.place.step
        if event.loop and step in turned:
            continue
        change = next((changes[one] for one in _above(step) if one in changes), None)
        if change is not None and (change.place.step == step or is_open(change)):
            met.add(change.place.step)
        else:
            change = None
        found.append(Joined(event.place, change, event))
    return found + [
        Joined(change.place, change, None) for step, change in changes.items() if step not in met
    ]


def changed(step: StepEnded) -> bool:
    """Whether a step changed its host: add_host and group_by are counted, and change none."""
    return step.status == "changed" and step.action not in ("none", "")


def is_open(change: StepEnded) -> bool:
    """Whether a plan says of a step that only the run can tell what it does."""
    return change.conditional or change.action == "unknown"


def _task(step: str) -> str:
    return step.partition("#")[0]


def _above(step: str) -> Iterator[str]:
    """The step, its task when it is a turn, and the includes that brought it."""
    yield step
    key, _, host = _task(step).partition("@")
    while key:
        yield f"{key}@{host}"
        key = key.rpartition(".")[0]
