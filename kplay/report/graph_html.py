"""The graph as a page: the picture, a search, and for each step what it waits for and why."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from kplay.graph.svg import svg
from kplay.report.page import page

if TYPE_CHECKING:
    from kplay.graph.view import View


def html(view: View, title: str) -> str:
    """One self-contained file."""
    body = f"""<header><h1>{escape(title)}</h1>
<input type="search" placeholder="search steps, files, hosts; Enter: next" aria-label="search">
<span id="count" class="soft" aria-live="polite"></span>
<button id="closer" title="closer">+</button><button id="farther" title="farther">&minus;</button>
<span class="soft">orange: the critical path; dashed: values, needs and notifications</span>
</header>
<main><div id="picture">{svg(view)}</div><aside></aside></main>"""
    programs = ("picture.js", "graph.js")
    return page(title, body, style="graph.css", programs=programs, graph=data(view))


def data(view: View) -> dict[str, Any]:
    """Boxes and links as JSON-ready data."""
    boxes = []
    for box in view.boxes():
        one = asdict(box)
        del one["names"]
        boxes.append(one)
    links = [
        {
            "source": link.source,
            "target": link.target,
            "reasons": [reason._asdict() for reason in link.reasons],
        }
        for link in view.links
    ]
    return {"boxes": boxes, "links": links}
