"""A plan as a page: filters by host, role and action, a search, diffs to unfold, and the graph."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kplay.graph.svg import svg
from kplay.graph.view import shortened
from kplay.plan.model import SYMBOLS
from kplay.plan.outline import box_of, owner
from kplay.report import entries, graph_html
from kplay.report.diff import unified
from kplay.report.entries import spoken
from kplay.report.failure import title
from kplay.report.page import page
from kplay.report.plan_text import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kplay.plan.model import PlanData
    from kplay.plan.outline import Outline, Stop
    from kplay.report.entries import Entry, Row
    from kplay.walk.events import StepEnded

_NAMED = 5
"""Of more hosts than this an entry's line names the first; its inside names all."""
_LISTED = 3
"""More entries than this with one cause are folded."""
_SEEN = {
    **{code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), 127)},
    **{code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F),
                                           *range(0x2066, 0x206A))},
}  # fmt: skip
"""Control characters, and those that turn the direction of writing, would hide what is there."""


def of(plan: PlanData, *, note: str = "") -> str:
    """One self-contained file.

    Args:
        plan: what is shown.
        note: who planned it, and when.
    """
    return _Page(plan, note).text()


class _Page:
    """Makes the parts of the page."""

    def __init__(self, plan: PlanData, note: str) -> None:
        self.plan = plan
        self.note = note
        self.entries = entries.grouped(plan)
        self.hosts = entries.by_host(plan)
        self.roles = entries.by_role(plan)
        self.sets: dict[tuple[str, ...], int] = {}
        """Lists of hosts: an entry has the number of its own."""
        boxes = box_of(plan.outline.role) if plan.outline is not None else {}
        self.keys = {one.id: owner(_key(one.step), boxes) for one in self.entries}
        self.by_key: dict[str, Entry] = {}
        for one in self.entries:
            self.by_key.setdefault(self.keys[one.id], one)

    def text(self) -> str:
        outline = self.plan.outline
        what = outline.title if outline is not None else ""
        body = [
            self._header(what),
            "<main>",
            self._summary(),
            self._unknowns(),
            self._tables(),
            self._changes(),
            self._path(outline) if outline is not None else "",
            self._graph(outline) if outline is not None else "",
            "</main>",
        ]
        text = "\n".join(filter(None, body))
        data: dict[str, Any] = {
            "hosts": [row.names[0] for row in self.hosts],
            "sets": [list(names) for names in self.sets],
        }
        if outline is not None:
            data["role"] = graph_html.data(outline.role)
            data["task"] = outline.task and graph_html.data(outline.task)
        return page(
            f"plan of {what}" if what else "plan", text,
            style="plan.css", programs=("picture.js", "plan.js"), plan=data,
        )  # fmt: skip

    def _header(self, what: str) -> str:
        links = ["summary", "changes"]
        if self.plan.outline is not None:
            links += ["path", "graph"]
        words = {"path": "critical path"}
        nav = "".join(f'<a href="#{name}">{words.get(name, name)}</a>' for name in links)
        return f"""<header><h1>plan <span class="soft">{_text(what)}</span></h1>
<input type="search" placeholder="search everything ( / )" aria-label="search">
<span id="count" class="soft" role="status"></span>
<button id="clear" hidden>clear filters</button>
<button id="unfold">unfold all</button><button id="fold">fold all</button>
<nav>{nav}</nav></header>"""

    def _summary(self) -> str:
        plan = self.plan
        lines = [f'<section id="summary"><p class="headline">{_text(plan.summary)}</p>']
        lines += [f'<p class="soft">{_text(self.note)}</p>'] if self.note else []
        lines += [
            f'<p class="lost">{_text(lost.host)} {_text(lost.status)}: {_text(lost.message)}</p>'
            for lost in plan.lost
        ]
        lines += [f'<p class="soft">help: {_text(plan.way_on)}</p>'] if plan.way_on else []
        said = estimate(plan.outline) if plan.outline is not None else ""
        lines += [f"<p>{_text(said)}</p>"] if said else []
        counts = dict.fromkeys(SYMBOLS, 0)
        for step in plan.changes:
            counts[entries.counted(step)] += 1
        chips = [
            f'<button class="chip {action}" data-filter="action" data-value="{action}" '
            f'aria-pressed="false"><b>{SYMBOLS[action]}</b> {number} {_words(action)}</button>'
            for action, number in counts.items()
            if number
        ]
        many = "" if plan.unchanged == 1 else "s"
        rest = f'<span class="soft">{plan.unchanged} step{many} with nothing to change</span>'
        return "\n".join([*lines, f'<div class="chips">{"".join(chips)}{rest}</div></section>'])

    def _unknowns(self) -> str:
        causes = entries.by_cause(self.entries)
        if not causes:
            return ""
        items = []
        for cause, found in causes.items():
            links = ", ".join(
                f'<a href="#{one.id}">{_text(title(one.step.place))}</a>' for one in found
            )
            why = f"because {_prose(cause)}" if cause else "without a cause that could be told"
            if len(found) > _LISTED:
                links = f"<details><summary>{len(found)} entries, {why}</summary>{links}</details>"
                why = ""
            items.append(f'<li>{links} <span class="soft">{why}</span></li>')
        head = "<h2>Unknown until it is run</h2>"
        return f'<section id="unknown">{head}<ul>{"".join(items)}</ul></section>'

    def _tables(self) -> str:
        if not self.entries:
            return ""
        hosts = _table("host", [(row.names[0], row) for row in self.hosts])
        names = [f"{row.names[0]} (own tasks)" if row.own else row.names[0] for row in self.roles]
        roles = _table("role", list(zip(names, self.roles, strict=True)))
        return f'<div class="tables">{hosts}{roles}</div>'

    def _changes(self) -> str:
        lines = ['<section id="changes"><h2>Changes</h2>']
        for play, run in groupby(self.entries, key=lambda one: one.step.place.play):
            lines.append(f'<section class="play"><h3>{_text(play)}</h3>')
            lines += map(self._entry, run)
            lines.append("</section>")
        for step in self.plan.ran:
            place = step.place
            lines.append(
                f'<p class="ran"><b>!</b> {_text(title(place))} was run on {_text(place.host)} '
                f'<span class="soft">{_text(_where(step))}</span></p>'
            )
        lines.append('<p id="none" hidden>nothing matches</p></section>')
        return "\n".join(lines)

    def _entry(self, entry: Entry) -> str:
        step, place = entry.step, entry.step.place
        hosts = self.sets.setdefault(tuple(entry.hosts), len(self.sets))
        role = next(
            number
            for number, row in enumerate(self.roles)
            if row.own is not bool(place.role) and row.names[0] == (place.role or place.play)
        )
        may = f' <i class="may">{entry.perhaps}</i>' if entry.perhaps else ""
        inside = [f"<p>because {_prose(cause)}</p>" for cause in entry.causes]
        inside += [f"<p>note: {_prose(note)}</p>" for note in entry.notes]
        if "censored" in step.result:
            inside.append(f"<p>{_text(str(step.result['censored']))}</p>")
        module = f"<dt>module</dt><dd>{_text(place.module)}</dd>"
        of_role = f"<dt>role</dt><dd>{_text(place.role)}</dd>" if place.role else ""
        on = f"<dt>delegated to</dt><dd>{_text(place.delegate)}</dd>" if place.delegate else ""
        inside += map(_diff, step.diff)
        return (
            f'<details class="entry" id="{entry.id}" data-action="{entry.action}" '
            f'data-set="{hosts}" data-role="{role}" data-key="{_text(self.keys[entry.id])}">'
            f'<summary><b class="{entry.action}">{entry.symbol}</b>'
            f'<span class="task">{_text(title(place))}{may}</span>'
            f'<span class="on">{_text(shortened(entry.hosts, _NAMED))}</span>'
            f'<span class="soft where">{_text(_where(step))}</span></summary>'
            f'<div class="inside"><dl>{module}{of_role}{on}<dt>hosts</dt><dd class="all"></dd></dl>'
            f'{"".join(inside)}<a class="link" href="#{entry.id}">link to this entry</a>'
            "</div></details>"
        )

    def _path(self, outline: Outline) -> str:
        if not outline.path:
            return ""
        items = []
        stretches = [
            (part, stops, sum(stop.seconds or 0.0 for stop in stops))
            for part, stops in outline.stretches()
        ]
        longest = max(took for *_, took in stretches)
        for part, stops, took in stretches:
            many = "" if len(stops) == 1 else "s"
            known = outline.estimate is not None
            time = f'<span class="time">{spoken(took)}</span>' if known else ""
            share = 100 * took / longest if longest else 0
            bar = f'<span class="bar"><i style="width:{share:.1f}%"></i></span>' if known else ""
            tasks = "".join(self._stop(stop) for stop in stops)
            items.append(
                f"<li><details><summary>{bar}{time}{_text(part)} "
                f'<span class="soft">{len(stops)} task{many}</span></summary>'
                f"<ol>{tasks}</ol></details></li>"
            )
        said = (
            f"The chain that takes longest, by earlier runs (the newest is {_text(outline.run)})."
            if outline.estimate is not None
            else "The longest chain of tasks. No earlier run of these playbooks is there to tell "
            "how long they take; every task counts the same."
        )
        return (
            f'<section id="path"><h2>Critical path</h2><p class="soft">{said}</p>'
            f"<ol>{''.join(items)}</ol></section>"
        )

    def _stop(self, stop: Stop) -> str:
        entry = self.by_key.get(stop.key)
        name = _text(stop.name)
        name = name if entry is None else f'<a href="#{entry.id}">{name}</a>'
        took = "" if stop.seconds is None else f'<span class="time">{spoken(stop.seconds)}</span>'
        return f'<li>{took}{name} <span class="soft">{_text(stop.place)}</span></li>'

    def _graph(self, outline: Outline) -> str:
        task = ""
        if outline.task is not None:
            task = '<button data-way="task" aria-pressed="false">by task</button>'
            task += f'<template id="by-task">{svg(outline.task)}</template>'
        return f"""<section id="graph"><h2>Graph</h2>
<div class="ways"><button data-way="role" aria-pressed="true">by role</button>{task}
<button id="closer" title="closer">+</button><button id="farther" title="farther">&minus;</button>
<span class="soft">orange: the critical path; dashed: values, needs, notifications; faint: nothing
changes</span></div>
<template id="by-role">{svg(outline.role)}</template>
<div class="both"><div id="picture" tabindex="-1"></div><aside></aside></div></section>"""


