"""Which tasks, blocks and roles of a play give a variable a value, beyond what all of it sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kplay.errors import InputError
from kplay.playbook.model import Include, Task, lineage
from kplay.resolve.magic import DEFAULTS, IN_PLAY, IN_ROLE, MAGIC
from kplay.resolve.precedence import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.graph.model import PlayStrand, Vertex
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Node, Role
    from kplay.source import Sourced, Span


class Setter(NamedTuple):
    """A place that gives the variable a value for a part of the play, or from a task on."""

    layer: Layer
    where: str
    """Which task, block or role it is."""
    written: Sourced | None
    """None for a result or a fact, which only a run makes."""
    span: Span


def setters(strand: PlayStrand, name: str, loader: Loader) -> list[Setter]:
    """What a run may make of a name, in the order written; each place once.

    Args:
        strand: the play.
        name: the variable.
        loader: finds the files of include_vars.
    """
    found: dict[Span, Setter] = {}
    for vertex in strand.vertices:
        if vertex.node is None:
            continue
        for one in (*_around(vertex, vertex.node, name), *_of_task(vertex, name, loader)):
            found.setdefault(one.span, one)
    return list(found.values())


def _around(vertex: Vertex, node: Node, name: str) -> Iterator[Setter]:
    own = Layer.TASK_VARS if isinstance(node, Task) else Layer.INCLUDE_PARAMETERS
    holders = [(own, f"in `{vertex.name}`", node)]
    for block in lineage(node):
        kind = Layer.INCLUDE_PARAMETERS if block.kind == "include" else Layer.BLOCK_VARS
        holders.append((kind, f"in the {block.kind or 'block'} around `{vertex.name}`", block))
    for layer, where, holder in holders:
        given = holder.keywords.get("vars")
        written = given.get(name) if given is not None else None
        if written is not None:
            yield Setter(layer, where, written, written.span)
    for role in (*node.role.parents, node.role) if node.role is not None else ():
        yield from _of_role(role, name)


def _of_role(role: Role, name: str) -> Iterator[Setter]:
    tables = (
        (Layer.ROLE_DEFAULTS, role.defaults),
        (Layer.ROLE_VARS, role.variables),
        (Layer.ROLE_PARAMETERS, role.parameters),
    )
    for layer, table in tables:
        if name in table:
            yield Setter(layer, f"in the role `{role.name}`", table[name], table[name].span)


def _of_task(vertex: Vertex, name: str, loader: Loader) -> Iterator[Setter]:
    node = vertex.node
    if isinstance(node, Include) or node is None:
        return
    after = f"after `{vertex.name}`"
    register = node.keywords.get("register")
    if register is not None and register.value == name:
        yield Setter(Layer.SET_FACTS, after, None, register.span)
    if node.module == "set_fact":
        written = node.args.get(name)
        if written is not None:
            yield Setter(Layer.SET_FACTS, after, written, written.span)
    elif node.module == "include_vars":
        written = _included(vertex, node, name, loader)
        if written is not None:
            yield Setter(Layer.INCLUDE_VARS, after, written, written.span)
    elif node.module == "setup" and name.startswith("ansible_") and not _is_own(name):
        yield Setter(Layer.FACTS, after, None, node.span)


def _is_own(name: str) -> bool:
    return name in MAGIC or name in DEFAULTS or name in IN_PLAY or name in IN_ROLE


def _included(vertex: Vertex, node: Task, name: str, loader: Loader) -> Sourced | None:
    """What a plainly named file of include_vars says of a name."""
    given = node.args.get("file") or node.args.get("_raw")
    if given is None or "{{" in str(given.value) or node.args.get("name") is not None:
        return None
    beside = Path(node.span.file).parent
    play = vertex.play.play
    path = loader.find_file("vars", str(given.value), node.role, play, beside=beside)
    try:
        return loader.load_variables(path).get(name) if path is not None else None
    except InputError:
        return None
