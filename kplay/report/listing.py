"""Hosts, tasks and tags of playbooks as ansible-playbook lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.graph.model import Branch
from kplay.graph.tags import names_of
from kplay.playbook.model import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kplay.graph.model import PlayStrand, Segment, Vertex
    from kplay.playbook.model import Include


def text(
    playbooks: Sequence[Path],
    plays: Sequence[PlayStrand],
    *,
    hosts: bool = False,
    tasks: bool = False,
    tags: bool = False,
    everything: bool = False,
) -> str:
    """What was asked for, play by play.

    Args:
        playbooks: as the command line names them.
        plays: of all of them.
        hosts: list the hosts.
        tasks: list the tasks that would run.
        tags: list the tags of these tasks.
        everything: whether tasks that the choice of tags leaves out count too.
    """
    lines: list[str] = []
    for path in playbooks:
        lines += ["", f"playbook: {path}"]
        if not (hosts or tasks or tags):
            continue
        own = [play for play in plays if play.play.playbook == path]
        for number, play in enumerate(own, 1):
            lines += ["", *_head(number, play)]
            lines += _hosts(play) if hosts else []
            found = [one for one in _listed(play.root) if everything or one.selected]
            lines += ["    tasks:", *map(_task, found)] if tasks else []
            if tags:
                every = {tag for one in found for tag in one.tags}
                lines.append(f"      TASK TAGS: [{', '.join(sorted(every))}]")
    return "\n".join([*lines, ""])


def _head(number: int, play: PlayStrand) -> Iterator[str]:
    pattern = ",".join(_patterns(play))
    own = names_of(play.play.keywords.get("tags"))
    yield f"  play #{number} ({pattern}): {play.name}\tTAGS: [{','.join(sorted(own))}]"


def _patterns(play: PlayStrand) -> list[str]:
    value = play.play.hosts.value
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _hosts(play: PlayStrand) -> Iterator[str]:
    yield f"    pattern: {_patterns(play)}"
    yield f"    hosts ({len(play.hosts)}):"
    yield from (f"      {name}" for name in play.hosts)


def _task(vertex: Vertex) -> str:
    node = vertex.node
    assert node is not None  # noqa: S101 - marks are not listed
    given = node.keywords.get("name")
    name = vertex.name if given is not None and given.value else _called(node)
    return f"      {name}\tTAGS: [{', '.join(sorted(vertex.tags))}]"


def _called(node: Task | Include) -> str:
    return node.name if isinstance(node, Task) else node.module


def _listed(segment: Segment) -> Iterator[Vertex]:
    """Tasks in the order written; neither handlers nor what rescues and always hold."""
    for entry in segment.entries:
        if isinstance(entry, Branch):
            yield from _listed(entry.parts[0])
        elif entry.vertex.kind in ("task", "include") and not entry.vertex.handler:
            yield entry.vertex
