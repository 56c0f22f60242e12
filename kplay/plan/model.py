"""What a plan says, as data: what `--format json` prints, and a plan file keeps.

Every form of a plan (text, JSON, a file that is shown later) is made of this and of nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.plan.outline import Outline
from kplay.walk.events import HostLost, Place, StepEnded, to_json
from kplay.walk.lost import way_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = 1
SYMBOLS = {"create": "+", "update": "~", "remove": "-", "run": "!", "unknown": "?"}
"""Actions in the order in which a summary counts them, and how a text marks them."""


@dataclass(frozen=True, slots=True)
class PlanData:
    """A plan, its secrets replaced."""

    changes: list[StepEnded] = field(default_factory=list)
    """Steps that would or may change a host, in the order of the graph; a loop by its items."""
    ran: list[StepEnded] = field(default_factory=list)
    """Steps that planning itself ran, because their author vouches for them."""
    unchanged: int = 0
    """How many steps have nothing to change."""
    hosts: list[str] = field(default_factory=list)
    """Names of the hosts that were planned, sorted."""
    lost: list[HostLost] = field(default_factory=list)
    """Hosts whose plan is not whole."""
    outline: Outline | None = None
    """Its graph; None in files of a kplay that kept none."""

    @classmethod
    def of(
        cls,
        steps: Sequence[StepEnded],
        lost: Sequence[HostLost] = (),
        outline: Outline | None = None,
    ) -> PlanData:
        """From every step of a walk that planned."""
        return cls(
            changes=[step for step in steps if pending(step)],
            ran=[step for step in steps if _was_run(step)],
            unchanged=sum(
                step.status in ("ok", "skipped") and not step.place.item for step in steps
            ),
            hosts=sorted({step.place.host for step in steps}),
            lost=list(lost),
            outline=outline,
        )

    @property
    def summary(self) -> str:
        """``plan: 3 to create, 1 to update, 2 unknown on 3 hosts``, or that nothing is to do."""
        counts = dict.fromkeys(SYMBOLS, 0)
        for step in self.changes:
            counts["unknown" if step.conditional else step.action] += 1
        words = [
            f"{number} {'unknown' if action == 'unknown' else f'to {action}'}"
            for action, number in counts.items()
            if number
        ]
        failed = ", ".join(sorted({host.host for host in self.lost}))
        number = len({step.place.host for step in self.changes} or self.hosts)
        where = f"on {number} host{'' if number == 1 else 's'}"
        if not words:
            nothing = f"no changes: nothing to do {where}"
            return f"plan: incomplete, for lack of {failed}" if failed else nothing
        tail = f"; incomplete, for lack of {failed}" if failed else ""
        return f"plan: {', '.join(words)} {where}{tail}"

    @property
    def way_on(self) -> str:
        """How to plan without the hosts out of reach that block others; empty where none does."""
        return way_on(self.lost)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {
            "format": FORMAT,
            "changes": [_plain(step) for step in self.changes],
            "ran": [_plain(step) for step in self.ran],
            "unchanged": self.unchanged,
            "hosts": self.hosts,
            "lost": [_plain(host) for host in self.lost],
            "summary": self.summary,
            **({"graph": self.outline.to_json()} if self.outline is not None else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlanData:
        """What ``to_json`` gave; raises LookupError, TypeError or ValueError otherwise."""
        graph = data.get("graph")
        return cls(
            changes=[_step(one) for one in data["changes"]],
            ran=[_step(one) for one in data["ran"]],
            unchanged=int(data["unchanged"]),
            hosts=list(data["hosts"]),
            lost=[HostLost(time=0.0, **one) for one in data["lost"]],
            outline=None if graph is None else Outline.from_json(graph),
        )


def pending(step: StepEnded) -> bool:
    """Whether a planned step would or may change a host."""
    return (
        step.status == "planned"
        and not step.loop
        and (step.conditional or step.action not in ("none", ""))
        and (step.conditional or step.result.get("changed") is not False)
    )


def _was_run(step: StepEnded) -> bool:
    return step.action == "run" and step.status in ("ok", "changed") and not step.loop


def _plain(event: StepEnded | HostLost) -> dict[str, Any]:
    left_out = ("event", "time", "sent", "earlier")
    return {key: value for key, value in to_json(event).items() if key not in left_out}


def _step(data: Mapping[str, Any]) -> StepEnded:
    given = {key: value for key, value in data.items() if key != "place"}
    return StepEnded(time=0.0, place=Place(**data["place"]), **given)
