"""What a plan from files says of a step, and the world that it is made in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.walk.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.diagnostics import Diagnostic
    from kplay.execute.prepare import Prepared
    from kplay.graph.model import Vertex
    from kplay.plan.offline.alike import Alike
    from kplay.playbook.model import Node
    from kplay.resolve.scope import Scope
    from kplay.resolve.unknown import Unknown
    from kplay.walk.fleet import Fleet, Post


class Outlook(NamedTuple):
    """Whether a task comes to a host: in how many turns, in how many perhaps, and why perhaps."""

    turns: int
    may: int
    causes: tuple[str, ...] = ()
    fault: str = ""
    """Why it fails; empty when it does not."""

    @classmethod
    def of(cls, verdicts: Iterable[bool | Unknown]) -> Outlook:
        """From the condition of each turn."""
        taken, may = 0, 0
        causes: list[str] = []
        for verdict in verdicts:
            if isinstance(verdict, bool):
                taken += verdict
            else:
                may += 1
                causes += verdict.causes
        return cls(taken, may, tuple(dict.fromkeys(causes)))

    def only_if(self, cause: str) -> Outlook:
        """The same, but all of it a perhaps where a cause is given."""
        if not cause or not self.comes_to_it:
            return self
        return Outlook(0, self.turns + self.may, (cause, *self.causes), self.fault)

    @property
    def comes_to_it(self) -> bool:
        """Whether any turn is taken, or may be."""
        return bool(self.turns or self.may)


ALL_SKIPPED = Outlook(0, 0)


class Prospect(NamedTuple):
    """A step that an apply would take, or may take, on these hosts."""

    play: str
    role: str
    task: str
    module: str
    file: str
    line: int
    action: str
    """run, or unknown until the host has been looked at."""
    look: Outlook
    hosts: list[str]
    handler: bool

    @classmethod
    def of(
        cls, vertex: Vertex, module: str, action: str, look: Outlook, hosts: list[str]
    ) -> Prospect:
        """From a vertex."""
        node = vertex.node
        role = node.role.name if node is not None and node.role is not None else ""
        span = vertex.span
        name = vertex.name
        return cls(
            vertex.play.name, role, name, module, span.file, span.line, action, look, hosts,
            vertex.handler,
        )  # fmt: skip


@dataclass(slots=True)
class Forecast:
    """A plan from files alone, in the order of the graph."""

    hosts: list[str]
    notes: list[str] = field(default_factory=list)
    misspelt: list[Diagnostic] = field(default_factory=list)
    """Variables of ``-e`` that nothing reads; the notes tell of them, too."""
    prospects: list[Prospect] = field(default_factory=list)
    steps: int = 0
    """Turns of tasks times hosts."""
    skipped: int = 0
    """Of these, how many a condition leaves out for certain."""
    reads: int = 0
    """Of these, how many only read."""


@dataclass(eq=False)
class TracingWorld(World):
    """A world without hosts, whose scopes note what is read."""

    alike: Alike = field(kw_only=True)

    @classmethod
    def of(cls, prepared: Prepared, alike: Alike) -> TracingWorld:
        """The world of a prepared playbook."""
        options = prepared.options
        cfg = options.ansible_cfg
        return cls(
            store=prepared.store,
            loader=prepared.loader,
            make_fleet=_no_hosts,
            planning=True,
            diff=True,
            tags=prepared.tags,
            forks=options.forks,
            verbosity=options.verbosity,
            limit=options.limit,
            config_file=str(cfg.path) if cfg.path else None,
            user=options.user,
            alike=alike,
        )

    def scope(
        self, vertex: Vertex, node: Node, host: str, extra: Mapping[str, Any] | None = None
    ) -> Scope:
        """As in World; what is read is noted."""
        context = self._context(vertex.play)
        return self.alike.scope(vertex.play.play, host, node, extra or {}, context)

    def extended(self, scope: Scope, extra: Mapping[str, Any]) -> Scope:
        """As in World; what is read is noted."""
        return scope.with_extra(extra) if extra else scope


def _no_hosts(post: Post) -> Fleet:
    raise RuntimeError(f"a plan from files alone asks no host ({post})")
