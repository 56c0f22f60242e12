"""Facts of a run, in the order they happen. The journal writes them, reports show them.

Every event is a frozen dataclass of JSON-ready fields; secrets are already replaced. Times are
seconds since the epoch on the controller's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Which step an event is about."""

    step: str
    """Stable id: vertex key, host, and item index where there is a loop."""
    host: str
    task: str
    """The task's name with templates rendered."""
    module: str
    play: str
    role: str
    file: str
    line: int
    item: str = ""
    """Label of the loop item, or empty."""
    delegate: str = ""
    """The host it runs on when that is another."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """mode is plan or apply; hosts are all hosts of all plays."""

    time: float
    run: str
    mode: str
    playbooks: list[str]
    hosts: list[str]
    tasks: int
    journal: str


@dataclass(frozen=True, slots=True)
class PlayStarted:
    """A play (or a serial batch of it) began."""

    time: float
    play: str
    hosts: list[str]


@dataclass(frozen=True, slots=True)
class Connected:
    """An agent answers on a host; seconds it took."""

    time: float
    host: str
    seconds: float
    python: str


@dataclass(frozen=True, slots=True)
class StepSent:
    """About to be sent; the journal has it on disk before the bytes leave."""

    time: float
    place: Place


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The host began to apply a change."""

    time: float
    place: Place


@dataclass(frozen=True, slots=True)
class StepOutput:
    """A line or more that a long command printed."""

    time: float
    place: Place
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class StepRetried:
    """``until`` was not met; attempt of attempts, next in delay seconds."""

    time: float
    place: Place
    attempt: int
    attempts: int
    delay: float


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step's outcome, or a loop item's.

    status: ok, changed, failed, ignored (failed, but ignore_errors), rescued, skipped,
    unreachable, blocked (what it needs failed), interrupted (Ctrl-C while it waited), or in a plan:
    planned.
    action: create, update, remove, run, none, unknown.
    causes: why the action or the condition is unknown.
    """

    time: float
    place: Place
    status: str
    action: str
    result: dict[str, Any]
    diff: list[dict[str, str]] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    sent: float = 0.0
    """When it was sent, 0.0 when it never left the controller."""
    conditional: bool = False
    """True when it may run: its ``when`` is unknown."""
    reason: str = ""
    """Why it was skipped or blocked."""
    loop: bool = False
    """True for the summary of a loop, whose items had events of their own."""
    planned: str = ""
    """What the plan file that is run said of it, where that was not exactly this."""
    earlier: bool = False
    """True in a run that is resumed, for a change that was made before it broke."""


@dataclass(frozen=True, slots=True)
class StepLeft:
    """A step that was under way when the run was stopped at once.

    state: begun (its change had begun; the host goes on with it) or sent (no change had begun).
    seconds: since it was sent.
    """

    time: float
    place: Place
    state: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Drifted:
    """A step that is not as the plan file has it.

    planned and found say what would be done; fields are {field, planned, found}, of values that may
    be shown, as ``before -> after`` (field is empty for what is hidden); diff is that of what was
    found.
    accepted: True when the run goes on with what was found.
    behind: the name of a step before it on the host that no plan can look into, such as a command.
    """

    time: float
    place: Place
    planned: str
    found: str
    fields: list[dict[str, str]] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)
    accepted: bool = False
    behind: str = ""


@dataclass(frozen=True, slots=True)
class HostLost:
    """A host dropped out: status failed, unreachable or blocked, and how many tasks it did not run.

    blocker: the host for lack of which it is blocked, else empty.
    """

    time: float
    host: str
    status: str
    message: str
    not_run: int
    blocker: str = ""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """counts: host to {ok, changed, unreachable, failed, skipped, rescued, ignored, blocked}.

    Where Ctrl-C ended a wait, counts have interrupted, too.
    traffic: host to {sent, received (bytes), round_trips, connect_seconds}.
    custom: host (``_run`` for the whole run) to what set_stats gave, where that is to be shown.
    earlier: of a run that is resumed, host to how many of its changes were made before it broke.
    """

    time: float
    run: str
    seconds: float
    counts: dict[str, dict[str, int]]
    traffic: dict[str, dict[str, float]]
    exit_code: int
    custom: dict[str, dict[str, Any]] = field(default_factory=dict)
    earlier: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the user should know that stops nothing."""

    time: float
    message: str


Event = (
    RunStarted
    | PlayStarted
    | Connected
    | StepSent
    | StepStarted
    | StepOutput
    | StepRetried
    | StepEnded
    | StepLeft
    | Drifted
    | HostLost
    | RunEnded
    | Warned
)
Listener = Callable[[Event], None]


def to_json(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, its kind under ``event``."""
    return {"event": type(event).__name__, **_fields(event)}


def _fields(one: Event | Place) -> dict[str, Any]:
    """Of an event or place by name; its mappings and lists are the event's own."""
    found: dict[str, Any] = {name: getattr(one, name) for name in one.__dataclass_fields__}
    if "place" in found:
        found["place"] = _fields(found["place"])
    return found
