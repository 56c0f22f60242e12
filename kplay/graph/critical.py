"""The critical path: the chain of steps that takes longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.graph.dag import longest_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.graph.model import Graph, Vertex


def critical_path(graph: Graph, seconds: Mapping[str, float]) -> list[Vertex]:
    """The chain of vertices that takes longest; every vertex counts 1 where no time is known."""
    table = {vertex.key: vertex for vertex in graph.vertices() if vertex.selected}
    weights: dict[object, float] = {key: seconds.get(key, 0.0) if seconds else 1.0 for key in table}
    keys = longest_path(((e.source.key, e.target.key) for e in graph.edges), weights)
    return [table[str(key)] for key in keys if str(key) in table]
