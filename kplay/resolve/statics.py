"""The layers that depend on a play, a role or a task but on no host; shared by all hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplay.playbook.model import Block, Include, Task, lineage
from kplay.resolve.precedence import Layer, Table, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kplay.playbook.model import Node, Play, Role
    from kplay.source import Sourced

Layers = list[tuple[Layer, Table]]


class Bands(NamedTuple):
    """Static tables merged into what lies between the layers that belong to a host."""

    defaults: Table
    """Below the inventory."""
    play: Table
    """Above facts, below vars_files."""
    role: Table
    """Above vars_files."""
    task: Table
    """Blocks and the task, below include_vars."""
    parameters: Table
    """Above set_fact, below extra vars."""


EMPTY: Table = {}
NO_BANDS = Bands(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)


def every_node(nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes and all that stands in them, in the order of the tasks."""
    pending = list(nodes)[::-1]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Block):
            pending += [*node.tasks, *node.rescue, *node.always][::-1]


def roles_of(nodes: Iterable[Node]) -> Iterator[Role]:
    """The roles used by nodes, each use once, in the order of their tasks."""
    seen: set[int] = set()
    for node in every_node(nodes):
        if node.role is not None and id(node.role) not in seen:
            seen.add(id(node.role))
            yield node.role


def named_roles(play: Play) -> list[Role]:
    """Every use of a role that a play reads.

    Those of ``roles:`` come first, then what stands in these and in the tasks, each after those
    within it.
    """
    direct = [block.role for block in play.roles if block.role is not None]
    known = set(map(id, direct))
    nodes = [*play.roles, *play.pre_tasks, *play.tasks, *play.post_tasks]
    return [*direct, *(role for role in nested_roles(nodes) if id(role) not in known)]


def nested_roles(nodes: Iterable[Node]) -> Iterator[Role]:
    """Every use of a role in nodes, each after those within it."""
    for node in nodes:
        if isinstance(node, Block):
            yield from nested_roles([*node.tasks, *node.rescue, *node.always])
            if node.kind == "role" and node.role is not None:
                yield node.role


def keyword_vars(holder: dict[str, Sourced]) -> Table:
    """The ``vars`` keyword of a play, block or task as a table."""
    written = holder.get("vars")
    if written is None or not isinstance(written.value, dict):
        return {}
    return dict(written.items())


def play_roles(play: Play) -> list[Role]:
    """Every role that a play uses statically and that the rest of it may see."""
    nodes = [node for _, section in play.sections() for node in section]
    return [role for role in roles_of(nodes) if role.public]


def role_chain(role: Role, others: Iterable[Role]) -> list[Role]:
    """A role after what it builds on: its dependencies, then the roles that brought it in."""
    below = [one for one in others if any(parent is role for parent in one.parents)]
    return [*below, *role.parents, role]


def role_layers(play: Play, role: Role | None, shown: list[Role]) -> Layers:
    """The static layers of a play and of the role a task is in.

    Args:
        play: the play.
        role: the task's role, if any.
        shown: roles whose defaults and vars the play sees, in order.
    """
    layers: Layers = [(Layer.PLAY_VARS, keyword_vars(play.keywords))]
    layers.append((Layer.PLAY_VARS, dict(play.variables)))
    roles = list(shown)
    if role is not None:
        roles += role_chain(role, shown)
        users = (*role.parents, role)
        layers += [(Layer.ROLE_PARAMETERS, dict(one.parameters)) for one in users]
    layers += [(Layer.ROLE_DEFAULTS, dict(one.defaults)) for one in roles]
    layers += [(Layer.ROLE_VARS, dict(one.variables)) for one in roles]
    return layers


def task_layers(node: Node) -> Layers:
    """The static layers of a task and of the blocks around it, outermost first."""
    layers: Layers = []
    for block in lineage(node):
        kind = Layer.INCLUDE_PARAMETERS if block.kind == "include" else Layer.BLOCK_VARS
        layers.append((kind, keyword_vars(block.keywords)))
    own = Layer.TASK_VARS if isinstance(node, (Task, Include)) else Layer.BLOCK_VARS
    layers.append((own, keyword_vars(node.keywords)))
    return [one for one in layers if one[1]]


def role_bands(layers: Layers) -> Bands:
    """The bands of a play and role, without a task."""

    def of(*wanted: Layer) -> Table:
        return merged([one for one in layers if one[0] in wanted])

    return Bands(
        of(Layer.ROLE_DEFAULTS),
        of(Layer.PLAY_VARS, Layer.PLAY_PROMPTS),
        of(Layer.ROLE_VARS),
        EMPTY,
        of(Layer.ROLE_PARAMETERS),
    )


def task_bands(base: Bands, layers: Layers) -> Bands:
    """The bands of a role with those of a task laid over them; ``base`` itself without any."""
    if not layers:
        return base
    included = merged([one for one in layers if one[0] is Layer.INCLUDE_PARAMETERS])
    own = merged([one for one in layers if one[0] is not Layer.INCLUDE_PARAMETERS])
    parameters = {**base.parameters, **included} if included else base.parameters
    return base._replace(task=own, parameters=parameters)
