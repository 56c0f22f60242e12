"""The graph as a reader looks at it: boxes in lanes and links between them.

By task a box is a vertex and a lane a play; by role a box is a run of one role's tasks; by host a
lane is the hosts that are in the same plays, and a box what one play does on them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from kplay.graph.critical import critical_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kplay.graph.model import Edge, Graph, PlayStrand, Vertex

NAMED = 3
"""More hosts than this are counted, not named."""


class Reason(NamedTuple):
    """Why one box waits for another: the kind of edge, in words, and file and line."""

    kind: str
    why: str
    place: str


@dataclass(frozen=True, slots=True)
class Box:
    """What a reader sees as one: a task, a role, or a play on some hosts."""

    key: str
    name: str
    kind: str
    """task, include, gather, flush, end, handler, role or play."""
    detail: str
    """Reach or size, and file and line."""
    names: frozenset[str]
    """Keys and names of the vertices in it."""
    hosts: tuple[str, ...] = ()
    seconds: float | None = None
    """What it took in an earlier run, on the slowest host; None where that is not known."""
    critical: bool = False
    keys: tuple[str, ...] = ()
    """Keys of the vertices in it, in the written order."""


@dataclass(frozen=True, slots=True)
class Link:
    """One box waits for another."""

    source: str
    target: str
    reasons: tuple[Reason, ...]
    critical: bool = False

    @property
    def kind(self) -> str:
        """The most telling kind of its reasons: anything before plain order."""
        kinds = [reason.kind for reason in self.reasons]
        return next((kind for kind in kinds if kind not in ("order", "barrier")), kinds[0])


@dataclass(frozen=True, slots=True)
class Lane:
    """Boxes one below the other."""

    name: str
    title: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Lanes in the written order; links lead from earlier boxes to later ones."""

    lanes: tuple[Lane, ...]
    links: tuple[Link, ...]

    def boxes(self) -> list[Box]:
        """Every box, lane after lane."""
        return [box for lane in self.lanes for box in lane.boxes]

    def into(self) -> dict[str, list[Link]]:
        """Links by the key of the box that waits."""
        table: dict[str, list[Link]] = {}
        for link in self.links:
            table.setdefault(link.target, []).append(link)
        return table


def by_task(graph: Graph, seconds: Mapping[str, float]) -> View:
    """A box for every task that tags select."""
    lanes, own = [], {}
    for strand in graph.plays:
        boxes = []
        for vertex in strand.vertices:
            if vertex.selected:
                own[vertex.key] = vertex.key
                kind = "handler" if vertex.handler else vertex.kind
                boxes.append(_box([vertex], vertex.name, kind, f"{vertex.reach}, ", seconds))
        lanes.append(_play_lane(strand, boxes))
    return _linked(graph, lanes, own, seconds)


def by_role(graph: Graph, seconds: Mapping[str, float]) -> View:
    """A box for every run of tasks of one role, or of a play's own tasks or handlers."""
    lanes, own = [], {}
    for strand in graph.plays:
        boxes = []
        shown = [vertex for vertex in strand.vertices if vertex.selected]
        for (name, kind), run in groupby(_with_marks_joined(shown), key=lambda one: one[0]):
            members = [vertex for _, vertex in run]
            own.update({vertex.key: members[0].key for vertex in members})
            count = f"{len(members)} task{'' if len(members) == 1 else 's'}, "
            boxes.append(_box(members, name, kind, count, seconds))
        lanes.append(_play_lane(strand, boxes))
    return _linked(graph, lanes, own, seconds)


def by_host(graph: Graph, seconds: Mapping[str, float]) -> View:
    """A lane for hosts that are in the same plays; a box for each play on them."""
    plays = [strand for strand in graph.plays if strand.hosts and strand.vertices]
    kinds: dict[tuple[int, ...], list[str]] = {}
    member = {strand.index: set(strand.hosts) for strand in plays}
    for host in dict.fromkeys(name for strand in plays for name in strand.hosts):
        among = tuple(index for index, names in member.items() if host in names)
        kinds.setdefault(among, []).append(host)
    critical = {vertex.play.index for vertex in critical_path(graph, seconds)}
    lanes = []
    for number, (among, hosts) in enumerate(kinds.items()):
        boxes = []
        for strand in plays:
            if strand.index in among:
                box = _box(strand.vertices, strand.name, "play", f"{_count(strand)}, ", seconds)
                key = f"{strand.index}/{number}"
                marked = strand.index in critical
                boxes.append(replace(box, key=key, hosts=tuple(hosts), critical=marked))
        lanes.append(Lane(shortened(hosts), f"{shortened(hosts)} ({len(hosts)})", tuple(boxes)))
    return View(tuple(lanes), tuple(_between_hosts(graph, list(kinds))))


WAYS: dict[str, Callable[[Graph, Mapping[str, float]], View]] = {
    "task": by_task,
    "role": by_role,
    "host": by_host,
}


