"""Which values of other hosts a task reads, found in its text before the run.

``hostvars[...].name`` names what it reads. A variable that stands for such an expression (in a
role's defaults, say) is followed to its definition, and so is a template file named plainly.
Where the name cannot be told, the task is opaque and waits as linear order would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.graph.named_files import file_texts
from kplay.graph.reach import texts_of
from kplay.playbook.model import Include, Task, gathered
from kplay.source import Sourced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kplay.graph.model import Graph, PlayStrand, Vertex
    from kplay.playbook.model import Node

_HOSTVARS = re.compile(r"\bhostvars\b")
_READ = re.compile(
    r"\bhostvars\s*(?:\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]|\.\w+)\s*"
    r"(?:\.\s*(\w+)|\[\s*['\"](\w+)['\"]\s*\])"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_FACTS = frozenset({"ansible_facts"})


@dataclass(slots=True)
class ForeignReads:
    """Names read of other hosts; opaque when some cannot be told."""

    names: set[str] = field(default_factory=set)
    opaque: bool = False


def foreign_reads(strand: PlayStrand, node: Node) -> ForeignReads:
    """What a node reads of other hosts, through the variables it names too."""
    reads = ForeignReads()
    for text in texts_reached(strand, node):
        if _HOSTVARS.search(text):
            matches = list(_READ.finditer(text))
            reads.names.update(match[1] or match[2] for match in matches)
            if len(matches) < len(_HOSTVARS.findall(text)):
                reads.opaque = True
    if any(name.startswith("ansible_") or name in _FACTS for name in reads.names):
        reads.names.add("ansible_facts")
    return reads


def texts_reached(
    strand: PlayStrand,
    node: Node,
    more: Mapping[str, object] | None = None,
    *,
    included: bool = False,
) -> Iterator[str]:
    """The texts of a node, of the variables that they name, and of files plainly named.

    Args:
        strand: the play.
        node: the task, include or block.
        more: variables of the inventory, which are followed too.
        included: whether what an include brings in counts as its text.
    """
    tables: list[Mapping[str, object]] = [*_tables(strand, node), more or {}]
    pending = texts_of(node)
    if included or not isinstance(node, Include):
        pending += file_texts(strand, node)
    seen: set[str] = set()
    while pending:
        text = pending.pop()
        yield text
        for word in _WORD.findall(text):
            if word in seen:
                continue
            seen.add(word)
            for table in tables:
                value = table.get(word)
                pending += _texts(value.value if isinstance(value, Sourced) else value)


def producers(graph: Graph) -> dict[str, list[Vertex]]:
    """Variable name to the vertices that register or set it; facts under ``ansible_facts``."""
    made: dict[str, list[Vertex]] = {}
    for vertex in graph.vertices():
        node = vertex.node
        if not isinstance(node, Task):
            continue
        register = node.keywords.get("register")
        if register is not None:
            made.setdefault(str(register.value), []).append(vertex)
        if node.module == "set_fact" and isinstance(node.args.value, dict):
            for name in node.args.value:
                made.setdefault(str(name), []).append(vertex)
        if node.module in ("setup", "service_facts", "package_facts"):
            made.setdefault("ansible_facts", []).append(vertex)
    return made


def _tables(strand: PlayStrand, node: Node) -> list[dict[str, Sourced]]:
    tables = [strand.play.variables]
    holders = gathered(strand.play, node, "vars")
    tables += [dict(holder.items()) for holder in holders if isinstance(holder.value, dict)]
    if node.role is not None:
        tables += [node.role.defaults, node.role.variables, node.role.parameters]
    return tables


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []
