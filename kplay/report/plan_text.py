"""A plan for a reader: the same change on many hosts is one entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from kplay.report.diff import FOLDED, unified
from kplay.report.failure import title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.walk.events import HostLost, StepEnded

SYMBOLS = {"create": "+", "update": "~", "remove": "-", "run": "!", "unknown": "?"}
_COLORS = {"+": 32, "~": 33, "-": 31, "!": 36, "?": 35, "·": 2}


class Entry(NamedTuple):
    """One change, and the hosts that it comes to."""

    step: StepEnded
    hosts: list[str]


def pending(steps: Sequence[StepEnded]) -> list[StepEnded]:
    """The steps that would or may change a host; a loop counts by its items."""
    return [
        step
        for step in steps
        if step.status == "planned"
        and not step.loop
        and (step.conditional or step.action not in ("none", ""))
        and (step.conditional or step.result.get("changed") is not False)
    ]


def ran(steps: Sequence[StepEnded]) -> list[StepEnded]:
    """The steps that planning itself ran, because their author vouches for them."""
    return [
        step
        for step in steps
        if step.action == "run" and step.status in ("ok", "changed") and not step.loop
    ]


def grouped(steps: Sequence[StepEnded]) -> list[Entry]:
    """Equal changes together, in the order in which the first of each was planned."""
    found: dict[str, Entry] = {}
    for step in pending(steps):
        place = step.place
        key = json.dumps(
            [
                place.play, place.role, place.task, place.item, place.file, place.line,
                step.action, step.conditional, step.diff, step.causes,
            ],
            sort_keys=True,
            default=str,
        )  # fmt: skip
        found.setdefault(key, Entry(step, [])).hosts.append(place.host)
    return list(found.values())


def of(
    steps: Sequence[StepEnded],
    lost: Sequence[HostLost] = (),
    *,
    full_diff: bool = False,
    color: bool = False,
) -> str:
    """The whole plan as text."""
    lines: list[str] = []
    play = None
    for entry in grouped(steps):
        if entry.step.place.play != play:
            play = entry.step.place.play
            lines += ([""] if lines else []) + [f"play: {play}"]
        lines += _entry(entry, full_diff=full_diff, color=color)
    for step in ran(steps):
        place = step.place
        lines.append(f"  ! {title(place)}  [{place.host}]  {place.file}:{place.line}  (was run)")
    hidden = sum(step.status in ("ok", "skipped") and not step.place.item for step in steps)
    if lines:
        lines += [
            _painted(
                "·",
                f"· {hidden} step{'' if hidden == 1 else 's'} with nothing to change",
                color=color,
            ),
            "",
        ]
    lines.append(summary(steps, lost))
    return "\n".join(lines)


def summary(steps: Sequence[StepEnded], lost: Sequence[HostLost] = ()) -> str:
    """``plan: 3 to create, 1 to update, 2 unknown on 3 hosts``, or that there is nothing to do."""
    waiting = pending(steps)
    counts = dict.fromkeys(SYMBOLS, 0)
    for step in waiting:
        counts["unknown" if step.conditional else step.action] += 1
    words = [
        f"{number} {'unknown' if action == 'unknown' else f'to {action}'}"
        for action, number in counts.items()
        if number
    ]
    failed = sorted({host.host for host in lost})
    tail = f"; incomplete, for lack of {', '.join(failed)}" if failed else ""
    hosts = sorted({step.place.host for step in (waiting or steps)})
    where = f"on {len(hosts)} host{'' if len(hosts) == 1 else 's'}"
    if not words:
        return (
            f"plan: incomplete, for lack of {', '.join(failed)}"
            if failed
            else (f"no changes: nothing to do {where}")
        )
    return f"plan: {', '.join(words)} {where}{tail}"


def _entry(entry: Entry, *, full_diff: bool, color: bool) -> list[str]:
    step, place = entry.step, entry.step.place
    symbol = "?" if step.conditional else SYMBOLS.get(step.action, "?")
    may = f" (may {step.action})" if step.conditional and step.action in SYMBOLS else ""
    if step.conditional and step.action == "unknown":
        may = " (may run)"
    head = f"{symbol} {title(place)}{may}  [{', '.join(entry.hosts)}]  {place.file}:{place.line}"
    lines = [_painted(symbol, f"  {head}", color=color)]
    lines += [f"      because {cause}" for cause in step.causes]
    if "censored" in step.result:
        lines.append(f"      {step.result['censored']}")
    for line in unified(step.diff, limit=0 if full_diff else FOLDED):
        lines.append(_painted(line[:1], f"      {line}", color=color))
    return lines


def _painted(symbol: str, text: str, *, color: bool) -> str:
    code = _COLORS.get(symbol)
    return f"\x1b[{code}m{text}\x1b[0m" if color and code else text
