"""Gathering the facts of hosts that no play runs on, beside everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.graph.model import Edge, Leaf, PlayStrand
from kplay.graph.tags import TagChoice
from kplay.graph.unfold import Grower
from kplay.playbook.model import Play
from kplay.source import made_up

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kplay.graph.model import Graph
    from kplay.graph.outside import Reads

NAME = "Facts of hosts outside --limit"
# What decides how a host is reached and what is gathered of it
_KEPT = frozenset(
    {"become", "become_user", "become_method", "become_flags", "become_exe", "connection", "port",
     "remote_user", "environment", "vars", "gather_subset", "gather_timeout", "fact_path"}
)  # fmt: skip


def gather_aside(
    graph: Graph, by_play: Mapping[int, Collection[str]], reads: Collection[Reads]
) -> None:
    """Add a play of nothing but facts for each play that would have gathered them.

    No other play waits for it; a step waits for those hosts of it whose facts it reads.

    Args:
        graph: the graph, with its edges.
        by_play: index of the play that would have gathered to the hosts.
        reads: which vertices read which hosts' facts.
    """
    for index, hosts in by_play.items():
        strand = _strand(graph, index, sorted(hosts))
        (gather,) = strand.vertices
        for one in reads:
            others = {name: facts for name, facts in one.others.items() if name in hosts}
            if not others:
                continue
            names = ", ".join(sorted({name for facts in others.values() for name in facts}))
            why = f"reads {names} of {', '.join(sorted(others))}, which --limit leaves out"
            graph.edges.append(Edge(gather, one.vertex, "facts", why, one.vertex.span))
            table = graph.foreign.setdefault(one.vertex.key, {})
            for host, read in one.of.items():
                table[host] = table.get(host, frozenset()) | (read.keys() & set(hosts))


def _strand(graph: Graph, index: int, hosts: list[str]) -> PlayStrand:
    source = graph.plays[index].play
    keywords = {word: given for word, given in source.keywords.items() if word in _KEPT}
    play = Play(
        NAME,
        made_up(hosts, source.span.file),
        keywords,
        source.span,
        variables=source.variables,
        vars_files=source.vars_files,
        directory=source.directory,
    )
    # At the end, so that the ids of the other plays' steps are the same with and without it
    strand = PlayStrand(len(graph.plays), play, hosts, "free", waits_for_all=False)
    vertex = Grower(strand, TagChoice()).gather((strand.index, 0))
    assert vertex.node is not None  # noqa: S101 - it calls setup
    vertex.name = NAME
    vertex.node.keywords["name"] = made_up(NAME, source.span.file)
    strand.root.entries.append(Leaf(vertex))
    graph.plays.append(strand)
    return strand
