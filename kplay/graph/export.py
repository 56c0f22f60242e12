"""Views of the graph for readers and for programs; every link with its reasons and places."""

from __future__ import annotations

from html import escape
from itertools import pairwise, product
from typing import TYPE_CHECKING

from kplay.graph.dag import path

if TYPE_CHECKING:
    from kplay.graph.model import Edge, Graph, Vertex
    from kplay.graph.view import Link, View

_ARROW = {"order": "-->", "barrier": "==>", "play": "==>", "needs": "-.->", "value": "-.->"}


def text(view: View) -> str:
    """One line a box, then a line for each reason to wait that is not plain order."""
    into = view.into()
    boxes = {box.key: box for box in view.boxes()}
    lane_of = {box.key: number for number, lane in enumerate(view.lanes) for box in lane.boxes}
    lines: list[str] = []
    for lane in view.lanes:
        lines.append(lane.title)
        for box in lane.boxes:
            mark = "*" if box.critical else " "
            took = f"  {box.seconds:.1f} s" if box.seconds is not None else ""
            lines.append(f"{mark} {box.key:<12} {box.name}  [{box.detail}]{took}")
            for link in into.get(box.key, ()):
                source = boxes[link.source]
                lines += [
                    f"{'':15}<- {source.key} {source.name}: {reason.why} ({reason.place})"
                    for reason in link.reasons
                    if reason.kind != "order" or lane_of[link.source] != lane_of[link.target]
                ]
    lines.append("* is on the critical path")
    return "\n".join(lines)


def mermaid(view: View) -> str:
    """A mermaid flowchart, a subgraph a lane."""
    lines = ["flowchart TD"]
    for number, lane in enumerate(view.lanes):
        lines.append(f'  subgraph p{number}["{_quoted(lane.name)}"]')
        lines += [f'    {_id(box.key)}["{_quoted(box.name)}"]' for box in lane.boxes]
        lines.append("  end")
    lines += [
        f'  {_id(link.source)} {_ARROW.get(link.kind, "-.->")}|"{_quoted(_whys(link))}"| '
        f"{_id(link.target)}"
        for link in view.links
    ]
    return "\n".join(lines)


def dot(view: View) -> str:
    """Graphviz DOT; the tooltip of an edge is its reasons and places."""
    lines = ["digraph kplay {", "  rankdir=TB; node [shape=box];"]
    for number, lane in enumerate(view.lanes):
        lines.append(f'  subgraph cluster_{number} {{ label="{_escaped(lane.name)}";')
        for box in lane.boxes:
            bold = " style=bold" if box.critical else ""
            lines.append(
                f'    {_id(box.key)} [label="{_escaped(box.name)}" '
                f'tooltip="{_escaped(box.detail)}"{bold}];'
            )
        lines.append("  }")
    for link in view.links:
        style = "solid" if link.kind in ("order", "barrier", "play") else "dashed"
        tip = _escaped("; ".join(f"{one.why} ({one.place})" for one in link.reasons))
        lines.append(
            f'  {_id(link.source)} -> {_id(link.target)} [style={style} label="{link.kind}" '
            f'tooltip="{tip}"];'
        )
    lines.append("}")
    return "\n".join(lines)


def why(graph: Graph, first: str, second: str) -> str:
    """What lies between two vertices, named by key or name; a line an edge.

    A handler, or a role used twice, has several vertices of one name: any two that wait will do.

    Raises:
        InputError: no vertex is called so.
    """
    from kplay.diagnostics import Diagnostic, suggest
    from kplay.errors import InputError

    found: list[list[Vertex]] = []
    for word in (first, second):
        matching = [v for v in graph.vertices() if word in (v.key, v.name)]
        if not matching:
            names = [vertex.name for vertex in graph.vertices()]
            message = f"the graph has no vertex `{word}`"
            raise InputError(Diagnostic("unknown-vertex", message, None, help=suggest(word, names)))
        found.append(matching)
    edges = {(edge.source.key, edge.target.key): edge for edge in graph.edges}
    ways = [path(edges, source.key, target.key) for source, target in product(*found)]
    keys = [str(key) for key in min((way for way in ways if len(way) > 1), key=len, default=[])]
    if not keys:
        return f"`{second}` does not wait for `{first}`"
    steps = [edges[pair] for pair in pairwise(keys)]
    return "\n".join(
        f"`{e.target.name}` waits for `{e.source.name}`: {e.why} ({place(e)})" for e in steps
    )


def place(edge: Edge) -> str:
    """File and line of what asks for an edge."""
    return f"{edge.span.file}:{edge.span.line}"


def where(vertex: Vertex) -> str:
    """Reach, and file and line of a vertex."""
    return f"{vertex.reach}, {vertex.span.file}:{vertex.span.line}"


def _whys(link: Link) -> str:
    return "; ".join(dict.fromkeys(reason.why for reason in link.reasons))


def _id(key: str) -> str:
    return "v" + key.replace(".", "_").replace("/", "_on_")


def _quoted(text: str) -> str:
    """A text for Mermaid, which takes labels for HTML."""
    return " ".join(escape(text, quote=False).replace('"', "&quot;").split())


def _escaped(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())
