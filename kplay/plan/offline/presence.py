"""Which hosts are still there: who has left a play, a batch or a role, and what is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.walk.batches import batches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.graph.model import PlayStrand, Vertex
    from kplay.playbook.model import Role
    from kplay.resolve.variables import VariableStore
    from kplay.walk.gates import PlayRun


class Presence:
    """The hosts of the play under way."""

    def __init__(self) -> None:
        self.doubt = ""
        """What decides whether the entries under way are come to at all."""
        self.batches: list[list[str]] = []
        """The hosts of the play, as ``serial`` parts them."""
        self._ended: set[str] = set()
        self._failed: set[str] = set()
        self._departures = 0
        self._rest: dict[int, tuple[list[str], int, list[str]]] = {}
        self._roles: dict[tuple[int, str], dict[str, Role]] = {}
        self._out_of_role: dict[int, set[str]] = {}

    def begin(self, strand: PlayStrand) -> list[str]:
        """A play begins; gives its hosts that have not failed in an earlier one."""
        self._ended.clear()
        self._departures += 1
        self.doubt = ""
        return self.left(strand.hosts)

    def part(self, run: PlayRun, store: VariableStore) -> None:
        """Part the hosts of the play as its ``serial`` says."""
        self.batches = batches(run, store)

    def left(self, hosts: list[str]) -> list[str]:
        """The hosts that are still in the play; one list for one set of hosts."""
        out = self._ended | self._failed
        if not out:
            return hosts
        kept = self._rest.get(id(hosts))
        if kept is None or kept[1] != self._departures:
            left = [name for name in hosts if name not in out]
            left = hosts if len(left) == len(hosts) else left
            kept = self._rest[id(hosts)] = (hosts, self._departures, left)
        return kept[2]

    def end(self, hosts: Iterable[str]) -> None:
        """The play is over for hosts, as ``meta`` has it."""
        self._ended.update(hosts)
        self._departures += 1

    def fail(self, hosts: Iterable[str]) -> None:
        """Hosts fail, and go no further unless they are taken up."""
        self._failed.update(hosts)
        self._departures += 1

    def take_up(self, hosts: list[str]) -> list[str]:
        """Let those that have failed go on; gives them."""
        fell = [name for name in hosts if name in self._failed]
        self._failed.difference_update(fell)
        self._departures += bool(fell)
        return fell

    def speakers(self, hosts: list[str]) -> list[str]:
        """The first host of each batch: it runs what runs once, and ends the batch."""
        if len(self.batches) == 1:
            return hosts[:1]
        present = set(hosts)
        firsts = (next((name for name in batch if name in present), "") for batch in self.batches)
        return [name for name in firsts if name]

    def batches_of(self, hosts: Iterable[str]) -> list[str]:
        """All hosts of the batches that hosts are in: they fail with what one did for them."""
        chosen = set(hosts)
        return [name for one in self.batches if chosen & set(one) for name in one]

    def end_batches(self, hosts: Iterable[str], *, later: bool) -> None:
        """End the batches of hosts, and with ``later`` those that come after them too."""
        chosen = set(hosts)
        for number, batch in enumerate(self.batches):
            if chosen & set(batch):
                self.end(name for one in self.batches[number:] for name in one) if later else None
                self.end(batch)

    # -- roles --------------------------------------------------------------------------------

    def in_role(self, vertex: Vertex, hosts: list[str]) -> list[str]:
        """The hosts that come to a vertex as far as its role goes.

        Not those that have ended the role, nor those that came to another use of it before.
        """
        role = _role(vertex)
        if role is None:
            return hosts
        first = self._uses(vertex, role) or {}
        out = self._out_of_role.get(id(role)) or set()
        if not first and not out:
            return hosts
        mine = [name for name in hosts if first.get(name, role) is role and name not in out]
        return hosts if len(mine) == len(hosts) else mine

    def ran(self, vertex: Vertex, hosts: Iterable[str]) -> None:
        """Hosts have come to a vertex of a role."""
        role = _role(vertex)
        first = self._uses(vertex, role) if role is not None else None
        if role is not None and first is not None:
            for name in hosts:
                first.setdefault(name, role)

    def end_role(self, role: Role | None, hosts: Iterable[str]) -> None:
        """A role is over for hosts."""
        self._out_of_role.setdefault(id(role), set()).update(hosts)

    def _uses(self, vertex: Vertex, role: Role) -> dict[str, Role] | None:
        """The use that each host came to first, of a role that is run once; None of others."""
        play = vertex.play.play
        if role.allow_duplicates or play.uses[role.identity] < 2:
            return None
        return self._roles.setdefault((id(play), role.identity), {})


def _role(vertex: Vertex) -> Role | None:
    return vertex.node.role if vertex.node is not None and not vertex.handler else None
