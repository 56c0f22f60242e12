"""Whose facts a play reads of hosts that ``--limit`` leaves out, found before the run.

Host names are told from ``hostvars['name']``, from expressions that the inventory can answer
(``hostvars[groups["control_plane"][0]]``), and where a loop or a filter runs over a group, from the
group that the text names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.graph.reach import texts_of
from kplay.graph.values import texts_reached
from kplay.playbook.model import Task
from kplay.resolve.faults import TemplateError
from kplay.resolve.lazy import settle
from kplay.resolve.templating import render_expression

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kplay.graph.model import Graph, PlayStrand, Vertex
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

_HOSTVARS = re.compile(r"\bhostvars\b")
_READ = re.compile(
    r"\bhostvars\s*(?:\[(?P<expr>[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*)\]|\.(?P<host>\w+))\s*"
    r"(?:\.\s*(?:get\s*\(\s*['\"])?(?P<name>\w+)|\[\s*['\"](?P<key>\w+)['\"]\s*\])"
)
_EXTRACT = re.compile(
    r"['\"]extract['\"]\s*,\s*hostvars\s*,\s*(?:morekeys\s*=\s*)?\[?\s*['\"](?P<name>\w+)"
)
_GROUP = re.compile(
    r"\bgroups\s*(?:\.\s*(?P<name>\w+)|\[\s*['\"](?P<key>[^'\"]+)['\"]\s*\]"
    r"|\[(?P<expr>[^\[\]]+)\]|\.get\s*\(\s*['\"](?P<got>[^'\"]+)['\"])"
)
_OF_THE_PLAY = re.compile(r"\b(?:ansible_)?play_(?:hosts(?:_all)?|batch)\b")
_NO_FACT = re.compile(
    r"ansible_(?:host|port|user|password|connection|ssh_(?!host_key)\w+|become\w*|\w+_interpreter"
    r"|shell_\w+|private_key_file|paramiko_\w+|network_os|winrm_\w+|play_\w+|check_mode"
    r"|inventory_sources)\Z"
)


@dataclass(slots=True)
class Reads:
    """What one vertex reads of facts: by host that runs it, the hosts and names."""

    vertex: Vertex
    of: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    untold: bool = False
    """Whether it reads variables of hosts that cannot be told before the run."""

    def add(self, host: str, other: str, name: str) -> None:
        """The vertex, on a host, reads a fact of another one."""
        self.of.setdefault(host, {}).setdefault(other, set()).add(name)

    @property
    def others(self) -> dict[str, set[str]]:
        """All hosts that are read, with the names."""
        found: dict[str, set[str]] = {}
        for table in self.of.values():
            for other, names in table.items():
                found.setdefault(other, set()).update(names)
        return found


def fact_reads(graph: Graph, store: VariableStore, left_out: Collection[str]) -> list[Reads]:
    """The vertices that read facts of hosts that are left out, and those of which nobody can tell.

    Args:
        graph: the plays with the hosts that are left in.
        store: the variables.
        left_out: hosts that no play runs on.
    """
    found = []
    cacheable = _cacheable(graph)
    for strand in graph.plays:
        for vertex in strand.vertices:
            if vertex.node is not None and vertex.selected and strand.hosts:
                reads = _Search(strand, vertex, store, left_out, cacheable).run()
                if reads.of or reads.untold:
                    found.append(reads)
    return found


def _cacheable(graph: Graph) -> frozenset[str]:
    """Names that set_fact makes facts of: a run cannot gather them, but may have kept them."""
    names: set[str] = set()
    for vertex in graph.vertices():
        node = vertex.node
        if isinstance(node, Task) and node.module == "set_fact" and node.args.get("cacheable"):
            names.update(map(str, node.args.value))
    return frozenset(names - {"cacheable"})


def can_be_gathered(names: Collection[str]) -> bool:
    """Whether any of the names is one that ``setup`` gives."""
    return any(name.startswith("ansible_") for name in names)


class _Search:
    def __init__(
        self,
        strand: PlayStrand,
        vertex: Vertex,
        store: VariableStore,
        left_out: Collection[str],
        cacheable: Collection[str],
    ) -> None:
        self.strand, self.vertex, self.store, self.left_out = strand, vertex, store, left_out
        self.cacheable = cacheable
        self.reads = Reads(vertex)

    def _is_fact(self, name: str) -> bool:
        if name in self.cacheable:
            return True
        return name.startswith("ansible_") and not _NO_FACT.match(name)

    def run(self) -> Reads:
        node = self.vertex.node
        assert node is not None  # noqa: S101 - the caller looked
        more = self.store.inventory_table(self.strand.hosts[0])
        own = "\n".join(texts_of(node))
        for text in texts_reached(self.strand, node, more, included=True):
            if _HOSTVARS.search(text):
                self._text(text, f"{own}\n{text}")
        return self.reads

    def _text(self, text: str, around: str) -> None:
        matches = list(_READ.finditer(text))
        for match in matches:
            name = match["name"] or match["key"]
            if self._is_fact(name):
                self._one(match, name, around)
        extracts = list(_EXTRACT.finditer(text))
        for match in extracts:
            if self._is_fact(match["name"]):
                self._groups(match["name"], around)
        if len(matches) + len(extracts) < len(_HOSTVARS.findall(text)):
            self.reads.untold = True

    def _one(self, match: re.Match[str], name: str, around: str) -> None:
        if match["host"]:
            self._note_all(match["host"], name)
            return
        expression = match["expr"].strip()
        if expression in ("inventory_hostname", "ansible_hostname"):
            return
        for host in self.strand.hosts:
            other = self._value(expression, host)
            if not isinstance(other, str) or self.store.known(other) is None:
                self._groups(name, around)
                return
            self._note(host, other, name)

    def _groups(self, name: str, around: str) -> None:
        """Hosts of every group that the text names: one of them is meant."""
        told = bool(_OF_THE_PLAY.search(around))
        for match in _GROUP.finditer(around):
            for host in self.strand.hosts:
                group = match["name"] or match["key"] or match["got"]
                if match["expr"]:
                    group = self._value(match["expr"].strip(), host)
                members = self.store.groups.get(group) if isinstance(group, str) else None
                if members is None:
                    continue
                told = True
                for other in members:
                    self._note(host, other, name)
        if not told:
            self.reads.untold = True

    def _value(self, expression: str, host: str) -> object:
        scope: Scope = self.store.scope(self.strand.play, host, self.vertex.node)
        try:
            return settle(render_expression(expression, scope))
        except TemplateError:
            return None

    def _note_all(self, other: str, name: str) -> None:
        for host in self.strand.hosts:
            self._note(host, other, name)

    def _note(self, host: str, other: str, name: str) -> None:
        if other not in self.left_out:
            return
        if name != "ansible_facts" and name in self.store.inventory_table(other):
            return
        self.reads.add(host, other, name)


def gatherers(graph: Graph, everyone: list[list[str]]) -> Iterator[tuple[PlayStrand, list[str]]]:
    """Plays that gather facts, each with the hosts that it has when nothing is left out."""
    for strand, hosts in zip(graph.plays, everyone, strict=True):
        if any(_gathers(vertex) for vertex in strand.vertices):
            yield strand, hosts


def _gathers(vertex: Vertex) -> bool:
    node = vertex.node
    return vertex.selected and isinstance(node, Task) and node.module == "setup"
