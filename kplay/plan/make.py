"""A plan: the same walk with nothing applied, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.errors import ExitCode
from kplay.execute.durations import history
from kplay.execute.prepare import prepare
from kplay.execute.run import walk
from kplay.plan.model import PlanData, pending
from kplay.plan.outline import Outline, before_walk, keys_of
from kplay.redaction import Redactor
from kplay.walk.events import Event, HostLost, RunEnded, RunStarted, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.walk.events import Listener


@dataclass(slots=True)
class Plan:
    """What an apply would do, in the order of the graph."""

    steps: list[StepEnded] = field(default_factory=list)
    lost: list[HostLost] = field(default_factory=list)
    started: RunStarted | None = None
    ended: RunEnded | None = None
    code: ExitCode = ExitCode.OK
    prepared: Prepared | None = None
    outline: Outline | None = None

    @property
    def data(self) -> PlanData:
        """What it says, for every form in which it is shown or kept."""
        return PlanData.of(self.steps, self.lost, self.outline)

    def take(self, event: Event) -> None:
        """Collect an event of the walk."""
        if isinstance(event, StepEnded):
            self.steps.append(event)
        elif isinstance(event, HostLost):
            self.lost.append(event)
        elif isinstance(event, RunStarted):
            self.started = event
        elif isinstance(event, RunEnded):
            self.ended = event


def make(
    options: RunOptions,
    listener: Listener,
    *,
    loaded: Callable[[Prepared], None] = lambda _: None,
    keep: Callable[..., None] | None = None,
    redactor: Redactor | None = None,
) -> Plan:
    """Observe every host and say what ``apply`` would do; changes nothing.

    Args:
        options: the command line.
        listener: sees the events.
        loaded: called once everything is loaded, before the first packet.
        keep: takes raw results, as ``World.keep``.
        redactor: gets to know the secrets of the plan.

    Raises:
        InputError: what the user wrote is wrong.
    """
    plan = Plan(prepared=prepare(options, ask=True))

    def collect(event: Event) -> None:
        plan.take(event)
        listener(event)

    assert plan.prepared is not None  # noqa: S101 - it was just made
    loaded(plan.prepared)
    graph = before_walk(plan.prepared.graph)
    plan.code = walk(plan.prepared, collect, mode="plan", keep=keep, redactor=redactor)
    plan.steps = _in_order(plan.steps, plan.prepared.hosts)
    plan.outline = without_secrets(
        Outline.of(
            " ".join(map(str, options.playbooks)),
            graph,
            keys_of(step.place.step for step in plan.steps if pending(step)),
            history(options.runs_directory, options.playbooks),
        ),
        Redactor(plan.prepared.vault.revealed),
    )
    return plan


def without_secrets(outline: Outline, redactor: Redactor) -> Outline:
    """The outline with known secrets masked, in names of tasks for one."""
    return Outline.from_json(redactor.value(outline.to_json()))


def _in_order(steps: list[StepEnded], hosts: list[str]) -> list[StepEnded]:
    """As written, hosts as the inventory has them: the same plan reads the same."""
    rank = {name: number for number, name in enumerate(hosts)}
    return sorted(steps, key=lambda one: (_position(one), rank.get(one.place.host, len(rank))))


def _position(step: StepEnded) -> tuple[int, ...]:
    return tuple(int(part) for part in step.place.step.partition("@")[0].split("."))
