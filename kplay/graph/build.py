"""From plays and hosts to a graph: unfold, then the transforms, then no cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.graph.dag import cycle
from kplay.graph.model import Graph
from kplay.graph.tags import TagChoice
from kplay.graph.transforms import TRANSFORMS
from kplay.graph.unfold import unfold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.playbook.model import Playbook


def build(playbook: Playbook, hosts: Sequence[list[str]], tags: TagChoice | None = None) -> Graph:
    """The graph of a playbook.

    Args:
        playbook: as loaded.
        hosts: for each play, the hosts that its pattern selects.
        tags: what --tags and --skip-tags ask for.

    Raises:
        InputError: ``needs`` names nothing, or the edges close a cycle.
    """
    graph = Graph()
    for index, play in enumerate(playbook.plays):
        graph.plays.append(unfold(play, index, hosts[index], tags or TagChoice()))
    for transform in TRANSFORMS:
        transform(graph)
    refuse_cycles(graph)
    return graph


def refuse_cycles(graph: Graph) -> None:
    """Raise InputError with the whole path when the edges close a cycle.

    The edges that only follow the written order are shown as notes; the diagnostic points at the
    ``needs`` that closes the cycle.
    """
    edges = {(edge.source.key, edge.target.key): edge for edge in graph.edges}
    found = cycle(edges)
    if not found:
        return
    members = [edges[str(source), str(target)] for source, target in found]
    closing = next((edge for edge in members if edge.kind == "needs"), members[0])
    notes = tuple(
        f"`{edge.target.name}` waits for `{edge.source.name}`: {edge.why} ({edge.span})"
        for edge in members
    )
    message = f"`{closing.target.name}` waits for itself"
    raise InputError(
        Diagnostic("cycle", message, closing.span, notes=notes, help=("remove one `needs`",))
    )
