"""What tasks of one module would be given, over all hosts, from files alone.

Other than a forecast, a survey goes on where a host would fail, and into what may be included: it
tells everything that may be asked for, rather than what will happen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.errors import KplayError
from kplay.graph.values import texts_reached
from kplay.playbook.model import Block, Task, lineage
from kplay.resolve import loops
from kplay.resolve.missing import OMIT
from kplay.resolve.unknown import Unknown
from kplay.walk.turns import turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.graph.model import Vertex
    from kplay.plan.offline.alike import Alike
    from kplay.plan.offline.outlook import Outlook, TracingWorld

CHECKS = frozenset({"assert", "fail", "validate_argument_spec"})
"""Modules by which a playbook says itself what it does not take."""
GROWING = frozenset({"add_host", "group_by"})
"""Modules that bring hosts to plays below, which no plan from files alone foresees."""


class Given(NamedTuple):
    """What a task gives its module on some hosts; a value may be Unknown."""

    vertex: Vertex
    task: Task
    args: dict[str, Any]
    hosts: list[str]
    fault: str = ""
    """Why it cannot be rendered; empty when it can."""
    defaults: Mapping[str, object] = MappingProxyType({})
    """Variables for which the roles around it have defaults: what a user may set."""


class Open(NamedTuple):
    """A place of which a survey cannot tell all, and why."""

    vertex: Vertex
    why: str


class Failure(NamedTuple):
    """A task at which hosts would fail, and what it says."""

    vertex: Vertex
    why: str
    hosts: list[str]
    refuses: bool
    """Whether an apply surely ends there, because the playbook itself says so."""


@dataclass
class Survey:
    """What is asked for, and what was found; ``forecast`` fills it.

    Args:
        module: the module whose arguments are asked for.
        names: of these.
        variable: a variable of which it is asked which other modules' tasks read it.
    """

    module: str
    names: tuple[str, ...]
    variable: str = ""
    given: list[Given] = field(default_factory=list)
    readers: list[Vertex] = field(default_factory=list)
    """Tasks of other modules that read the variable, by whatever way, and act on a host."""
    includes: list[Open] = field(default_factory=list)
    """Includes of which only the run can tell what they bring in."""
    growths: list[Vertex] = field(default_factory=list)
    """Tasks that bring hosts to plays below, of which nothing is told."""
    failures: list[Failure] = field(default_factory=list)
    """Tasks at which hosts would fail, those that read the variable left out."""

    def take(
        self,
        vertex: Vertex,
        task: Task,
        looks: list[tuple[Outlook, list[str]]],
        world: TracingWorld,
        alike: Alike,
    ) -> None:
        """A task is come to, as the looks say."""
        for look, hosts in looks:
            if not look.comes_to_it:
                continue
            if task.module in GROWING:
                self.growths.append(vertex)
            elif task.module != self.module:
                if vertex not in self.readers and self.reads(vertex, world, hosts[0]):
                    self.readers.append(vertex)
            else:
                answers = alike.ask(hosts, lambda host: self._turns(vertex, task, host, world))
                defaults = dict(world.store.bands(vertex.play.play, task).defaults)
                self.given += [
                    Given(vertex, task, args, part, fault, defaults)
                    for turned, part in answers
                    for args, fault in turned
                ]

    def fail(
        self, vertex: Vertex, why: str, world: TracingWorld, hosts: list[str], *, ignored: bool
    ) -> None:
        """Hosts would fail at a vertex."""
        if self.reads(vertex, world, hosts[0]):
            return
        node = vertex.node
        checks = isinstance(node, Task) and node.module in CHECKS
        refuses = checks and not ignored and not _rescued(vertex)
        self.failures.append(Failure(vertex, why, hosts, refuses))

    def reads(self, vertex: Vertex, world: TracingWorld, host: str) -> bool:
        """Whether a vertex reads the variable, through the variables that it names too."""
        node = vertex.node
        if node is None or not self.variable:
            return False
        word = re.compile(rf"\b{re.escape(self.variable)}\b")
        more = world.store.inventory_table(host)
        texts = texts_reached(vertex.play, node, more)
        return any(word.search(text) for text in texts)

    def _turns(
        self, vertex: Vertex, task: Task, host: str, world: TracingWorld
    ) -> list[tuple[dict[str, Any], str]]:
        """The arguments of each turn, and why they cannot be rendered."""
        try:
            scope = world.scope(vertex, task, host)
            if loops.loop_keyword(task) is None:
                return [self._rendered(vertex, task, host, {}, world)]
            values, _ = turns(vertex, task, scope, world)
            if isinstance(values, Unknown):
                return [(dict.fromkeys(self.names, values), "")]
            found = []
            for index in range(len(values)):
                extra = loops.bindings(task, values, index)
                inner = world.scope(vertex, task, host, extra)
                if world.condition(vertex, task, inner)[0] is not False:
                    found.append(self._rendered(vertex, task, host, extra, world))
        except KplayError as error:
            return [({}, str(error))]
        return found

    def _rendered(
        self, vertex: Vertex, task: Task, host: str, extra: dict[str, Any], world: TracingWorld
    ) -> tuple[dict[str, Any], str]:
        try:
            scope = world.scope(vertex, task, host, extra)
            given = dict(world.module_defaults(vertex, task, scope))
            given |= {
                key: scope.template(value) for key, value in task.args.items() if key in self.names
            }
        except KplayError as error:
            return {}, str(error)
        kept = {key: given[key] for key in self.names if given.get(key, OMIT) is not OMIT}
        return kept, ""


def _rescued(vertex: Vertex) -> bool:
    """Whether some block around a vertex goes on after a failure."""
    if vertex.node is None:
        return False
    return any(isinstance(one, Block) and one.rescue for one in lineage(vertex.node))
