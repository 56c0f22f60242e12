"""Which values of other hosts a task reads, found in its text before the run.

``hostvars[...].name`` names what it reads. A variable that stands for such an expression (in a
role's defaults, say) is followed to its definition, and so is a template file named plainly.
Where the name cannot be told, the task is opaque and waits as linear order would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.graph.reach import texts_of
from kplay.playbook.model import Task, gathered

if TYPE_CHECKING:
    from kplay.graph.model import Graph, PlayStrand, Vertex
    from kplay.playbook.model import Node
    from kplay.source import Sourced

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
    tables = _tables(strand, node)
    reads = ForeignReads()
    pending = texts_of(node) + _template_text(node)
    seen: set[str] = set()
    while pending:
        text = pending.pop()
        if _HOSTVARS.search(text):
            matches = list(_READ.finditer(text))
            reads.names.update(match[1] or match[2] for match in matches)
            if len(matches) < len(_HOSTVARS.findall(text)):
                reads.opaque = True
        for word in _WORD.findall(text):
            if word in seen:
                continue
            seen.add(word)
            for table in tables:
                if word in table:
                    pending += _texts(table[word].value)
    if any(name.startswith("ansible_") or name in _FACTS for name in reads.names):
        reads.names.add("ansible_facts")
    return reads


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


def _template_text(node: Node) -> list[str]:
    if not isinstance(node, Task) or node.module != "template" or node.role is None:
        return []
    source = node.args.get("src")
    if source is None or "{{" in str(source.value):
        return []
    path = node.role.path / "templates" / str(source.value)
    try:
        return [path.read_text(encoding="utf-8")]
    except (OSError, UnicodeDecodeError):
        return []
