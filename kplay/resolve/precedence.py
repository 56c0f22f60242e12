"""Which definition of a name wins: one table, lowest first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from kplay.source import Sourced

if TYPE_CHECKING:
    from kplay.source import Span

Table = dict[str, object]


class Layer(IntEnum):
    """Ansible's levels of precedence: a higher number wins."""

    ROLE_DEFAULTS = 1
    INVENTORY_ALL = 2
    INVENTORY_GROUPS = 3
    GROUP_VARS_ALL = 4
    PLAYBOOK_GROUP_VARS_ALL = 5
    GROUP_VARS = 6
    PLAYBOOK_GROUP_VARS = 7
    INVENTORY_HOST = 8
    HOST_VARS = 9
    PLAYBOOK_HOST_VARS = 10
    FACTS = 11
    PLAY_VARS = 12
    PLAY_PROMPTS = 13
    PLAY_VARS_FILES = 14
    ROLE_VARS = 15
    BLOCK_VARS = 16
    TASK_VARS = 17
    INCLUDE_VARS = 18
    SET_FACTS = 19
    ROLE_PARAMETERS = 20
    INCLUDE_PARAMETERS = 21
    EXTRA_VARS = 22
    LOOP_VARS = 23
    MAGIC = 24

    @property
    def title(self) -> str:
        """The layer as a user reads it."""
        return _TITLES[self]


_TITLES = {
    Layer.ROLE_DEFAULTS: "role defaults",
    Layer.INVENTORY_ALL: "inventory file, group `all`",
    Layer.INVENTORY_GROUPS: "inventory file, groups",
    Layer.GROUP_VARS_ALL: "inventory group_vars/all",
    Layer.PLAYBOOK_GROUP_VARS_ALL: "playbook group_vars/all",
    Layer.GROUP_VARS: "inventory group_vars",
    Layer.PLAYBOOK_GROUP_VARS: "playbook group_vars",
    Layer.INVENTORY_HOST: "inventory file, host",
    Layer.HOST_VARS: "inventory host_vars",
    Layer.PLAYBOOK_HOST_VARS: "playbook host_vars",
    Layer.FACTS: "facts",
    Layer.PLAY_VARS: "play vars",
    Layer.PLAY_PROMPTS: "play vars_prompt",
    Layer.PLAY_VARS_FILES: "play vars_files",
    Layer.ROLE_VARS: "role vars",
    Layer.BLOCK_VARS: "block vars",
    Layer.TASK_VARS: "task vars",
    Layer.INCLUDE_VARS: "include_vars",
    Layer.SET_FACTS: "set_fact and register",
    Layer.ROLE_PARAMETERS: "role parameters",
    Layer.INCLUDE_PARAMETERS: "include parameters",
    Layer.EXTRA_VARS: "extra vars",
    Layer.LOOP_VARS: "loop variables",
    Layer.MAGIC: "kplay itself",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One place that defines a name."""

    name: str
    layer: Layer
    value: object
    """As written; a template unless ``span`` is None."""
    span: Span | None
    """None for a value that a run made (facts, results), which is never a template."""


def definition(name: str, layer: Layer, value: object) -> Definition:
    """A definition of a table's entry: Sourced values are written by the user, others made."""
    if isinstance(value, Sourced):
        return Definition(name, layer, value.value, value.span)
    return Definition(name, layer, value, None)


def merged(layers: list[tuple[Layer, Table]]) -> Table:
    """One table of several; of the same name the higher layer wins, in a layer the later."""
    result: Table = {}
    for _, table in sorted(layers, key=lambda one: one[0]):
        result.update(table)
    return result
