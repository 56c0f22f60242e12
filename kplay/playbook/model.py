"""Playbooks as loaded: plays, blocks, tasks and roles, nothing evaluated yet.

Loading is pure: it reads files and checks names, and leaves every template as the text written.
Static imports (import_playbook, import_tasks, import_role, ``roles:``) are already unfolded into
blocks; dynamic includes stay as Include.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kplay.diagnostics import Diagnostic
    from kplay.foreign.find import Foreign
    from kplay.source import Sourced, Span

Node = Union["Task", "Block", "Include"]
Keywords = dict[str, "Sourced"]


@dataclass(eq=False, slots=True)
class Role:
    """One use of a role in a play; the same role used twice is two of these."""

    name: str
    path: Path
    defaults: dict[str, Sourced] = field(default_factory=dict)
    variables: dict[str, Sourced] = field(default_factory=dict)
    """vars/main.yml (and vars_from)."""
    parameters: dict[str, Sourced] = field(default_factory=dict)
    """``vars:`` and inline parameters given where the role is used."""
    parents: tuple[Role, ...] = ()
    """Roles that brought this one in as a dependency or by include, outermost first."""
    handlers: list[Node] = field(default_factory=list)
    public: bool = True
    """Whether its defaults and vars are seen by the play after it (``roles:`` and imports)."""
    allow_duplicates: bool = False
    dependency: bool = False
    """Whether the meta file of another role brought it in."""
    identity: str = ""
    """Equal for two uses that Ansible takes for the same role: a host runs one of them."""


@dataclass(eq=False, slots=True)
class Task:
    """A call of one module (or of one of kplay's own: set_fact, debug, assert, meta …)."""

    module: str
    """Canonical short name."""
    args: Sourced
    """A mapping; free-form text is under the key ``_raw``."""
    keywords: Keywords
    """Every task keyword but the module, raw. Loops are under ``loop`` or ``with_<lookup>``."""
    span: Span
    """Where the module's name is written."""
    role: Role | None = None
    parent: Block | None = None
    handler: bool = False
    foreign: Foreign | None = None
    """The module on the controller, where it is not kplay's; ``module`` is then ``foreign``."""
    faults: tuple[Diagnostic, ...] = ()
    """What is wrong with its arguments, where a run may pass it by: fatal when it runs."""
    written: str = ""
    """The module's name as written, with its collection."""

    @property
    def called(self) -> str:
        """The module's name for the reader."""
        return self.foreign.full if self.foreign is not None else self.module

    @property
    def name(self) -> str:
        """The name as written (may hold templates), else the module's name as written."""
        given = self.keywords.get("name")
        if given is not None and given.value:
            return str(given.value)
        return self.written or self.module


@dataclass(eq=False, slots=True)
class Include:
    """include_tasks or include_role: expands when a host reaches it and its inputs are known."""

    kind: str
    """``tasks`` or ``role``."""
    args: Sourced
    """file; or name, tasks_from, vars_from, defaults_from, handlers_from, public, apply …"""
    keywords: Keywords
    span: Span
    role: Role | None = None
    parent: Block | None = None
    handler: bool = False

    @property
    def module(self) -> str:
        """What a task would call its module."""
        return f"include_{self.kind}"

    @property
    def called(self) -> str:
        """The module's name for the reader."""
        return self.module

    @property
    def name(self) -> str:
        """The name as written, else what is included."""
        given = self.keywords.get("name")
        if given is not None and given.value:
            return str(given.value)
        target = self.args.get("file") or self.args.get("_raw") or self.args.get("name")
        return f"include_{self.kind} {target.value if target else ''}".strip()


@dataclass(eq=False, slots=True)
class Block:
    """block, rescue and always; also what an import or a role unfolds into."""

    keywords: Keywords
    span: Span
    tasks: list[Node] = field(default_factory=list)
    rescue: list[Node] = field(default_factory=list)
    always: list[Node] = field(default_factory=list)
    role: Role | None = None
    parent: Block | None = None
    kind: str = "block"
    """``block``, ``import`` or ``role`` (for the reader, and for role-wide rules)."""
    handlers: list[Node] = field(default_factory=list)
    """What an expanded include brings to the play's handlers: those of all roles in it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A variable that whoever runs the play is asked for."""

    name: str
    span: Span
    """Where the name is written."""
    text: Sourced | None = None
    default: Sourced | None = None
    private: bool = True
    """Whether the answer is not shown, while it is typed and later."""
    confirm: bool = False
    unsafe: bool = False
    """Whether the answer is never read as a template."""
    encrypt: str = ""
    """The crypt scheme that the value is hashed with, or nothing."""
    salt: str = ""
    salt_size: int = 0


@dataclass(eq=False, slots=True)
class Play:
    """A play: a pattern of hosts and what they run, in five sections."""

    name: str
    hosts: Sourced
    keywords: Keywords
    span: Span
    variables: dict[str, Sourced] = field(default_factory=dict)
    vars_files: list[Sourced] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    pre_tasks: list[Node] = field(default_factory=list)
    roles: list[Block] = field(default_factory=list)
    tasks: list[Node] = field(default_factory=list)
    post_tasks: list[Node] = field(default_factory=list)
    handlers: list[Node] = field(default_factory=list)
    """Handlers of the play, then those of its roles in order."""
    directory: Path | None = None
    """Folder of the playbook's file: where ``files/``, ``templates/`` and ``roles/`` are sought."""
    playbook: Path | None = None
    """The file of the command line that the play came with, be it by an import."""
    uses: Counter[str] = field(default_factory=Counter)
    """Identities of roles to how many uses of them have been read so far."""

    def sections(self) -> Iterator[tuple[str, list[Node]]]:
        """The sections in order; handlers are flushed after each."""
        yield "pre_tasks", self.pre_tasks
        yield "roles and tasks", [*self.roles, *self.tasks]
        yield "post_tasks", self.post_tasks


@dataclass(eq=False, slots=True)
class Playbook:
    """The plays of one or more playbook files, in order."""

    plays: list[Play]
    files: list[Path]


def lineage(node: Node) -> list[Block]:
    """The blocks around a node, outermost first."""
    chain: list[Block] = []
    block = node.parent
    while block is not None:
        chain.append(block)
        block = block.parent
    return chain[::-1]


def effective(play: Play, node: Node, keyword: str) -> Sourced | None:
    """The innermost value of an overriding keyword (become, no_log, environment is not one)."""
    found = node.keywords.get(keyword)
    for block in reversed(lineage(node)):
        if found is not None:
            return found
        found = block.keywords.get(keyword)
    return found if found is not None else play.keywords.get(keyword)


def gathered(play: Play, node: Node, keyword: str) -> list[Sourced]:
    """All values of a keyword that adds up (when, tags, environment, vars), outermost first."""
    holders: list[Mapping[str, Sourced]] = [play.keywords]
    holders += [block.keywords for block in lineage(node)]
    holders.append(node.keywords)
    return [holder[keyword] for holder in holders if keyword in holder]
