"""A plan for a reader: the same change on many hosts is one entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from kplay.plan.model import SYMBOLS
from kplay.report.diff import FOLDED, unified
from kplay.report.failure import title

if TYPE_CHECKING:
    from kplay.plan.model import PlanData
    from kplay.walk.events import StepEnded

_COLORS = {"+": 32, "~": 33, "-": 31, "!": 36, "?": 35, "·": 2}


class Entry(NamedTuple):
    """One change, and the hosts that it comes to."""

    step: StepEnded
    hosts: list[str]


def grouped(plan: PlanData) -> list[Entry]:
    """Equal changes together, in the order in which the first of each was planned."""
    found: dict[str, Entry] = {}
    for step in plan.changes:
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


def of(plan: PlanData, *, full_diff: bool = False, color: bool = False) -> str:
    """The whole plan as text."""
    lines: list[str] = []
    play = None
    for entry in grouped(plan):
        if entry.step.place.play != play:
            play = entry.step.place.play
            lines += ([""] if lines else []) + [f"play: {play}"]
        lines += _entry(entry, full_diff=full_diff, color=color)
    for step in plan.ran:
        place = step.place
        lines.append(f"  ! {title(place)}  [{place.host}]  {place.file}:{place.line}  (was run)")
    if lines:
        many = "" if plan.unchanged == 1 else "s"
        hidden = f"· {plan.unchanged} step{many} with nothing to change"
        lines += [_painted("·", hidden, color=color), ""]
    lines.append(plan.summary)
    return "\n".join(lines)


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
