"""The turns of a loop, and whether there is anything to loop over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve import loops
from kplay.resolve.faults import TemplateError
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from kplay.graph.model import Vertex
    from kplay.playbook.model import Include, Task
    from kplay.resolve.scope import Scope
    from kplay.walk.world import World


def turns(
    vertex: Vertex, node: Task | Include, scope: Scope, world: World
) -> tuple[list[Any] | Unknown, str]:
    """What a task loops over, and the condition that passes the whole loop by, empty for none.

    A ``when`` is asked for each turn. Where what is looped over is undefined there are no turns;
    then it is asked once, so that ``when: users is defined`` guards a loop over users.

    Raises:
        TemplateError: the value cannot be rendered, or is no list.
    """
    try:
        values = loops.items(node, scope)
    except TemplateError as error:
        if not error.undefined:
            raise
        try:
            verdict, condition = world.condition(vertex, node, scope)
        except TemplateError:
            raise error from None
        if isinstance(verdict, Unknown):
            return verdict, ""
        if verdict:
            raise
        return [], condition
    return values if values is not None else [], ""
