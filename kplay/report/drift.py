"""A step that is not as its plan file has it, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, render
from kplay.report.diff import unified
from kplay.report.failure import span, title, where

if TYPE_CHECKING:
    from kplay.walk.events import Drifted


def text(event: Drifted) -> str:
    """The diagnostic of a drift, of several lines: what differs, where, and what was found."""
    place = event.place
    what = "goes on with what is found" if event.accepted else "not run"
    fault = Diagnostic("drifted", f"{title(place)}: not as planned, {what}", span(place))
    lines = [
        render(fault).replace("error[", "warning[", 1) if event.accepted else render(fault),
        f" = host: {where(place)}",
        f" = planned: {event.planned}",
        f" = found: {event.found}",
    ]
    lines += [_row(row) for row in event.fields]
    shown = unified(event.diff)
    if shown and not event.accepted:
        lines += [" = what it would do now:", *(f"     {line}" for line in shown)]
    if event.behind:
        lines.append(f" = note: behind `{event.behind}`, of which a plan cannot tell what it does")
    return "\n".join(lines)


def _row(row: dict[str, str]) -> str:
    if not row["field"]:
        return " = what is hidden of it differs"
    said = [f"{word} {row[word]}" for word in ("planned", "found") if word in row]
    return f" = {row['field']}: {', '.join(said) or 'differs'}"
