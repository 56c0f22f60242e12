"""Where a run begins when it does not begin at the top (``--start-at-task``)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.graph.model import Branch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.graph.model import Graph, Segment, Vertex


def start_at(graph: Graph, name: str) -> None:
    """Leave out every task above the first that is called so; its play's facts are gathered.

    Args:
        graph: as built; vertices above the task are no longer selected.
        name: a task's name, with or without its role's, or a pattern for it.

    Raises:
        InputError: no task that a run reaches by itself is called so.
    """
    tasks = [vertex for play in graph.plays for vertex in _reached(play.root)]
    first = next((one for one in tasks if any(_fits(own, name) for own in _names(one))), None)
    if first is None:
        known = [own for one in tasks for own in _names(one)]
        notes = ("tasks of dynamic includes, handlers and rescues have no place to start at",)
        message = f"no task named `{name}`"
        raise InputError(
            Diagnostic("unknown-task", message, None, help=suggest(name, known), notes=notes)
        )
    for vertex in graph.vertices():
        own_facts = vertex.kind == "gather" and vertex.play is first.play
        if vertex.position < first.position and not vertex.handler and not own_facts:
            vertex.selected = False


def _fits(own: str, name: str) -> bool:
    return own == name or fnmatchcase(own, name)


def _names(vertex: Vertex) -> list[str]:
    assert vertex.node is not None  # noqa: S101 - marks are no tasks
    return [vertex.node.name, vertex.name]


def _reached(segment: Segment) -> Iterator[Vertex]:
    """Selected tasks in order, those that only a failure reaches left out."""
    for entry in segment.entries:
        if isinstance(entry, Branch):
            yield from _reached(entry.parts[0])
            yield from _reached(entry.parts[2])
        elif entry.vertex.kind in ("task", "include") and entry.vertex.selected:
            yield from [] if entry.vertex.handler else [entry.vertex]
