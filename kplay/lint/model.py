"""What the rules look at: sites, which are nodes in the places where a run gets to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, Faults
from kplay.playbook.model import Block, Include, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.inventory.model import Inventory
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Node, Play, Playbook
    from kplay.playbook.project import Project
    from kplay.source import Document, Sourced, Span


class Noted(Faults):
    """Faults that are kept, so that reading goes on."""

    def settle(self) -> None:
        """Raise nothing."""

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        certain: bool,
        help: Iterable[str] = (),  # noqa: A002 - the name of the diagnostic's own field
        notes: Iterable[str] = (),
    ) -> None:
        """Note a finding: an error where it is certain, else a warning."""
        self.append(
            Diagnostic(
                code,
                message,
                span,
                help=tuple(help),
                notes=tuple(notes),
                severity="error" if certain else "warning",
            )
        )


@dataclass(eq=False, slots=True)
class Site:
    """A node where a run gets to it: an included file is seen once for each place that names it."""

    node: Node
    play: Play
    number: int
    """Of the play."""
    order: int
    """Rises in the order of the run; handlers come last in their play."""
    reached: bool
    """Whether a run surely gets to it, and a failure in it surely fails the run."""
    runs: bool
    """Whether it then surely runs: no condition, and no loop that may be empty."""
    includes: tuple[Include, ...] = ()
    """The includes on the way, outermost first."""
    handler: bool = False


@dataclass(eq=False, slots=True)
class Survey:
    """Everything that was read, for the rules."""

    loader: Loader
    playbook: Playbook
    inventory: Inventory | None
    cfg: AnsibleCfg
    extra: Mapping[str, Sourced]
    tags: tuple[str, ...]
    skip_tags: tuple[str, ...]
    project: Project
    become: bool = False
    """Whether the command line asks for become."""
    strict: bool = False
    made_up: bool = False
    """Whether a play was made up around a role."""
    incomplete: bool = False
    """Whether a role or a file is missing, with all that it may define."""
    expected: Collection[str] = ()
    """Names of hosts and groups that tasks add."""
    sites: list[Site] = field(default_factory=list)
    opaque: dict[int, Span] = field(default_factory=dict)
    """Play number to an include or name in it that only a run can tell."""
    included: dict[int, list[dict[str, Sourced]]] = field(default_factory=dict)
    """Play number to the tables that include_vars reads in it."""
    beside: list[dict[str, Sourced]] = field(default_factory=list)
    """Without an inventory: every group_vars and host_vars beside the playbooks."""
    hosts: dict[int, list[str]] = field(default_factory=dict)
    """Play number to its hosts; nothing without an inventory."""

    def tasks(self) -> Iterable[tuple[Site, Task]]:
        """The sites of tasks."""
        for site in self.sites:
            if isinstance(site.node, Task):
                yield site, site.node

    def documents(self) -> list[Document]:
        """Every YAML file that was read."""
        return [one for one in self.loader.documents.values() if one is not None]


def lines_of(document: Document) -> list[str]:
    """The lines of a document, split once."""
    kept = _lines.get(id(document))
    if kept is None or kept[0] is not document:
        kept = (document, document.text.splitlines())
        _lines[id(document)] = kept
    return kept[1]


_lines: dict[int, tuple[Document, list[str]]] = {}


def written(value: Sourced) -> str:
    """A value of one line as it is written; empty for a longer one, or one made up."""
    span = value.document.spans.get(value.path)
    if span is None or span.line != span.end_line:
        return ""
    lines = lines_of(value.document)
    if span.line > len(lines):
        return ""
    return lines[span.line - 1][span.column - 1 : span.end_column - 1].strip()


def where(node: Node) -> str:
    """A node as a note names it."""
    name = f"`{node.name}` at " if not isinstance(node, Block) else ""
    return f"{name}{node.span.file}:{node.span.line}"


def beside(node: Node) -> Path:
    """The folder of the file in which a node is written."""
    from pathlib import Path

    return Path(node.span.file).parent


def forget() -> None:
    """Let go of the lines of documents."""
    _lines.clear()
