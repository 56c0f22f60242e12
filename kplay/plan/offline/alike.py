"""Hosts that look alike to a template are asked once.

Most conditions read a group's variable or two, and a thousand hosts fall into a handful of kinds by
it. Whoever evaluates something for many hosts asks one of them, sees which names were read, and
gives its answer to every host on which these names stand for the same; only the others are asked
in their turn. The answer is exact: what reads the same values takes the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kplay.resolve.trace import EVERYTHING, TracedScope
from kplay.source import Sourced

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from kplay.playbook.model import Node, Play
    from kplay.resolve.magic import PlayContext
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

T = TypeVar("T")

_ABSENT = object()
_PLAIN = (str, int, float, bool, type(None))
_OWN = frozenset({EVERYTHING, "vars", "inventory_hostname", "inventory_hostname_short"})
"""Names that stand for something else on every host."""


class Alike:
    """Evaluates for many hosts at once.

    Args:
        store: the hosts' variables; what the caller sets in it, it tells by ``changed``.
    """

    def __init__(self, store: VariableStore) -> None:
        self.store = store
        self._read: set[str] = set()
        self._versions: dict[str, int] = {}
        self._kept: dict[tuple[int, frozenset[str], int], tuple[list[str], list[list[str]]]] = {}

    def scope(
        self,
        play: Play | None,
        host: str,
        node: Node | None,
        extra: Mapping[str, object],
        context: PlayContext,
    ) -> Scope:
        """A scope whose reads tell who is like its host."""
        return TracedScope(self.store, play, host, node, extra, context, self._read)

    def changed(self, *names: str) -> None:
        """Variables of some hosts were set or removed."""
        for name in names:
            self._versions[name] = self._versions.get(name, 0) + 1

    def ask(self, hosts: list[str], question: Callable[[str], T]) -> list[tuple[T, list[str]]]:
        """Answers, each with the hosts it is of, in the order of the first of them.

        Args:
            hosts: not empty; a list that is not changed afterwards.
            question: evaluates something in scopes of ``scope`` for one host.
        """
        found: list[tuple[T, list[str]]] = []
        waiting = [hosts]
        while waiting:
            part = waiting.pop()
            self._read.clear()
            answer = question(part[0])
            same, *others = self._parts(part, frozenset(self._read))
            found.append((answer, same))
            waiting += reversed(others)
        return found

    def _parts(self, hosts: list[str], names: frozenset[str]) -> list[list[str]]:
        """Hosts by what the names stand for on them; the first part holds the first host."""
        if len(hosts) == 1 or not names:
            return [hosts]
        version = sum(self._versions.get(name, 0) for name in names)
        key = (id(hosts), names, version)
        kept = self._kept.get(key)
        if kept is None:
            if names & _OWN:
                parts = [[host] for host in hosts]
            else:
                ordered = sorted(names)
                by_look: dict[Hashable, list[str]] = {}
                for host in hosts:
                    look = tuple([self._look(host, name) for name in ordered])
                    by_look.setdefault(look, []).append(host)
                parts = list(by_look.values()) if len(by_look) > 1 else [hosts]
            # The list is kept with its parts, or another could come by its id
            kept = self._kept[key] = (hosts, parts)
        return kept[1]

    def _look(self, host: str, name: str) -> Hashable:
        """What a name stands for on a host, as far as hosts can differ in it."""
        store = self.store
        tables: list[Mapping[str, object]] = [store.inventory_table(host)]
        if store.facts.get(host):
            tables.append(store.facts[host])
        if name in self._versions:
            tables += [store.included.get(host) or {}, store.settled.get(host) or {}]
        look = tuple([_plain(table.get(name, _ABSENT)) for table in tables])
        if name == "ansible_facts":
            return (id(store.fact_views.get(host)), look)
        if name == "group_names":
            known = store.known(host)
            return tuple(known.groups) if known is not None else ()
        if name in ("inventory_dir", "inventory_file"):
            known = store.known(host)
            return str(known.source) if known is not None else ""
        if name == "ansible_host" and all(table.get(name) is None for table in tables):
            return host
        return look


def _plain(value: object) -> Hashable:
    """What two definitions have in common when they read the same."""
    if isinstance(value, Sourced):
        value = value.value
    if type(value) in _PLAIN:
        return (type(value), value)
    return id(value)
