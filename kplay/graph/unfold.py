"""Plays become trees of vertices in the order written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.graph.model import Branch, Leaf, PlayStrand, Position, Segment, Vertex
from kplay.graph.reach import reach_of
from kplay.graph.tags import TagChoice, tags_of
from kplay.playbook.model import Block, Include, Task, effective, lineage
from kplay.source import made_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.playbook.model import Node, Play
    from kplay.source import Span

FREE = frozenset({"graph", "free", "host_pinned"})
"""Strategies under which hosts do not wait for each other at tasks."""


def unfold(play: Play, index: int, hosts: list[str], tags: TagChoice) -> PlayStrand:
    """The whole play as a strand: facts, sections, handler flushes, end."""
    strategy = play.keywords.get("strategy")
    named = str(strategy.value).removeprefix("ansible.builtin.") if strategy else ""
    strand = PlayStrand(index, play, hosts, named)
    strand.waits_for_all = "needs" not in play.keywords
    grower = Grower(strand, tags)
    entries = strand.root.entries
    gather = play.keywords.get("gather_facts")
    if gather is None or gather.value not in (False, "no", "false"):
        entries.append(Leaf(grower.gather((index, len(entries)))))
    for section, nodes in play.sections():
        grower.grow(strand.root, (index,), nodes)
        if nodes or section == "roles and tasks":
            flush_handlers(grower, strand.root, (index,), f"handlers are flushed after {section}")
    entries.append(Leaf(grower.mark((index, len(entries)), "end", "the play ends", play.span)))
    return strand


def flush_handlers(grower: Grower, segment: Segment, prefix: Position, why: str) -> None:
    """A flush, then every handler of the play; a host runs those that were notified on it."""
    strand = grower.strand
    play = strand.play
    if not play.handlers and not any(_includes(nodes) for _, nodes in play.sections()):
        return
    mark = grower.mark((*prefix, len(segment.entries)), "flush", why, play.span)
    segment.entries.append(Leaf(mark))
    grower.grow(segment, prefix, play.handlers, handler=True)
    room = Branch(Block({}, play.span, kind="import"), (Segment(), Segment(), Segment()))
    strand.late_handlers.append((room.parts[0], (*prefix, len(segment.entries), 0)))
    segment.entries.append(room)


def _includes(nodes: Sequence[Node]) -> bool:
    return any(
        isinstance(node, Include)
        or (isinstance(node, Block) and _includes([*node.tasks, *node.rescue, *node.always]))
        for node in nodes
    )


class Grower:
    """Makes vertices for nodes, at load time and when an include expands."""

    def __init__(self, strand: PlayStrand, tags: TagChoice, *, after: str = "") -> None:
        self.strand = strand
        self.tags = tags
        self.after = after
        """What nothing below may overtake: the last barrier, by name; empty when there is none."""

    def grow(
        self, segment: Segment, prefix: Position, nodes: Sequence[Node], *, handler: bool = False
    ) -> None:
        """Append entries for nodes to a segment whose entries have positions under prefix."""
        for node in nodes:
            here = (*prefix, len(segment.entries))
            if isinstance(node, Block):
                parts = (Segment(), Segment(), Segment())
                for number, inner in enumerate((node.tasks, node.rescue, node.always)):
                    self.grow(parts[number], (*here, number), inner, handler=handler)
                segment.entries.append(Branch(node, parts))
            else:
                segment.entries.append(Leaf(self.vertex(here, node, handler=handler)))
                if isinstance(node, Task) and _flushes(node) and not handler:
                    flush_handlers(self, segment, prefix, "`meta: flush_handlers`")

    def vertex(self, position: Position, node: Task | Include, *, handler: bool) -> Vertex:
        """The vertex of a task or include, with the barrier that the play's strategy gives it."""
        play = self.strand.play
        reach, why = reach_of(self.strand, node)
        if self.strand.strategy in FREE:
            why = ""
        elif self.strand.strategy == "linear":
            why = "strategy: linear"
        elif node.keywords.get("run_once"):
            why = "run_once"
        elif _strict(play, node):
            why = "a failure here stops other hosts"
        if not why and self.after and self.strand.strategy not in FREE:
            why = f"below `{self.after}`"
            self.after = ""
        elif why:
            self.after = node.name
        tags = tags_of(play, node)
        role = f"{node.role.name} : " if node.role is not None else ""
        vertex = Vertex(
            key=".".join(map(str, position)),
            position=position,
            kind="include" if isinstance(node, Include) else "task",
            play=self.strand,
            node=node,
            span=node.span,
            name=f"{role}{node.name}",
            reach=reach,
            barrier=why,
            tags=tags,
            selected=self.tags.selects(tags) or handler,
            once=_once(play, node),
            handler=handler,
        )
        self.strand.vertices.append(vertex)
        return vertex

    def mark(self, position: Position, kind: str, why: str, span: Span) -> Vertex:
        """A vertex that is no task: a flush or the end of the play."""
        barrier = "" if self.strand.strategy in FREE else why
        vertex = Vertex(
            ".".join(map(str, position)),
            position,
            kind,
            self.strand,
            None,
            span,
            why,
            reach="cluster",
            barrier=barrier,
        )
        self.strand.vertices.append(vertex)
        return vertex

    def gather(self, position: Position) -> Vertex:
        """The implicit gathering of facts."""
        play = self.strand.play
        args: dict[str, object] = {}
        for keyword in ("gather_subset", "gather_timeout", "fact_path"):
            given = play.keywords.get(keyword)
            if given is not None:
                args[keyword] = given.value
        task = Task("setup", made_up(args, play.span.file), {}, play.span)
        task.keywords["name"] = made_up("Gathering Facts", play.span.file)
        vertex = self.vertex(position, task, handler=False)
        vertex.kind, vertex.reach, vertex.span = "gather", "host", play.span
        vertex.barrier = "strategy: linear" if self.strand.strategy == "linear" else ""
        vertex.selected = self.tags.selects(vertex.tags | {"always"})
        return vertex


def _flushes(node: Task) -> bool:
    return node.module == "meta" and node.args.value.get("_raw") == "flush_handlers"


BYPASS = frozenset({"add_host", "pause"})
"""Modules that run on the first host of a batch alone, and give the others nothing."""


def _once(play: Play, node: Node) -> bool:
    if isinstance(node, Task) and node.module in BYPASS:
        return True
    if isinstance(node, Task) and node.module == "meta":
        return False
    given = effective(play, node, "run_once")
    return given is not None and given.value not in (False, "no", "false")


def _strict(play: Play, node: Node) -> bool:
    holders = [play.keywords, *(block.keywords for block in lineage(node)), node.keywords]
    return any(
        "any_errors_fatal" in holder or "max_fail_percentage" in holder for holder in holders
    )
