"""What a rehearsal is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Protocol

    from kplay.execute.options import RunOptions
    from kplay.lab import Lab
    from kplay.rehearsal.compare import Exactness
    from kplay.walk.events import Listener

    class Screen(Protocol):
        """What the user sees while a rehearsal runs; none of it may raise OSError."""

        def stage(self, name: str) -> None:
            """A stage begins."""
            ...

        def say(self, who: str, message: str) -> None:
            """What a host of the lab (or the lab itself) is doing; called one at a time."""
            ...

        def text(self, text: str) -> None:
            """A plan, or a fault."""
            ...

        def listening(self, *, planning: bool) -> AbstractContextManager[Listener]:
            """Show the events of a walk inside the block."""
            ...


PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "failed", "skipped", "not run"
STAGES = ("load", "up", "plan", "apply", "plan again", "apply again", "verify", "down")
"""In order; ``apply again`` is there only where it was asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of a rehearsal."""

    options: RunOptions
    """Playbooks, tags and variables; its inventory is the lab's, filled in by the rehearsal."""
    lab: Lab
    """Under the name that it is to have while it is tested."""
    directory: Path
    """Where the output of every stage and the journals of the runs are kept; made when missing."""
    verify: tuple[Path, ...] = ()
    """Playbooks that verify; empty: the tasks tagged ``verify`` of the playbooks themselves."""
    keep: bool = False
    keep_on_failure: bool = False
    standing: bool = False
    """The lab is up already, and stays up."""
    second_apply: bool = False
    strict: bool = False
    """A plan that was not exact is a failure."""
    whole_plan: bool = False
    """Show the first plan whole, not only its summary."""


class Finding(NamedTuple):
    """Something that is not as it should be, and where it is written (an empty file: nowhere)."""

    message: str
    file: str = ""
    line: int = 0
    task: str = ""
    hosts: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``site.yml:7: Make it so [w1, w2]: would run again``."""
        place = f"{self.file}:{self.line}: " if self.file else ""
        where = f" [{', '.join(self.hosts)}]" if self.hosts else ""
        return f"{place}{self.task}{where}{': ' if self.task or where else ''}{self.message}"


@dataclass(slots=True)
class Stage:
    """One stage: its outcome, how long it took, and what is to be said of it."""

    name: str
    outcome: str = NOT_RUN
    code: ExitCode = ExitCode.OK
    seconds: float = 0.0
    summary: str = ""
    findings: list[Finding] = field(default_factory=list)
    output: str = ""
    """The file with what it printed; empty when it printed nothing."""

    def fail(self, code: ExitCode, summary: str, findings: list[Finding] | None = None) -> None:
        """Note a failure; the first one counts."""
        if self.outcome != FAILED:
            self.outcome, self.code, self.summary = FAILED, code, summary
        self.findings += findings or []


@dataclass(slots=True)
class Report:
    """All of a rehearsal. Times are seconds; ``started`` is seconds since the epoch."""

    lab: str
    provider: str
    lab_file: str
    hosts: list[str]
    playbooks: list[str]
    directory: str
    started: float
    stages: list[Stage]
    seconds: float = 0.0
    exactness: Exactness | None = None
    stands: bool = False
    """Whether the lab is still up."""

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(one for one in self.stages if one.name == name)

    @property
    def failed(self) -> list[Stage]:
        """The stages that failed, in order."""
        return [one for one in self.stages if one.outcome == FAILED]

    @property
    def code(self) -> ExitCode:
        """What the process returns: an interrupt first, then a failed step.

        Otherwise the first stage that failed decides.
        """
        codes = [one.code for one in self.failed]
        for heavy in (ExitCode.INTERRUPTED, ExitCode.STEP_FAILED):
            if heavy in codes:
                return heavy
        return codes[0] if codes else ExitCode.OK
