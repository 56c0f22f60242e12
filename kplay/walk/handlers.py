"""Which handlers a word of ``notify`` reaches.

Every handler that listens to the word, and one that is called so. Of those with one name there is
one, as in Ansible: the last role or section to bring the name wins, and in it the first so called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.graph.transforms import called, listens

if TYPE_CHECKING:
    from kplay.graph.model import PlayStrand, Vertex
    from kplay.walk.world import World


class Handlers:
    """The handlers of every play, those that includes bring with them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._known: dict[int, tuple[int, list[Vertex]]] = {}

    def reached(self, strand: PlayStrand, word: str, host: str) -> list[Vertex]:
        """The handlers that a word notifies on a host."""
        heard: dict[object, Vertex] = {}
        winner: Vertex | None = None
        for vertex in self.of(strand):
            if word in listens(vertex):
                name = _written(vertex) or id(vertex.node)
                if _wins(vertex, heard.get(name)):
                    heard[name] = vertex
            if word in self._names(vertex, host) and _wins(vertex, winner):
                winner = vertex
        found = list(heard.values())
        return found if winner is None or winner in found else [*found, winner]

    def words(self, strand: PlayStrand) -> list[str]:
        """Every word that notifies something, for a suggestion."""
        return sorted({w for v in self.of(strand) for w in called(v) | listens(v)})

    def of(self, strand: PlayStrand) -> list[Vertex]:
        """Each handler once; every flush of a play has a vertex for it."""
        size, known = self._known.get(strand.index, (0, []))
        if size != len(strand.vertices):
            by_node: dict[int, Vertex] = {}
            for vertex in strand.vertices:
                if vertex.handler and vertex.node is not None:
                    by_node.setdefault(id(vertex.node), vertex)
            known = list(by_node.values())
            self._known[strand.index] = (len(strand.vertices), known)
        return known

    def _names(self, vertex: Vertex, host: str) -> set[str]:
        names = called(vertex)
        assert vertex.node is not None  # noqa: S101 - they were chosen so
        if not any("{{" in name for name in names):
            return names
        scope = self.world.scope(vertex, vertex.node, host)
        try:
            return names | {str(scope.template(name)) for name in names}
        except KplayError:
            return names


def _written(vertex: Vertex) -> str:
    given = vertex.node.keywords.get("name") if vertex.node is not None else None
    return str(given.value) if given is not None and given.value else ""


def _wins(vertex: Vertex, other: Vertex | None) -> bool:
    """Whether a handler takes a name from an earlier one."""
    if other is None:
        return True
    node, before = vertex.node, other.node
    assert node is not None  # noqa: S101 - they were chosen so
    assert before is not None  # noqa: S101 - as above
    if (id(node.parent), id(node.role)) == (id(before.parent), id(before.role)):
        return False
    if node.role is None or before.role is None or id(node) not in vertex.play.brought:
        return True
    # An include of a role that the play has already brings no handlers of its own
    return node.role.name != before.role.name