def focused(view: View, word: str, *, steps: int = 2) -> View:
    """Only what lies within some links of the boxes that a word names.

    Args:
        view: the whole.
        word: a box's key or name, or that of a role or play, all of whose boxes are meant.
        steps: how many links.

    Raises:
        InputError: nothing is called so.
    """
    from kplay.diagnostics import Diagnostic, suggest
    from kplay.errors import InputError

    chosen = {box.key for box in view.boxes() if word in box.names or word in (box.key, box.name)}
    chosen |= {
        box.key
        for lane in view.lanes
        for box in lane.boxes
        if lane.name == word or box.name.startswith(f"{word} : ")
    }
    if not chosen:
        names = sorted({name for box in view.boxes() for name in box.names})
        message = f"the graph has no step `{word}`"
        raise InputError(Diagnostic("unknown-vertex", message, None, help=suggest(word, names)))
    before, after = set(chosen), set(chosen)
    for _ in range(steps):
        before |= {link.source for link in view.links if link.target in before}
        after |= {link.target for link in view.links if link.source in after}
    near = before | after
    lanes = [
        replace(lane, boxes=tuple(box for box in lane.boxes if box.key in near))
        for lane in view.lanes
    ]
    links = [link for link in view.links if link.source in near and link.target in near]
    return View(tuple(lane for lane in lanes if lane.boxes), tuple(links))


def shortened(hosts: Sequence[str], named: int = NAMED) -> str:
    """Hosts by name; of more than ``named`` the first ones and how many more there are."""
    if len(hosts) <= named:
        return ", ".join(hosts)
    return f"{', '.join(hosts[: named - 1])} and {len(hosts) - named + 1} more"


def _box(
    vertices: Sequence[Vertex], name: str, kind: str, what: str, seconds: Mapping[str, float]
) -> Box:
    first = vertices[0]
    known = [seconds[vertex.key] for vertex in vertices if vertex.key in seconds]
    return Box(
        key=first.key,
        name=name,
        kind=kind,
        detail=f"{what}{first.span.file}:{first.span.line}",
        names=frozenset(text for vertex in vertices for text in (vertex.key, vertex.name)),
        hosts=tuple(first.play.hosts),
        seconds=sum(known) if known else None,
        keys=tuple(vertex.key for vertex in vertices),
    )


def _play_lane(strand: PlayStrand, boxes: list[Box]) -> Lane:
    strategy = f", strategy {strand.strategy}" if strand.strategy else ""
    count = f"{len(strand.hosts)} host{'' if len(strand.hosts) == 1 else 's'}"
    title = f"play {strand.index + 1} `{strand.name}` ({count}{strategy})"
    return Lane(strand.name, title, tuple(boxes))


def _with_marks_joined(vertices: list[Vertex]) -> Iterable[tuple[tuple[str, str], Vertex]]:
    """Each vertex with the name and kind of its run; flushes and ends go with what is above."""
    run = ("", "")
    for vertex in vertices:
        if vertex.handler:
            run = ("handlers", "handler")
        elif vertex.kind == "gather":
            run = (vertex.name, "gather")
        elif vertex.node is not None:
            role = vertex.node.role
            run = (role.name, "role") if role is not None else ("tasks of the play", "task")
        elif not run[0]:
            run = (vertex.name, vertex.kind)
        yield run, vertex


def _count(strand: PlayStrand) -> str:
    number = sum(vertex.selected and vertex.node is not None for vertex in strand.vertices)
    return f"{number} task{'' if number == 1 else 's'}"


def _linked(
    graph: Graph, lanes: list[Lane], own: Mapping[str, str], seconds: Mapping[str, float]
) -> View:
    """The edges between boxes, those between one pair in one link."""
    found: dict[tuple[str, str], dict[Reason, None]] = {}
    for edge in _over_gaps(graph, own):
        source, target = own[edge.source.key], own[edge.target.key]
        if source != target:
            found.setdefault((source, target), {}).setdefault(_reason(edge))
    path = critical_path(graph, seconds)
    marked = {own[vertex.key] for vertex in path if vertex.key in own}
    steps = list(dict.fromkeys(own[vertex.key] for vertex in path if vertex.key in own))
    hot = set(pairwise(steps))
    links = [
        Link(source, target, tuple(reasons), (source, target) in hot)
        for (source, target), reasons in found.items()
    ]
    marked_lanes = [
        replace(lane, boxes=tuple(replace(b, critical=b.key in marked) for b in lane.boxes))
        for lane in lanes
    ]
    return View(tuple(marked_lanes), tuple(links))


def _over_gaps(graph: Graph, own: Mapping[str, str]) -> Iterable[Edge]:
    """The edges between shown vertices; an order that leads over others is one edge."""
    last: dict[str, Vertex] = {}
    for strand in graph.plays:
        before: Vertex | None = None
        for vertex in strand.vertices:
            before = vertex if vertex.key in own else before
            if before is not None:
                last[vertex.key] = before
    for edge in graph.edges:
        source = last.get(edge.source.key)
        if edge.target.key not in own or source is None or source is edge.target:
            continue
        if source is edge.source or edge.kind in ("order", "barrier", "play"):
            yield replace(edge, source=source)


def _between_hosts(graph: Graph, kinds: list[tuple[int, ...]]) -> Iterable[Link]:
    found: dict[tuple[str, str], dict[Reason, None]] = {}
    for number, among in enumerate(kinds):
        for before, after in pairwise(among):
            strand = graph.plays[after]
            reason = Reason("order", "the same hosts", f"{strand.play.span}")
            found.setdefault((f"{before}/{number}", f"{after}/{number}"), {}).setdefault(reason)
    for edge in graph.edges:
        before, after = edge.source.play.index, edge.target.play.index
        if before == after:
            continue
        for first, among in enumerate(kinds):
            for second, others in enumerate(kinds):
                if first != second and before in among and after in others:
                    pair = (f"{before}/{first}", f"{after}/{second}")
                    found.setdefault(pair, {}).setdefault(_reason(edge))
    return (Link(source, target, tuple(reasons)) for (source, target), reasons in found.items())


def _reason(edge: Edge) -> Reason:
    return Reason(edge.kind, edge.why, f"{edge.span.file}:{edge.span.line}")
