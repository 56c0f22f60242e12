"""What loading can tell of modules that are not kplay's, and of groups of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.foreign.groups import PREFIX, members
from kplay.foreign.kinds import alone
from kplay.playbook.model import Block
from kplay.playbook.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.foreign.find import Foreign
    from kplay.playbook.model import Keywords, Node, Play
    from kplay.source import Sourced

_HALF = "its half inside ansible carries files of the controller over; kplay runs the module alone"


def check(module: Foreign, args: Sourced, faults: Faults) -> None:
    """Note arguments of a module that only its action plugin, inside ansible, could serve."""
    how = alone(module.full)
    if how is None or not isinstance(args.value, dict):
        return
    for name in how.never:
        given = args.get(name)
        if given is not None:
            faults.add(
                "unsupported-argument",
                f"`{name}` of `{module.name}` is not supported",
                given.key_span,
                notes=(_HALF,),
                help=("give `definition`, with lookup('template', …) for its text",),
            )
    given = args.get("remote_src")
    value = how.remote if given is None else given.value
    if how.remote is not None and value not in (True, "yes", "true", "True", "on", "1", 1):
        said = "left out" if given is None else shown(value)
        faults.add(
            "unsupported-argument",
            f"`{module.name}` wants `remote_src: true`, and it is {said}",
            args.span if given is None else given.span,
            notes=(_HALF,),
        )


def check_groups(holders: Iterable[Keywords], homes: tuple[Path, ...], faults: Faults) -> None:
    """Note groups in ``module_defaults`` that no installed collection declares.

    Args:
        holders: the keywords of plays, blocks and tasks.
        homes: folders that hold ``ansible_collections``.
        faults: where to note them.
    """
    for words in holders:
        given = words.get("module_defaults")
        for name, args in given.items() if given and isinstance(given.value, dict) else ():
            key = str(name)
            if key.startswith(PREFIX) and not members(key, homes):
                faults.add(
                    "unsupported-value",
                    f"no group of modules named `{key.removeprefix(PREFIX)}`",
                    args.key_span,
                    notes=("collections declare groups, in meta/runtime.yml",),
                    help=("install the collection, or name the modules one by one",),
                )


def keywords_of(play: Play) -> list[Keywords]:
    """The keywords of a play and of all that is in it."""
    nodes = [*play.handlers, *(node for _, section in play.sections() for node in section)]
    return [play.keywords, *holders(nodes)]


def holders(nodes: Iterable[Node]) -> list[Keywords]:
    """The keywords of nodes and of all that is in them."""
    found: list[Keywords] = []
    for node in nodes:
        found.append(node.keywords)
        if isinstance(node, Block):
            found += holders([*node.tasks, *node.rescue, *node.always])
    return found
