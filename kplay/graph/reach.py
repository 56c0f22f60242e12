"""How far a task reaches, and so which order its author could rely on.

A task whose module reads and writes only on its own host may run while other hosts are elsewhere;
anything else is a barrier, as Ansible's linear strategy makes every task.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.modules import catalog
from kplay.playbook.model import Include, Task, effective

if TYPE_CHECKING:
    from kplay.graph.model import PlayStrand
    from kplay.playbook.model import Node

LOCAL_ACTIONS = frozenset(
    {
        "set_fact",
        "debug",
        "assert",
        "fail",
        "include_vars",
        "validate_argument_spec",
        "template",
        "copy",
        "bundle_artifact",
    }
)
"""Actions of the controller that read the playbook's own files at the most."""

_OTHER_HOSTS = re.compile(r"\bhostvars\b|\bansible_play_(?:hosts|batch)\b|\bplay_hosts\b")
_OUTSIDE = re.compile(r"\b(?:lookup|query|q)\s*\(")


def texts_of(node: Node) -> list[str]:
    """Every text of a node in which a template may stand, its loop and conditions included."""
    found: list[str] = []
    pending: list[object] = [given.value for given in node.keywords.values()]
    if isinstance(node, Task | Include):
        pending.append(node.args.value)
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
    return found


def reach_of(strand: PlayStrand, node: Node) -> tuple[str, str]:
    """``host`` or ``cluster``, and for cluster the reason in a few words."""
    if isinstance(node, Include):
        return ("host", "") if _plain(node) else ("cluster", "what it includes is known only then")
    assert isinstance(node, Task)  # noqa: S101 - blocks are not vertices
    if effective(strand.play, node, "delegate_to") is not None:
        return "cluster", "it acts on another host"
    connection = effective(strand.play, node, "connection")
    if connection is not None and connection.value == "local":
        return "cluster", "it acts on the controller"
    texts = texts_of(node)
    if any(_OTHER_HOSTS.search(text) for text in texts):
        return "cluster", "it reads other hosts' variables"
    if any(_OUTSIDE.search(text) for text in texts):
        return "cluster", "it looks at the controller"
    if node.module in LOCAL_ACTIONS:
        source = node.args.get("src")
        path = str(source.value) if source is not None else ""
        if path.startswith(("/", "~")) or "{{" in path:
            return "cluster", "its source may be made by another host"
        return "host", ""
    module = catalog.find(node.module)
    if module is not None and module.reach == "host":
        return "host", ""
    return "cluster", f"`{node.module}` may reach beyond its host"


def _plain(node: Include) -> bool:
    target = node.args.get("file") or node.args.get("_raw") or node.args.get("name")
    looped = any(key == "loop" or key.startswith("with_") for key in node.keywords)
    return target is not None and "{{" not in str(target.value) and not looped
