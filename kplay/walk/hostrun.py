"""What the walk knows of one host: its plays, its pipeline, what it was notified of."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplay.playbook.model import Play, Role
    from kplay.walk.bind import Bound
    from kplay.walk.cursor import Cursor
    from kplay.walk.events import Place
    from kplay.walk.gates import PlayRun
    from kplay.walk.outcome import Outcome

COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "blocked")


@dataclass(eq=False, slots=True)
class Running:
    """A bound task between being sent and being committed."""

    bound: Bound
    at: Cursor
    """The host's place when it was bound."""
    place: Place
    before: object = None
    """What ``register`` held before, to put back when the step is dropped."""
    had_before: bool = False
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """By item index, as they come."""
    sent: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every turn has its outcome."""
        return len(self.outcomes) == len(self.bound.items)

    @property
    def given_name(self) -> str:
        """The name that the task was given, without its role; empty when it was given none."""
        named = "name" in self.bound.task.keywords
        return self.bound.name.removeprefix(f"{self.place.role} : ") if named else ""


@dataclass(eq=False, slots=True)
class HostRun:
    """One host of the run."""

    name: str
    plays: deque[PlayRun] = field(default_factory=deque)
    ahead: Cursor | None = None
    """Runs ahead of the committed cursor while the pipeline is not empty."""
    pipeline: deque[Running] = field(default_factory=deque)
    hold: bool = False
    """Nothing more is bound until the pipeline is empty."""
    outbox: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """(target, step frame, blobs) not yet sent."""
    notified: set[int] = field(default_factory=set)
    """Identities of handlers that were notified and have not run yet."""
    roles: dict[tuple[int, str], Role] = field(default_factory=dict)
    """Plays (by id) and identities of roles to the use of which it has run a task first."""
    lost: str = ""
    """failed, unreachable or blocked when it is out of the run."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    earlier: int = 0
    """How many of its changes were made before the run broke that is resumed."""

    def ran(self, role: Role | None, play: Play) -> None:
        """Note that a task of a role has run, unless another use of the same role ran before."""
        if role is not None:
            self.roles.setdefault((id(play), role.identity), role)

    def broke_off(self, role: Role | None, play: Play) -> None:
        """Note that a role, and those it was brought in by, failed: another use runs them anew."""
        for one in (*role.parents, role) if role is not None else ():
            if self.roles.get((id(play), one.identity)) is one:
                del self.roles[(id(play), one.identity)]

    @property
    def play(self) -> PlayRun | None:
        """The first play that is not over for this host."""
        return self.plays[0] if self.plays else None
