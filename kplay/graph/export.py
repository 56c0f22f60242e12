"""The graph for a reader: text, mermaid, DOT; every edge with its reason and place."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

from kplay.graph.dag import longest_path, path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.graph.model import Edge, Graph, Vertex

_ARROW = {"order": "-->", "barrier": "==>", "play": "==>", "needs": "-.->", "value": "-.->"}


def text(graph: Graph, seconds: Mapping[str, float] | None = None) -> str:
    """One line a vertex, then a line for each edge into it that is not plain order."""
    into = graph.into()
    critical = {vertex.key for vertex in critical_path(graph, seconds or {})}
    lines: list[str] = []
    for strand in graph.plays:
        strategy = f", strategy {strand.strategy}" if strand.strategy else ""
        count = len(strand.hosts)
        lines.append(f"play {strand.index + 1} `{strand.name}` ({count} hosts{strategy})")
        for vertex in strand.vertices:
            if not vertex.selected:
                continue
            mark = "*" if vertex.key in critical else " "
            lines.append(f"{mark} {vertex.key:<12} {vertex.name}  [{where(vertex)}]")
            lines += [
                f"{'':15}<- {edge.source.key} {edge.source.name}: {edge.why} ({place(edge)})"
                for edge in into.get(vertex.key, ())
                if edge.kind != "order" or edge.source.play is not vertex.play
            ]
    lines.append("* is on the critical path")
    return "\n".join(lines)


def mermaid(graph: Graph) -> str:
    """A mermaid flowchart, a subgraph a play."""
    lines = ["flowchart TD"]
    for strand in graph.plays:
        lines.append(f'  subgraph p{strand.index}["{_quoted(strand.name)}"]')
        lines += [f'    {_id(v)}["{_quoted(v.name)}"]' for v in _shown(strand.vertices)]
        lines.append("  end")
    lines += [
        f'  {_id(edge.source)} {_ARROW.get(edge.kind, "-.->")}|"{_quoted(edge.why)}"| '
        f"{_id(edge.target)}"
        for edge in _between(graph)
    ]
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """Graphviz DOT; the tooltip of an edge is its reason and place."""
    lines = ["digraph kplay {", "  rankdir=TB; node [shape=box];"]
    for strand in graph.plays:
        lines.append(f'  subgraph cluster_{strand.index} {{ label="{_escaped(strand.name)}";')
        lines += [f'    {_id(v)} [label="{_escaped(v.name)}"];' for v in _shown(strand.vertices)]
        lines.append("  }")
    for edge in _between(graph):
        style = "solid" if edge.kind in ("order", "barrier", "play") else "dashed"
        tip = _escaped(f"{edge.why} ({place(edge)})")
        lines.append(
            f'  {_id(edge.source)} -> {_id(edge.target)} [style={style} label="{edge.kind}" '
            f'tooltip="{tip}"];'
        )
    lines.append("}")
    return "\n".join(lines)


def critical_path(graph: Graph, seconds: Mapping[str, float]) -> list[Vertex]:
    """The chain of vertices that takes longest; every vertex counts 1 where no time is known."""
    table = {vertex.key: vertex for vertex in graph.vertices() if vertex.selected}
    weights: dict[object, float] = {key: seconds.get(key, 0.0) if seconds else 1.0 for key in table}
    keys = longest_path(((e.source.key, e.target.key) for e in graph.edges), weights)
    return [table[str(key)] for key in keys if str(key) in table]


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


def _shown(vertices: Iterable[Vertex]) -> list[Vertex]:
    return [vertex for vertex in vertices if vertex.selected]


def _between(graph: Graph) -> list[Edge]:
    return [edge for edge in graph.edges if edge.source.selected and edge.target.selected]


def _id(vertex: Vertex) -> str:
    return "v" + vertex.key.replace(".", "_")


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
