"""A plan for a pull request or a ticket: Markdown as GitHub and GitLab read it.

What a user wrote stands in `<code>` with every sign of markup as a character reference, which no
Markdown takes for structure (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references),
or in a fence that is longer than any row of backticks in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.graph.view import shortened
from kplay.report import entries
from kplay.report.diff import unified
from kplay.report.entries import spoken
from kplay.report.failure import title
from kplay.report.plan_text import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.plan.model import PlanData
    from kplay.report.entries import Entry, Row

_MARKUP = re.compile(r":(?=//)|[^A-Za-z0-9 ,.:;/()=+%-]")
"""What may be markup; an address would become a link."""
_MOST = 50
"""Rows of the table of hosts."""
_FOLDED = (60, 20, 8)
"""Lines of a diff: so few that all of it goes into one comment, if that can be."""
_COMMENT = 65_000
"""Letters that a comment may have; GitHub's end is at 65,536."""


def of(plan: PlanData, *, note: str = "", full_diff: bool = False, every_host: bool = False) -> str:
    """The whole plan as Markdown.

    Args:
        plan: what is shown.
        note: who planned it, and when.
        full_diff: long diffs too are shown to their end.
        every_host: long lists of hosts too.
    """
    text = ""
    for limit in (0,) if full_diff else _FOLDED:
        text = _whole(plan, note=note, limit=limit, every_host=every_host)
        if len(text) <= _COMMENT:
            break
    return text


def _whole(plan: PlanData, *, note: str, limit: int, every_host: bool) -> str:
    shown = entries.grouped(plan)
    lines = [f"## {_escaped(plan.summary)}", ""]
    what = plan.outline.title if plan.outline is not None else ""
    lines += [", ".join(filter(None, [_code(what) if what else "", _escaped(note)])), ""]
    lines += [
        f"- **not whole:** {_code(lost.host)} {lost.status}, {_code(lost.message)}"
        for lost in plan.lost
    ]
    lines += [f"- help: {_code(plan.way_on)}"] if plan.way_on else []
    lines.append("")
    if plan.outline is not None and plan.outline.estimate is not None:
        said = _escaped(estimate(plan.outline))
        lines += [f"{said[:1].upper()}{said[1:]}.", ""]
    if shown:
        hosts = entries.merged(entries.by_host(plan))
        most = len(hosts) if every_host else _MOST
        lines += _table("host", [(_hosts(row.names, every_host), row) for row in hosts[:most]])
        if len(hosts) > most:
            lines += [f"{len(hosts) - most} more rows: `-v` shows them.", ""]
        lines += _table("role", [(_role(row), row) for row in entries.by_role(plan)])
        lines += _unknowns(shown)
    play = None
    for entry in shown:
        if entry.step.place.play != play:
            play = entry.step.place.play
            lines += [f"### {_code(play)}", ""]
        lines += _entry(entry, limit=limit, every_host=every_host)
    for step in plan.ran:
        place = step.place
        where = _code(f"{place.file}:{place.line}")
        lines += [f"- {_code('!')} {_code(title(place))} was run on {_code(place.host)} ({where})"]
    many = "" if plan.unchanged == 1 else "s"
    lines += ["", f"{plan.unchanged} step{many} with nothing to change."]
    lines += _path(plan)
    text = "\n".join(lines)
    return re.sub(r"\n{3,}", "\n\n", text)


def _entry(entry: Entry, *, limit: int, every_host: bool) -> list[str]:
    step, place = entry.step, entry.step.place
    may = f" ({entry.perhaps})" if entry.perhaps else ""
    hosts = _hosts(entry.hosts, every_host)
    lines = [
        f"<details><summary>{_code(entry.symbol)} {_code(title(place))}{may} on {hosts}</summary>",
        "",
        _code(f"{place.file}:{place.line}"),
        "",
    ]
    lines += [f"- because {_code(cause)}" for cause in entry.causes]
    lines += [f"- note: {_code(note)}" for note in entry.notes]
    if "censored" in step.result:
        lines.append(f"- {_escaped(str(step.result['censored']))}")
    diff = unified(step.diff, limit=limit)
    if diff:
        lines += ["", *_fenced(diff)]
    return [*lines, "", "</details>", ""]


def _fenced(lines: Sequence[str]) -> list[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", *lines, fence]


def _table(head: str, rows: Sequence[tuple[str, Row]]) -> list[str]:
    actions = entries.columns(row for _, row in rows)
    lines = [
        f"| {head} | {' | '.join(actions)} |",
        f"|---|{'--:|' * len(actions)}",
    ]
    for name, row in rows:
        cells = [str(row.counts.get(action) or "") for action in actions]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, ""]


def _unknowns(shown: Iterable[Entry]) -> list[str]:
    causes = entries.by_cause(shown)
    if not causes:
        return []
    lines = ["**Unknown until it is run:**", ""]
    for cause, of_it in causes.items():
        tasks = ", ".join(dict.fromkeys(_code(title(entry.step.place)) for entry in of_it))
        lines.append(f"- {tasks}" + (f", because {_code(cause)}" if cause else ""))
    return [*lines, ""]


def _path(plan: PlanData) -> list[str]:
    outline = plan.outline
    if outline is None or not outline.path or not plan.changes:
        return []
    lines = ["", "<details><summary>critical path</summary>", ""]
    for part, stops in outline.stretches():
        known = [stop.seconds for stop in stops if stop.seconds is not None]
        took = f", {spoken(sum(known))}" if known else ""
        many = "" if len(stops) == 1 else "s"
        lines.append(f"1. {_code(part)}: {len(stops)} task{many}{took}")
    return [*lines, "", "</details>"]


def _hosts(names: Sequence[str], every_host: bool) -> str:
    return _code(shortened(names, len(names)) if every_host else shortened(names))


def _role(row: Row) -> str:
    return f"own tasks of {_code(row.names[0])}" if row.own else _code(row.names[0])


def _code(text: str) -> str:
    return f"<code>{_escaped(text)}</code>"


def _escaped(text: str) -> str:
    """On one line, and nothing in it is markup."""
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(text.split()))
