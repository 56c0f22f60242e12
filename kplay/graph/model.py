"""The graph: tasks and barriers as vertices, and why one waits for another.

Vertices are never multiplied by hosts. The tree of segments keeps the shape of blocks, so that a
host that fails finds its rescue; the edges say what a vertex waits for beyond its own host's order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from kplay.playbook.model import Block, Include, Play, Task
    from kplay.source import Span

Position = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Vertex:
    """One task, include, flush or end of a play."""

    key: str
    """Stable id: the position joined by dots."""
    position: Position
    """Place in the written order; a host only ever moves to a greater one."""
    kind: str
    """task, include, gather, flush or end."""
    play: PlayStrand
    node: Task | Include | None
    span: Span
    name: str
    reach: str = "cluster"
    barrier: str = ""
    """Why everything above must be done on all hosts of the play first; empty when it need not."""
    tags: frozenset[str] = frozenset()
    selected: bool = True
    """False when --tags or --skip-tags leave it out."""
    once: bool = False
    handler: bool = False


@dataclass(eq=False, slots=True)
class Segment:
    """A list of entries that a host walks in order."""

    entries: list[Entry] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Branch:
    """A block: tasks, rescue, always."""

    block: Block
    parts: tuple[Segment, Segment, Segment]


@dataclass(eq=False, slots=True)
class Leaf:
    """A vertex in its place; an include's leaf gains segments when it expands."""

    vertex: Vertex
    expansions: dict[str, Segment] = field(default_factory=dict)


Entry = Leaf | Branch


@dataclass(frozen=True, slots=True)
class Edge:
    """target waits for source.

    kind is order (the same host's), barrier (all hosts of the play), play (one play after
    another), needs, value, facts, once, delegate or notify.
    """

    source: Vertex
    target: Vertex
    kind: str
    why: str
    span: Span
    """Of kind facts, target waits on each host only for the hosts in ``Graph.foreign``."""


@dataclass(eq=False, slots=True)
class PlayStrand:
    """A play of the graph: its hosts, its tree of entries, and what the play itself waits for."""

    index: int
    play: Play
    hosts: list[str]
    strategy: str
    root: Segment = field(default_factory=Segment)
    vertices: list[Vertex] = field(default_factory=list)
    late_handlers: list[tuple[Segment, Position]] = field(default_factory=list)
    """At each flush, room for handlers that includes bring, and the prefix of their positions."""
    brought: set[int] = field(default_factory=set)
    """Identities of the handlers that includes brought."""
    expansions: dict[Position, str] = field(default_factory=dict)
    """What includes were given, by the position under which they were expanded: as the number in
    it is by who came first, this is what tells one expansion from another in every run."""
    waits_for_all: bool = True
    """Waits for the end of every play above; False when the play says ``needs``."""

    @property
    def name(self) -> str:
        """The play's name, or its hosts pattern."""
        return self.play.name


@dataclass(eq=False, slots=True)
class Graph:
    """Every play, and every edge that is known before the run."""

    plays: list[PlayStrand] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    expected: Collection[str] = ()
    """Names of hosts and groups that tasks add while it is walked."""
    foreign: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """Vertex key to a host to the hosts whose facts it reads there, of hosts gathered aside."""

    def vertices(self) -> list[Vertex]:
        """All vertices in the written order."""
        return [vertex for play in self.plays for vertex in play.vertices]

    def into(self) -> dict[str, list[Edge]]:
        """Edges by the key of their target."""
        table: dict[str, list[Edge]] = {}
        for edge in self.edges:
            table.setdefault(edge.target.key, []).append(edge)
        return table
