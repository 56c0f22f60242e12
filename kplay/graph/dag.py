"""Cycles and longest paths: the only user of networkx, which knows nothing of playbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

Pair = tuple["Hashable", "Hashable"]


def cycle(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs (source, target) of one cycle, in order; empty when there is none."""
    import networkx as nx

    graph: nx.DiGraph[Hashable] = nx.DiGraph()
    graph.add_edges_from(pairs)
    try:
        return [(source, target) for source, target, *_ in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def longest_path(pairs: Iterable[Pair], seconds: Mapping[Hashable, float]) -> list[Hashable]:
    """The path whose vertices take longest together; each vertex missing in seconds counts 0."""
    import networkx as nx

    graph: nx.DiGraph[Hashable] = nx.DiGraph()
    graph.add_nodes_from(seconds)
    graph.add_edges_from(pairs)
    best: dict[Hashable, float] = {}
    before: dict[Hashable, Hashable | None] = {}
    for vertex in nx.topological_sort(graph):
        sources = list(graph.predecessors(vertex))
        source = max(sources, key=lambda one: best[one], default=None)
        before[vertex] = source
        best[vertex] = seconds.get(vertex, 0.0) + (best[source] if source is not None else 0.0)
    if not best:
        return []
    last: Hashable | None = max(best, key=lambda one: best[one])
    path: list[Hashable] = []
    while last is not None:
        path.append(last)
        last = before[last]
    return path[::-1]


def path(pairs: Iterable[Pair], source: Hashable, target: Hashable) -> list[Hashable]:
    """A shortest way from source to target, both included; empty when there is none."""
    import networkx as nx

    graph: nx.DiGraph[Hashable] = nx.DiGraph()
    graph.add_nodes_from((source, target))
    graph.add_edges_from(pairs)
    try:
        return list(nx.shortest_path(graph, source, target))
    except nx.NetworkXNoPath:
        return []