def _table(head: str, rows: Sequence[tuple[str, Row]]) -> str:
    actions = entries.columns(row for _, row in rows)
    heads = "".join(f'<th scope="col">{action}</th>' for action in actions)
    lines = []
    for number, (name, row) in enumerate(rows):
        cells = "".join(f"<td>{row.counts.get(action) or ''}</td>" for action in actions)
        button = (
            f'<button data-filter="{head}" data-value="{number}" aria-pressed="false">'
            f"{_text(name)}</button>"
        )
        lines.append(f'<tr><th scope="row">{button}</th>{cells}</tr>')
    return (
        f'<div class="table"><table id="{head}s"><thead><tr><th scope="col">{head}</th>{heads}'
        f"</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _diff(one: dict[str, str]) -> str:
    lines = unified([one])
    if not lines:
        return ""
    head = "" if "path" in one else f'<span class="head">{_text(one.get("label") or "")}</span>'
    first = 2 if "path" in one else 0
    marks = [("head", line) for line in lines[:first]] + [
        (_MARKS.get(line[:1], "same"), line) for line in lines[first:]
    ]
    return f'<pre class="diff">{head}{"".join(_runs(marks))}</pre>'


_MARKS = {"+": "add", "-": "cut", "@": "head"}


def _runs(marks: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Lines of one kind in one element."""
    for mark, run in groupby(marks, key=lambda one: one[0]):
        text = "\n".join(_text(line) for _, line in run)
        yield f'<span class="{mark}">{text}\n</span>'


def _key(step: StepEnded) -> str:
    return step.place.step.partition("@")[0]


def _where(step: StepEnded) -> str:
    return f"{step.place.file}:{step.place.line}"


def _words(action: str) -> str:
    return "unknown" if action == "unknown" else f"to {action}"


def _prose(text: str) -> str:
    """A sentence of kplay's own, which has names between backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    """What a user wrote, as text."""
    return escape(text.translate(_SEEN))
