"""Which tasks --tags and --skip-tags leave in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplay.playbook.model import gathered
from kplay.playbook.values import names_in

if TYPE_CHECKING:
    from kplay.playbook.model import Node, Play
    from kplay.source import Sourced


class TagChoice(NamedTuple):
    """What the command line asks for; ``only`` empty means all."""

    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def selects(self, tags: frozenset[str]) -> bool:
        """Ansible's rule: always, never, tagged, untagged and all are special."""
        only = self.only or frozenset({"all"})
        chosen = bool(only & tags)
        if "all" in only and "never" not in tags:
            chosen = True
        if "tagged" in only and tags - {"always", "never"} and "never" not in tags:
            chosen = True
        if "untagged" in only and not tags - {"always", "never"} and "never" not in tags:
            chosen = True
        if "always" in tags and not ("never" in tags and not only & tags):
            chosen = True
        if not chosen:
            return False
        if self.skip & tags:
            return False
        if "all" in self.skip and "always" not in tags:
            return False
        if "tagged" in self.skip and tags - {"always"}:
            return False
        return not ("untagged" in self.skip and not tags)


def tags_of(play: Play, node: Node) -> frozenset[str]:
    """All tags of a node, those of its blocks, role and play included."""
    found: set[str] = set()
    for holder in gathered(play, node, "tags"):
        found |= names_of(holder)
    return frozenset(found)


def names_of(given: Sourced | None) -> set[str]:
    """The tags that one ``tags`` keyword names."""
    return set(names_in(given.value)) if given is not None else set()
