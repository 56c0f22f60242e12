"""A plan from files alone: which steps would be taken on which hosts, without asking any of them.

The graph is walked once for all hosts of a play, not once a host. Conditions and loops are
evaluated for hosts that look alike together (``alike``); arguments, which would be different for
almost every host, are not rendered. What a host would have to tell is unknown: facts, unless an
earlier run kept them, and the results of steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.execute.prepare import prepare
from kplay.graph.model import Branch
from kplay.plan.offline.alike import Alike
from kplay.plan.offline.facts import Facts
from kplay.plan.offline.outlook import Forecast, TracingWorld
from kplay.plan.offline.presence import Presence
from kplay.plan.offline.steering import Steering
from kplay.plan.offline.steps import Steps
from kplay.playbook.model import Include, effective
from kplay.walk.gates import PlayRun

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.graph.model import Leaf, Segment, Vertex
    from kplay.plan.offline.survey import Survey


def forecast(options: RunOptions, survey: Survey | None = None) -> Forecast:
    """What an apply would look at or do, as far as files tell; fills a survey, if one is given.

    Raises:
        InputError: what the user wrote is wrong.
    """
    return _Forecaster(prepare(options, ask=True), survey).all()


class _Forecaster:
    """Walks the tree of every play."""

    def __init__(self, prepared: Prepared, survey: Survey | None) -> None:
        self.prepared = prepared
        alike = Alike(prepared.store)
        self.world = TracingWorld.of(prepared, alike)
        self.found = Forecast(prepared.hosts, list(prepared.notes), prepared.misspelt)
        self.presence = Presence()
        self.facts = Facts(prepared.options, prepared.store, alike)
        self.steps = Steps(self.world, alike, self.presence, self.facts, self.found, survey)
        self.steering = Steering(self.steps, self.presence)

    def all(self) -> Forecast:
        for strand in self.prepared.graph.plays:
            hosts = self.presence.begin(strand)
            self.steps.told.clear()
            run = PlayRun(strand, list(hosts))
            self.presence.part(run, self.prepared.store)
            self.world.begin_play(run)
            if hosts:
                self._segment(strand.root, hosts)
        self.found.notes += self.facts.notes()
        return self.found

    def _segment(self, segment: Segment, hosts: list[str]) -> list[str]:
        """Walk entries in order; gives the hosts that come to the end."""
        for entry in segment.entries:
            if not hosts:
                break
            if isinstance(entry, Branch):
                hosts = self._branch(entry, hosts)
            else:
                self._leaf(entry, hosts)
                hosts = self.presence.left(hosts)
        return hosts

    def _branch(self, branch: Branch, hosts: list[str]) -> list[str]:
        tasks, rescue, always = branch.parts
        self._segment(tasks, hosts)
        if rescue.entries:
            fell = self.presence.take_up(hosts)
            if fell:
                self._segment(rescue, fell)
            others = [name for name in self.presence.left(hosts) if name not in fell]
            self._if_it_fails(branch, rescue, others)
        if always.entries:
            fell = self.presence.take_up(hosts)
            self._segment(always, self.presence.left(hosts))
            self.presence.fail(fell)
        return self.presence.left(hosts)

    def _if_it_fails(self, branch: Branch, rescue: Segment, hosts: list[str]) -> None:
        """What is done if a host fails a task of the block, as only an apply can tell."""
        before = self.presence.doubt
        self.presence.doubt = f"whether a task of the block at {branch.block.span} fails"
        self._segment(rescue, hosts)
        self.presence.doubt = before

    def _leaf(self, leaf: Leaf, hosts: list[str]) -> None:
        vertex, node = leaf.vertex, leaf.vertex.node
        if node is None or not vertex.selected:
            return
        why = self.presence.doubt
        if vertex.handler:
            told = self.steps.told.pop(id(node), {})
            hosts = [name for name in hosts if name in told] if told else []
            why = f"whether `{next(iter(told.values()), '')}` changes anything"
        everyone = self.presence.in_role(vertex, hosts)
        # Which host of a batch runs it is open while it is open who comes to it
        hosts = everyone if why else self._those_of_once(vertex, everyone)
        if not hosts:
            return
        if vertex.kind == "gather":
            self.found.steps += len(hosts)
            self.found.reads += len(hosts)
            self.facts.gather(hosts)
        elif isinstance(node, Include):
            for segment, part, doubt in self.steering.include(leaf, node, hosts):
                before = self.presence.doubt
                self.presence.doubt = before or doubt
                self._segment(segment, self.presence.left(part))
                self.presence.doubt = before
        elif node.module == "meta":
            self.steering.meta(vertex, node, hosts)
        else:
            self.steps.take(vertex, node, hosts, everyone if vertex.once else (), why)

    def _those_of_once(self, vertex: Vertex, hosts: list[str]) -> list[str]:
        if not vertex.once or len(hosts) < 2 or vertex.node is None:
            return hosts
        given = effective(vertex.play.play, vertex.node, "run_once")
        if given is not None and isinstance(given.value, str):
            said = self.world.scope(vertex, vertex.node, hosts[0]).template(given)
            if str(said).lower() in ("false", "no", "0"):
                return hosts
        return self.presence.speakers(hosts)
