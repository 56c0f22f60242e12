"""The edges of the graph, one small function per reason, in one tuple.

Each transform takes the graph and the inventory's rules as they are and adds its edges; none
looks at another's. The scheduler keeps the same rules while hosts walk: see ``kplay.walk``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.graph.model import Edge, Graph, Vertex
from kplay.graph.unfold import FREE
from kplay.graph.values import foreign_reads, producers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.graph.model import PlayStrand
    from kplay.source import Sourced


def order(graph: Graph) -> None:
    """On one host, steps run in the order written; barriers make it the order of all hosts."""
    for strand in graph.plays:
        for before, after in pairwise(strand.vertices):
            if after.barrier:
                graph.edges.append(Edge(before, after, "barrier", after.barrier, after.span))
            else:
                graph.edges.append(Edge(before, after, "order", "the same host", after.span))


def plays(graph: Graph) -> None:
    """A play waits for the plays above it, or for its own hosts' steps when it says ``needs``."""
    for number, strand in enumerate(graph.plays):
        if not strand.vertices:
            continue
        first = strand.vertices[0]
        for above in reversed(graph.plays[:number]):
            if not above.vertices:
                continue
            last = above.vertices[-1]
            if strand.waits_for_all:
                graph.edges.append(Edge(last, first, "play", "plays run in order", first.span))
                break
            if set(above.hosts) & set(strand.hosts):
                why = "hosts of both plays run one play at a time"
                graph.edges.append(Edge(last, first, "order", why, first.span))


def needs(graph: Graph) -> None:
    """``needs`` names a play, task, role or tag: of its own file, else of the files above it."""
    faults: list[Diagnostic] = []
    for strand in graph.plays:
        given = strand.play.keywords.get("needs")
        if given is not None and strand.vertices:
            for name in _names(given):
                faults += _need(graph, strand.vertices[0], name, whole_play=True)
        for vertex in strand.vertices:
            given = vertex.node.keywords.get("needs") if vertex.node is not None else None
            for name in _names(given) if given is not None else ():
                faults += _need(graph, vertex, name, whole_play=False)
    if faults:
        raise InputError(faults)


def _names(given: Sourced) -> Iterator[Sourced]:
    if isinstance(given.value, list):
        yield from given.elements()
    else:
        yield given


def _need(graph: Graph, vertex: Vertex, name: Sourced, *, whole_play: bool) -> list[Diagnostic]:
    word = str(name.value)
    found = [last for last in named(graph, word) if last is not vertex]
    if whole_play:
        found = [last for last in found if last.play is not vertex.play]
    if not found:
        known = {text for other in graph.vertices() for text in names_of(other)}
        message = f"`needs` names `{word}`, which is no play, task, role or tag of this playbook"
        return [Diagnostic("unknown-need", message, name.span, help=suggest(word, sorted(known)))]
    for source in _nearest(found, vertex.play):
        graph.edges.append(Edge(source, vertex, "needs", f"needs `{word}`", name.span))
    return []


def _nearest(found: list[Vertex], user: PlayStrand) -> list[Vertex]:
    """Files that run one after the other may use the same names, each for its own."""
    own = [one for one in found if one.play.play.span.file == user.play.span.file]
    return own or [one for one in found if one.play.index < user.index] or found


def names_of(vertex: Vertex) -> set[str]:
    """What ``needs`` may call a vertex: its task's name, its role, its tags, its play."""
    names = set(vertex.tags) | {vertex.play.name}
    if vertex.node is not None:
        names.add(vertex.node.name)
        if vertex.node.role is not None:
            names.add(vertex.node.role.name)
    return names


def named(graph: Graph, word: str) -> list[Vertex]:
    """The last vertex of each run of vertices that a name stands for, per play."""
    found: list[Vertex] = []
    for strand in graph.plays:
        if strand.name == word and strand.vertices:
            found.append(strand.vertices[-1])
            continue
        matching = [vertex for vertex in strand.vertices if word in names_of(vertex)]
        if matching:
            found.append(matching[-1])
    return found


def values(graph: Graph) -> None:
    """A step that reads another host's value waits for the steps that make it."""
    made = producers(graph)
    for strand in graph.plays:
        for vertex in strand.vertices:
            if vertex.node is None:
                continue
            reads = foreign_reads(strand, vertex.node)
            for name in sorted(reads.names):
                for source in made.get(name, ()):
                    if source.position < vertex.position:
                        why = f"reads `{name}` of another host"
                        graph.edges.append(Edge(source, vertex, "value", why, vertex.span))
            if reads.opaque and strand.strategy in FREE and not vertex.barrier:
                vertex.barrier = "it reads other hosts' variables that cannot be told apart"


def run_once(graph: Graph) -> None:
    """Other hosts wait for the one that runs a ``run_once`` task."""
    for strand in graph.plays:
        for vertex, after in pairwise(strand.vertices):
            if vertex.once and not after.barrier:
                why = "run_once: its result goes to every host of the play"
                graph.edges.append(Edge(vertex, after, "once", why, vertex.span))


def delegation(graph: Graph) -> None:
    """A delegated step waits for the steps above it on the host that it acts on."""
    for strand in graph.plays:
        for before, vertex in pairwise(strand.vertices):
            given = vertex.node.keywords.get("delegate_to") if vertex.node is not None else None
            if given is not None and not vertex.barrier:
                why = f"acts on `{given.value}`"
                graph.edges.append(Edge(before, vertex, "delegate", why, given.span))


def notification(graph: Graph) -> None:
    """A handler waits for the tasks that notify it."""
    for strand in graph.plays:
        handlers = [vertex for vertex in strand.vertices if vertex.handler and vertex.node]
        if not handlers:
            continue
        heard: dict[str, list[Vertex]] = {}
        for handler in handlers:
            for word in topics(handler):
                heard.setdefault(word, []).append(handler)
        for vertex in strand.vertices:
            given = vertex.node.keywords.get("notify") if vertex.node is not None else None
            for name in _names(given) if given is not None else ():
                later = (h for h in heard.get(str(name.value), ()) if h.position > vertex.position)
                target = next(later, None)
                if target is not None:
                    why = f"notifies `{name.value}`"
                    graph.edges.append(Edge(vertex, target, "notify", why, name.span))


def topics(vertex: Vertex) -> set[str]:
    """The words under which a handler is notified: its name, ``role : name`` and ``listen``."""
    return called(vertex) | listens(vertex)


def called(vertex: Vertex) -> set[str]:
    """The names of a handler: its own, and with its role."""
    node = vertex.node
    if node is None:
        return set()
    return {node.name} | ({f"{node.role.name} : {node.name}"} if node.role is not None else set())


def listens(vertex: Vertex) -> set[str]:
    """What a handler listens to."""
    listen = vertex.node.keywords.get("listen") if vertex.node is not None else None
    return {str(name.value) for name in _names(listen)} if listen is not None else set()


TRANSFORMS: tuple[Callable[[Graph], None], ...] = (
    order,
    plays,
    needs,
    values,
    run_once,
    delegation,
    notification,
)
