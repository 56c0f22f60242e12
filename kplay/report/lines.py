"""Events as lines of text with a style: what console and plain both say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.report import drift, failure, printable, recap
from kplay.report.diff import unified
from kplay.report.said import said
from kplay.walk.events import (
    Connected,
    Drifted,
    HostLost,
    PlayStarted,
    RunEnded,
    RunStarted,
    StepEnded,
    StepLeft,
    StepOutput,
    StepRetried,
    Warned,
)
from kplay.walk.lost import way_on

if TYPE_CHECKING:
    from kplay.walk.events import Event

Line = tuple[str, str]
_STYLES = {
    "ok": "green",
    "changed": "yellow",
    "earlier": "dim",
    "planned": "yellow",
    "skipped": "cyan",
    "ignored": "magenta",
    "rescued": "magenta",
    "blocked": "red",
    "failed": "red",
    "interrupted": "magenta",
    "unreachable": "red",
}


@dataclass
class Lines:
    """Makes lines of events; the same events give the same lines.

    Args:
        verbosity: 1 shows steps that changed nothing and output as it comes, 2 connections too.
        diff: show the diff of every change.
        planning: only faults are said; the plan itself is shown when it is whole.
        resumable: the run's hosts outlive it, so that `kplay resume` can go on with it.
    """

    verbosity: int = 0
    diff: bool = False
    planning: bool = False
    resumable: bool = True
    _journal: str = field(default="", repr=False)
    _told: set[str] = field(default_factory=set, repr=False)
    """Hosts whose fault was shown, so that what it costs needs no second telling."""
    _lost: list[HostLost] = field(default_factory=list, repr=False)

    def of(self, event: Event) -> list[Line]:
        """The lines of one event; many have none."""
        match event:
            case RunStarted():
                self._journal = event.journal
                return [] if self.planning else [_opening(event)]
            case StepEnded():
                return self._step(event)
            case StepLeft():
                return [("magenta", _left(event))]
            case Drifted():
                return [("magenta" if event.accepted else "red", drift.text(event))]
            case HostLost():
                self._lost.append(event)
                told = event.host in self._told
                return [] if told and not event.not_run else [_lost(event, told=told)]
            case Warned():
                return [("magenta", f"warning: {event.message}")]
            case RunEnded() if not self.planning:
                return self._closing(event)
            case PlayStarted() if not self.planning:
                return [("bold", f"play: {event.play} ({_count(len(event.hosts), 'host')})")]
            case _:
                return [] if self.planning else self._detail(event)

    def _step(self, event: StepEnded) -> list[Line]:
        if event.status in ("failed", "unreachable"):
            if event.loop:
                return []
            self._told.add(event.place.host)
            return [("red", failure.text(event, self._journal))]
        if event.loop or self.planning:
            return []
        quiet = event.status in ("ok", "skipped", "planned", "blocked")
        below = said(event)
        if quiet and not self.verbosity and not below:
            return []
        word = "earlier" if event.earlier else event.status
        line = f"{word:<9} {failure.where(event.place)}: {failure.title(event.place)}"
        if event.reason and self.verbosity:
            line += f" ({event.reason})"
        if event.planned:
            line += f" ({event.planned})"
        found = [(_STYLES.get(word, ""), printable.line(line))]
        if self.diff and word == "changed":
            found += [("", text) for text in map(printable.line, unified(event.diff))]
        if self.verbosity > 1 and event.result.get("stdout"):
            found.append(("", str(event.result["stdout"]).rstrip()))
        return found + [("", text) for text in below]

    def _detail(self, event: Event) -> list[Line]:
        match event:
            case StepRetried():
                left = f"attempt {event.attempt} of {event.attempts}, next in {event.delay:g} s"
                text = f"{failure.where(event.place)}: {failure.title(event.place)}"
                return [("dim", f"retry     {text} ({left})")] if self.verbosity else []
            case StepOutput() if self.verbosity:
                return [("dim", f"{event.place.host} | {line}") for line in event.text.splitlines()]
            case Connected() if self.verbosity > 1:
                return [("dim", f"connected {event.host} (Python {event.python})")]
            case _:
                return []

    def _closing(self, event: RunEnded) -> list[Line]:
        changed = sum(counts.get("changed", 0) for counts in event.counts.values())
        hosts = _count(len(event.counts), "host")
        if event.exit_code == 0:
            what = (
                f"{_count(changed, 'change')} on {hosts}" if changed else f"no changes on {hosts}"
            )
            what += _before(event, changed)
        else:
            what = f"exit code {event.exit_code}"
        last = f"run {event.run} ended: {what}"
        if event.exit_code in (2, 4, 130) and self.resumable:
            last += f"\n = help: `kplay resume {event.run}` goes on from here"
        hint = way_on(self._lost)
        if hint and self.resumable:
            last += f"\n = help: {printable.line(hint)}"
        if event.exit_code == 7:
            last += (
                "\n = help: plan again and have that reviewed, or go on from here:"
                f" `kplay resume {event.run} --accept-drift`"
            )
        return [*recap.lines(event), *recap.custom(event), ("bold", last)]


def _opening(event: RunStarted) -> Line:
    what = f"{_count(event.tasks, 'task')} on {_count(len(event.hosts), 'host')}"
    return ("bold", f"run {event.run}: {' '.join(event.playbooks)}, {what}")


def _before(event: RunEnded, changed: int) -> str:
    earlier = sum(event.earlier.values())
    if not earlier:
        return ""
    return f", {'all' if earlier == changed else earlier} of them before the resume"


_STATES = {
    "begun": "its change had begun, and the host goes on with it",
    "sent": "no change of it had begun",
}


def _left(event: StepLeft) -> str:
    text = f"{failure.where(event.place)}: {failure.title(event.place)}"
    return printable.line(f"left      {text}: {_STATES[event.state]} ({event.seconds:.0f} s)")


def _lost(event: HostLost, *, told: bool) -> Line:
    said = "" if told else event.message.partition("\n")[0]
    head = f"{event.status:<9} {event.host}: {_count(event.not_run, 'task')} not run"
    return ("red", f"{head}, {said}" if said else head)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
