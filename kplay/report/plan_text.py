"""A plan for a reader: the same change on many hosts is one entry."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from kplay.graph.view import shortened
from kplay.report import entries, printable
from kplay.report.diff import FOLDED, unified
from kplay.report.entries import grouped, spoken
from kplay.report.failure import title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.plan.model import PlanData
    from kplay.plan.outline import Outline
    from kplay.report.entries import Entry, Row

_COLORS = {"+": 32, "~": 33, "-": 31, "!": 36, "?": 35, "·": 2}
_NAMED = 5
"""Of more hosts than this an entry names the first."""
_TABLES_FROM = 12
"""A plan of fewer entries is taken in without tables."""
_MOST = 20
"""Rows of the table of hosts."""
_WIDTH = 100
_WIDEST = 40
"""Letters of the names in a table."""
_TELLING = 0.02
"""The part of all the time from which a role on the critical path is named."""


def of(
    plan: PlanData, *, full_diff: bool = False, every_host: bool = False, color: bool = False
) -> str:
    """The whole plan as text.

    Args:
        plan: what is shown.
        full_diff: long diffs too are shown to their end.
        every_host: long lists of hosts too.
        color: for a terminal.
    """
    lines: list[str] = []
    play = None
    shown = grouped(plan)
    for entry in shown:
        if entry.step.place.play != play:
            play = entry.step.place.play
            lines += ([""] if lines else []) + [printable.line(f"play: {play}")]
        lines += _entry(entry, full_diff=full_diff, every_host=every_host, color=color)
    for step in plan.ran:
        place = step.place
        ran = f"  ! {title(place)}  [{place.host}]  {place.file}:{place.line}  (was run)"
        lines.append(printable.line(ran))
    if lines:
        many = "" if plan.unchanged == 1 else "s"
        hidden = f"· {plan.unchanged} step{many} with nothing to change"
        lines += [_painted("·", hidden, color=color), ""]
    if len(shown) >= _TABLES_FROM:
        lines += _tables(plan, every_host=every_host)
    if plan.outline is not None:
        lines += _times(plan.outline)
    lines.append(plan.summary)
    if plan.way_on:
        lines.append(printable.line(f" = help: {plan.way_on}"))
    return "\n".join(lines)


def estimate(outline: Outline) -> str:
    """What an apply is likely to take, and by what that is known; empty where it is not."""
    if outline.estimate is None:
        return ""
    said = f"an apply is likely to take about {spoken(outline.estimate)}, going by earlier runs"
    number = len(outline.unmeasured)
    if number:
        said += f"; no time is known for {number} task{'' if number == 1 else 's'}"
    return said


def _entry(entry: Entry, *, full_diff: bool, every_host: bool, color: bool) -> list[str]:
    step, place, symbol = entry.step, entry.step.place, entry.symbol
    may = f" ({entry.perhaps})" if entry.perhaps else ""
    hosts = shortened(entry.hosts, len(entry.hosts) if every_host else _NAMED)
    head = f"{symbol} {title(place)}{may}  [{hosts}]  {place.file}:{place.line}"
    lines = [_painted(symbol, printable.line(f"  {head}"), color=color)]
    lines += [printable.line(f"      because {cause}") for cause in entry.causes]
    lines += [printable.line(f"      note: {note}") for note in entry.notes]
    if "censored" in step.result:
        lines.append(f"      {step.result['censored']}")
    for line in unified(step.diff, limit=0 if full_diff else FOLDED):
        lines.append(_painted(line[:1], printable.line(f"      {line}"), color=color))
    return lines


def _tables(plan: PlanData, *, every_host: bool) -> list[str]:
    """Tables that say more than the last line does: of several rows."""
    hosts = entries.merged(entries.by_host(plan))
    roles = entries.by_role(plan)
    lines: list[str] = []
    if len(hosts) > 1:
        named = [
            (shortened(row.names, len(row.names)) if every_host else shortened(row.names), row)
            for row in hosts
        ]
        most = len(named) if every_host else _MOST
        lines += _table("host", named[:most])
        if len(named) > most:
            lines.append(f"  … {len(named) - most} more rows (-v shows them)")
        lines.append("")
    if len(roles) > 1:
        names = [f"own tasks of `{row.names[0]}`" if row.own else row.names[0] for row in roles]
        lines += [*_table("role", list(zip(names, roles, strict=True))), ""]
    return lines


def _table(head: str, rows: Sequence[tuple[str, Row]]) -> list[str]:
    actions = entries.columns(row for _, row in rows)
    names = [printable.line(name) for name, _ in rows]
    names = [name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…" for name in names]
    width = max(len(name) for name in [head, *names])
    wide = [max(len(action), 5) for action in actions]
    first = [f"{action:>{size}}" for action, size in zip(actions, wide, strict=True)]
    lines = [f"  {head:<{width}}  {'  '.join(first)}".rstrip()]
    for name, (_, row) in zip(names, rows, strict=True):
        cells = [
            f"{row.counts.get(action) or '':>{size}}"
            for action, size in zip(actions, wide, strict=True)
        ]
        lines.append(f"  {name:<{width}}  {'  '.join(cells)}".rstrip())
    return lines


def _times(outline: Outline) -> list[str]:
    if outline.estimate is None:
        return []
    parts = [
        (part, sum(stop.seconds or 0.0 for stop in stops)) for part, stops in outline.stretches()
    ]
    least = outline.estimate * _TELLING
    told = [printable.line(f"{part} {spoken(took)}") for part, took in parts if took >= least]
    way = textwrap.wrap(
        f"critical path: {' → '.join(told)}", _WIDTH, subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [*way, estimate(outline), ""]


def _painted(symbol: str, text: str, *, color: bool) -> str:
    code = _COLORS.get(symbol)
    return f"\x1b[{code}m{text}\x1b[0m" if color and code else text
