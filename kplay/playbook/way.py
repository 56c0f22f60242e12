"""How a node came to be read: the includes, imports and roles around it, for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.playbook.model import Block, lineage

if TYPE_CHECKING:
    from kplay.playbook.model import Node
    from kplay.source import Span


def way_to(node: Node | None) -> tuple[str, ...]:
    """A note for each place on the way to a node, the nearest first."""
    if node is None:
        return ()
    blocks = lineage(node)
    if isinstance(node, Block):
        blocks.append(node)
    notes: dict[tuple[str, int], str] = {}
    role: Block | None = None
    for block in reversed(blocks):
        place = (block.span.file, block.span.line)
        if role is not None and role.parent is block and block.kind == "include":
            continue  # the role's own include_role
        role = block if block.kind == "role" else None
        if block.kind == "role" and block.role is not None:
            notes[place] = f"role `{block.role.name}`, used at {place[0]}:{place[1]}"
        elif block.kind != "block":
            notes.setdefault(place, f"reached from {place[0]}:{place[1]}")
    return tuple(notes.values())


def extent(node: Node) -> tuple[str, int, int]:
    """The file of a node, its first and its last line."""
    spans: list[Span] = [node.span]
    for value in node.keywords.values():
        if value.span.file == node.span.file:
            spans += [value.key_span, value.span]
    if not isinstance(node, Block):
        for _, value in node.args.items():  # noqa: PERF102 - a Sourced has no values()
            spans.append(value.span)
    near = [one for one in spans if one.file == node.span.file]
    return node.span.file, min(one.line for one in near), max(one.end_line for one in near)


def task_note(node: Node, span: Span | None) -> tuple[str, ...]:
    """A note that names the task, unless a message points into it already."""
    file, first, last = extent(node)
    if span is not None and span.file == file and first <= span.line <= last:
        return ()
    if span is None and not isinstance(node, Block):
        return ()
    return (f"needed by the task at {file}:{node.span.line}",)
