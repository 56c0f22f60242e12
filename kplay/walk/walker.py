"""The loop: hosts walk the graph, each as far as gates, pending values and failures let it.

One thread runs it. Agents post frames into its queue; timers bring back steps that are retried.
A host's steps are bound as far ahead as their inputs are known and sent in one chain; results are
committed in order, so that a failure finds the host where it failed.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError
from kplay.playbook.model import Include, Task
from kplay.walk import events
from kplay.walk.announce import Announcer
from kplay.walk.bind import bind
from kplay.walk.calls import Calls
from kplay.walk.commit import Committer, forced
from kplay.walk.dispatch import alone
from kplay.walk.expand import Expander
from kplay.walk.hostrun import HostRun, Running
from kplay.walk.leaving import Leaver
from kplay.walk.plays import Plays
from kplay.walk.ways import Ways

if TYPE_CHECKING:
    from kplay.graph.model import Graph, Vertex
    from kplay.playbook.model import Role
    from kplay.walk.bind import Bound
    from kplay.walk.cursor import Cursor
    from kplay.walk.fleet import Fleet
    from kplay.walk.gates import PlayRun
    from kplay.walk.world import World


class Walker:
    """Walks every host through every play; ``run`` returns when nothing is left to do."""

    def __init__(self, graph: Graph, world: World, emit: events.Listener) -> None:
        self.graph, self.world, self.emit = graph, world, emit
        self.inbox: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self.fleet: Fleet = world.fleet(lambda host, frame: self.inbox.put((host, frame)))
        self.hosts: dict[str, HostRun] = {}
        self.ready: deque[str] = deque()
        self.running: dict[str, tuple[HostRun, Running, int]] = {}
        """Step id of every call in flight to its host, task and item index."""
        self.stopping = False
        self.abandoned = False
        self.announcer = Announcer(self)
        self.committer = Committer(self)
        self.calls = Calls(self)
        self.leaver = Leaver(self)
        self.expander = Expander(self)
        world.ways = Ways(graph.plays, world.store)
        world.warn = lambda message: emit(events.Warned(time.time(), message))
        world.watch_hosts(lambda name: bool(self.hosts[name].lost))
        self.plays = Plays(self)

    # -- the loop -----------------------------------------------------------------------------

    def run(self) -> None:
        """Walk until every play is over or every host is out."""
        self.plays.start()
        while True:
            while self.ready:
                host = self.hosts[self.ready.popleft()]
                if not host.lost:
                    self.progress(host)
            if not self.running and not self.calls.timers and self.inbox.empty():
                if not self.ready:
                    break
                continue
            self._receive()
        stalled = [host.name for host in self.hosts.values() if host.plays and not host.lost]
        if stalled and not self.stopping:
            raise RuntimeError(f"the walk stalled: {', '.join(stalled)}")

    def _receive(self) -> None:
        timeout = None
        if self.calls.timers:
            timeout = max(0.0, self.calls.timers[0][0] - time.monotonic())
        try:
            host, frame = self.inbox.get(timeout=timeout)
        except queue.Empty:
            self.calls.due()
            return
        self._frame(host, frame)

    def _frame(self, host: str, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "result":
            self.calls.answered(frame["step"], frame["result"])
        elif kind == "lost" or (kind == "closed" and frame.get("error")):
            self._lost(host, frame["error"])
        elif kind == "fault":
            self._lost(host, KplayError(f"the agent on {host} failed: {frame['text']}"))
        elif kind == "bug":
            raise frame["error"]
        elif kind == "interrupt":
            self.fleet.cancel()
            self.calls.give_up()
            # The next Ctrl-C may come while this one is told of
            leaves = bool(frame["leaves"])
            if frame["asked"]:
                self.leaver.tell(leaves=leaves)
            if leaves:
                self.running.clear()
        elif kind == "dropped":
            self.running.pop(frame["step"], None)
        else:
            self.announcer.note(host, frame)

    def wake(self, name: str) -> None:
        """Have a host looked at again."""
        if not self.hosts[name].lost and name not in self.ready:
            self.ready.append(name)

    # -- one host -----------------------------------------------------------------------------

    def progress(self, host: HostRun) -> None:
        """Bind and send as many of the host's steps as may go now."""
        while not self.stopping and not host.lost:
            run = host.play
            if run is None or not run.started or host.name not in run.cursors or host.hold:
                break
            cursor = host.ahead if host.ahead is not None else run.cursors[host.name]
            vertex = cursor.vertex
            if vertex is None:
                if host.pipeline:
                    break
                if cursor.dead and forced(host, run, cursor):
                    continue
                if cursor.dead:
                    self.plays.drop_out(host, "failed", "a step failed and `always` has run")
                else:
                    self.plays.finish(host, run)
                continue
            if host.pipeline and _may_repeat(host, vertex):
                break
            if self._passed_over(host, vertex):
                cursor.advance()
                self.plays.passed(host, run)
                continue
            if not self.plays.gate(host, run, vertex):
                break
            if not self._step(host, run, cursor, vertex):
                break
        self.flush(host)

    def _passed_over(self, host: HostRun, vertex: Vertex) -> bool:
        if _repeats(host, vertex):
            return True
        if not vertex.selected:
            return True
        if vertex.kind == "gather" and self.world.knows_facts(host.name):
            return True
        if not vertex.handler:
            return False
        return not host.pipeline and id(vertex.node) not in host.notified

    def _step(self, host: HostRun, run: PlayRun, cursor: Cursor, vertex: Vertex) -> bool:
        """Deal with one vertex; True when the host may go on at once."""
        if vertex.kind in ("flush", "end"):
            if host.pipeline:
                return False
            cursor.advance()
            self.plays.passed(host, run)
            return True
        node = vertex.node
        if isinstance(node, Include) or (isinstance(node, Task) and node.module == "meta"):
            if host.pipeline:
                return False
            return self.expander.expand(host, run, cursor, vertex)
        assert isinstance(node, Task)  # noqa: S101 - the other kinds were dealt with
        try:
            if not self.plays.admitted(host, run, vertex, node):
                return False
            bound = bind(vertex, node, host.name, self.world)
            for target in bound.targets:
                self.world.refuse_absent(target)
        except KplayError as error:
            if not host.pipeline:
                self.committer.refuse(host, run, cursor, vertex, error)
            return False
        if not all(self.plays.delegated(host, run, vertex, target) for target in bound.targets):
            return False
        if host.pipeline and (bound.unknown or alone(bound) or self._other_agent(host, bound)):
            return False
        return self._enqueue(host, cursor, bound)

    def _other_agent(self, host: HostRun, bound: Bound) -> bool:
        if not self.world.planning or bound.local:
            return False
        last = host.pipeline[-1].bound
        return last.agent != bound.agent or (
            last.items[0].settings.become != bound.items[0].settings.become
        )

    def _enqueue(self, host: HostRun, cursor: Cursor, bound: Bound) -> bool:
        place = self.announcer.place(bound)
        running = Running(bound, cursor.copy(), place)
        if bound.vertex.handler:
            host.notified.discard(id(bound.vertex.node))
        host.pipeline.append(running)
        if bound.stepwise:
            self.calls.turns(host, running, 0)
        else:
            for item in bound.items:
                self.calls.start(host, running, item)
        if bound.register and not running.complete:
            running.had_before, running.before = self.world.register_pending(
                host.name, bound.register, bound.name
            )
        if self.committer.commit_ready(host):
            return not host.lost
        host.hold = alone(bound) or self.plays.throttles(host, bound.vertex)
        if host.ahead is None:
            host.ahead = cursor.copy()
        host.ahead.advance()
        return not host.hold

    def flush(self, host: HostRun) -> None:
        """Send what was bound, one chain to each target, journaled first."""
        if not host.outbox:
            return
        now = time.time()
        chains: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {}
        for target, step, blobs in host.outbox:
            _, running, index = self.running[step["id"]]
            running.sent = running.sent or now
            self.emit(events.StepSent(now, self.announcer.item_place(running, index, step["id"])))
            steps, known = chains.setdefault(target, ([], {}))
            steps.append(step)
            known.update(blobs)
        host.outbox.clear()
        priority = host.pipeline[0].bound.vertex.position
        for target, (steps, known) in chains.items():
            self.fleet.submit(target, steps, known, priority)

    def _lost(self, name: str, error: KplayError | str) -> None:
        """A connection is gone: every step in flight through it is unreachable."""
        affected = [
            (step, entry) for step, entry in self.running.items() if entry[1].bound.agent == name
        ]
        self.fleet.forget(name)
        if not affected:
            return
        for step, _ in affected:
            self.running.pop(step, None)
        for host in {id(entry[0]): entry[0] for _, entry in affected}.values():
            self.committer.unreachable(host, error)

    def halt(self, *, asked: bool = False) -> None:
        """Finish what is in flight, and begin nothing more."""
        self.stopping = True
        frame = {"type": "interrupt", "asked": asked, "leaves": self.abandoned}
        self.inbox.put(("", frame))

    def interrupt(self) -> None:
        """Called from a signal handler: first finish what is in flight, then stop at once."""
        if self.stopping:
            self.abandoned = True
        self.halt(asked=True)


def _once(vertex: Vertex) -> Role | None:
    """The role of a task that a host runs once in a play; handlers run whenever notified."""
    role = vertex.node.role if vertex.node is not None and not vertex.handler else None
    return role if role is not None and not role.allow_duplicates else None


def _may_repeat(host: HostRun, vertex: Vertex) -> bool:
    """Whether what is in flight decides if the host has run the vertex's role already."""
    role = _once(vertex)
    if role is None or vertex.play.play.uses[role.identity] < 2:
        return False
    return (id(vertex.play.play), role.identity) not in host.roles


def _repeats(host: HostRun, vertex: Vertex) -> bool:
    """Whether the host has run another use of the vertex's role in this play."""
    role = _once(vertex)
    return role is not None and (
        host.roles.get((id(vertex.play.play), role.identity), role) is not role
    )
