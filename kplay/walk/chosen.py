"""The hosts of a play: what its pattern, ``--limit`` and ``order`` choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.inventory.patterns import ANYTHING, select
from kplay.playbook.model import Block, Task
from kplay.resolve.faults import TemplateError
from kplay.resolve.unknown import causes_in
from kplay.source import Sourced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kplay.playbook.model import Node, Play, Playbook
    from kplay.resolve.variables import VariableStore


def play_hosts(
    play: Play, store: VariableStore, limit: str, expected: Collection[str] = ()
) -> list[str]:
    """The hosts that a play's pattern and ``--limit`` select, in the play's order.

    Raises:
        InputError: the pattern names what is no host or group and is not expected either.
    """
    try:
        pattern = store.scope(play, "localhost").template(play.hosts)
    except TemplateError as error:
        raise InputError(error.at(play.hosts.span).diagnostic) from error
    causes = causes_in(pattern)
    if causes:
        message = "`hosts` depends on what only a run can tell"
        raise InputError(Diagnostic("unknown-hosts", message, play.hosts.span))
    if pattern == []:
        return []
    text = ":".join(str(part) for part in pattern) if isinstance(pattern, list) else str(pattern)
    if not text.strip():
        message = "`hosts` is empty: a host, a group or a pattern was expected"
        raise InputError(Diagnostic("unknown-hosts", message, play.hosts.span))
    given = Sourced(text, play.hosts.document, play.hosts.path)
    chosen = select(store.inventory, given, limit or None, expected=expected)
    hosts = [name for name in chosen if name not in store.absent]
    order = play.keywords.get("order")
    match str(order.value) if order is not None else "inventory":
        case "sorted":
            return sorted(hosts)
        case "reverse_sorted":
            return sorted(hosts, reverse=True)
        case "reverse_inventory":
            return hosts[::-1]
        case _:
            return hosts


def expected_names(playbook: Playbook) -> Collection[str]:
    """Names of hosts and groups that tasks add; any, where a template or a source gives them."""
    names: set[str] = set()
    for play in playbook.plays:
        for _, nodes in play.sections():
            for task in _growing(nodes):
                if task.module == "meta":
                    return ANYTHING
                for key in _NAMING:
                    given = task.args.get(key)
                    if given is None:
                        continue
                    if "{{" in str(given.value):
                        return ANYTHING
                    texts = given.value if isinstance(given.value, list) else [given.value]
                    names |= {part.strip() for one in texts for part in str(one).split(",")}
    return names


_NAMING = ("name", "hostname", "host", "groups", "groupname", "group", "key", "parents")


def _growing(nodes: list[Node]) -> Iterator[Task]:
    for node in nodes:
        if isinstance(node, Block):
            yield from _growing([*node.tasks, *node.rescue, *node.always])
        elif isinstance(node, Task) and (
            node.module in ("add_host", "group_by")
            or (node.module == "meta" and node.args.value.get("_raw") == "refresh_inventory")
        ):
            yield node
