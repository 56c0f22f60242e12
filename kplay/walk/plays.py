"""Plays under way: when one starts, who may pass a gate, and what a host's end means for others."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from kplay.actions.values import truthy
from kplay.errors import KplayError, UnreachableError
from kplay.graph.unfold import FREE
from kplay.playbook.model import effective
from kplay.resolve.unknown import Unknown
from kplay.walk import events
from kplay.walk.batches import batches
from kplay.walk.chosen import play_hosts
from kplay.walk.commit import forced
from kplay.walk.cursor import END, Cursor
from kplay.walk.gates import PlayRun, Watch
from kplay.walk.hostrun import HostRun
from kplay.walk.settings import play_flag, play_number, whole_number

if TYPE_CHECKING:
    from kplay.graph.model import Edge, Position, Vertex
    from kplay.playbook.model import Task
    from kplay.walk.walker import Walker

_WAITED_FOR = frozenset({"needs", "value", "facts"})
"""Kinds of edges that hold up single steps; the rest is the order of cursors and barriers."""


class Plays:
    """The plays of a walk, and the gates between hosts."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.hosts = walker.hosts
        self.runs = [PlayRun(play, list(play.hosts)) for play in walker.graph.plays]
        self.awaited: dict[str, list[tuple[Edge, Watch]]] = {}
        self._prepare()

    def _prepare(self) -> None:
        for run in self.runs:
            for name in run.hosts:
                host = self.hosts.setdefault(name, HostRun(name))
                host.plays.append(run)
            run.batches = batches(run, self.walker.world.store)
            run.hosts = run.batches.pop(0) if run.batches else []
        for edge in self.walker.graph.edges:
            if edge.kind not in _WAITED_FOR:
                continue
            run = self.runs[edge.source.play.index]
            watch = run.watches.get(edge.source.position)
            if watch is None:
                hosts = set(edge.source.play.hosts)
                watch = Watch(edge.source, hosts, each=edge.kind == "facts")
                run.watches[edge.source.position] = watch
            self.awaited.setdefault(edge.target.key, []).append((edge, watch))

    def regroup(self, index: int) -> None:
        """The inventory has grown: find anew the hosts of the plays that have not begun."""
        world = self.walker.world
        for run in self.runs[index + 1 :]:
            if run.started or run.done:
                continue
            strand = run.strand
            before = set(strand.hosts)
            expected = self.walker.graph.expected
            strand.hosts = play_hosts(strand.play, world.store, world.limit, expected)
            for name in strand.hosts:
                host = self.hosts.setdefault(name, HostRun(name))
                if run not in host.plays:
                    later = sorted([*host.plays, run], key=lambda one: one.strand.index)
                    host.plays = deque(later)
            for name in before - set(strand.hosts):
                self.hosts[name].plays.remove(run)
            run.batches = batches(run, world.store)
            run.hosts = run.batches.pop(0) if run.batches else []
            for watch in run.watches.values():
                watch.pending = set(strand.hosts)

    def start(self) -> None:
        """Start every play whose turn has come, and batches after batches."""
        for index, run in enumerate(self.runs):
            if run.started or run.done:
                continue
            if run.strand.waits_for_all and not all(r.done for r in self.runs[:index]):
                continue
            run.started = True
            if run.strand.vertices and not self._play_gate(run):
                run.started = False
                continue
            self._begin(run)

    def _play_gate(self, run: PlayRun) -> bool:
        waits = self.awaited.get(run.strand.vertices[0].key, ())
        return run.strand.waits_for_all or all(watch.passed for _, watch in waits)

    def _begin(self, run: PlayRun) -> None:
        run.hosts = [name for name in run.hosts if not self.hosts[name].lost]
        if not run.hosts:
            self._end_batch(run)
            return
        run.once.clear()
        run.several.clear()
        scope = self.walker.world.store.scope(run.strand.play, "localhost")
        run.forced = play_flag("force_handlers", run.strand.play, scope)
        run.tolerated = play_number("max_fail_percentage", run.strand.play, scope)
        self.walker.world.begin_play(run)
        self.walker.emit(events.PlayStarted(time.time(), run.strand.name, list(run.hosts)))
        for name in run.hosts:
            run.cursors[name] = Cursor(run.strand)
            run.moving.add(name)
            self.walker.wake(name)

    def _end_batch(self, run: PlayRun) -> None:
        if run.hosts and all(self.hosts[name].lost for name in run.hosts):
            self._stop_below(run)
        if run.batches:
            run.hosts = run.batches.pop(0)
            self._begin(run)
            return
        run.done = True
        for watch in run.watches.values():
            watch.pending.clear()
            self._completed(watch)
        for name in run.strand.hosts:
            host = self.hosts[name]
            if run in host.plays:
                host.plays.remove(run)
                self.walker.wake(name)
        self.start()

    def _stop_below(self, run: PlayRun) -> None:
        """No host of a batch is left: neither later batches nor plays that wait for it run."""
        later = [one for one in self.runs if one.strand.index > run.strand.index]
        stopped = [one for one in later if one.strand.waits_for_all and not one.started]
        if any(not self.hosts[name].lost for one in stopped for name in one.strand.hosts):
            message = f"no host of `{run.strand.name}` is left, so the plays below it do not run"
            self.walker.emit(events.Warned(time.time(), message))
        run.batches.clear()
        for one in stopped:
            one.started = one.done = True
            for name in one.strand.hosts:
                if one in self.hosts[name].plays:
                    self.hosts[name].plays.remove(one)

    def gate(self, host: HostRun, run: PlayRun, vertex: Vertex) -> bool:
        """Whether a host may go on to a vertex now; where not, it is woken when it may."""
        beyond, reason, who = run.doomed.get(host.name, ((), "", ""))
        if reason and (vertex.position > beyond or run.strand.strategy in FREE):
            if not host.pipeline:
                self._fall(host, run, beyond, reason, who)
            return False
        if vertex.barrier:
            single = len(run.hosts) == 1 and vertex.kind == "task"
            if host.pipeline and not single:
                return False
            if not host.pipeline:
                released = run.arrive(host.name, vertex.position)
                if released != [host.name]:
                    for name in released:
                        self.walker.wake(name)
                    return False
        for edge, watch in self.awaited.get(vertex.key, ()):
            if edge.kind == "facts":
                if not self._has_facts(host, run, vertex, watch):
                    return False
                continue
            if watch.failed and edge.kind == "needs" and watch.passed:
                if not host.pipeline:
                    self.walker.committer.block(host, vertex, edge, watch)
                return False
            if not watch.passed and not (watch.pending == {host.name} and edge.kind != "needs"):
                watch.waiting.append(host.name)
                return False
        if self.walker.world.ask is not None:
            if host.pipeline:
                return False
            if not self.walker.world.wanted(vertex):
                run.step_over(host.name)
                self.passed(host, run)
                self.walker.wake(host.name)
                return False
        if vertex.once:
            try:
                return not host.pipeline and self._once(host, run, vertex)
            except KplayError as error:
                self.walker.committer.refuse(host, run, run.cursors[host.name], vertex, error)
                return False
        return True

    def _has_facts(self, host: HostRun, run: PlayRun, vertex: Vertex, watch: Watch) -> bool:
        """Whether the facts are there that a step reads of hosts gathered aside.

        A step that reads those of a host that was not reached fails on its host; others go on.
        """
        reads = self.walker.graph.foreign.get(vertex.key, {}).get(host.name, frozenset())
        if reads & watch.pending:
            watch.waiting.append(host.name)
            return False
        failed = sorted(reads & watch.failed.keys())
        if not failed or self._skips(host, vertex):
            return True
        if not host.pipeline:
            message = f"it reads facts of {failed[0]}, which were not gathered: "
            error = UnreachableError(message + watch.failed[failed[0]])
            cursor = run.cursors[host.name]
            self.walker.committer.refuse(host, run, cursor, vertex, error)
        return False

    def _skips(self, host: HostRun, vertex: Vertex) -> bool:
        """Whether a condition that can be told leaves a step out on a host."""
        world, node = self.walker.world, vertex.node
        assert node is not None  # noqa: S101 - only nodes read facts
        try:
            verdict, _ = world.condition(vertex, node, world.scope(vertex, node, host.name))
        except KplayError:
            return False
        return verdict is False

    def _fall(self, host: HostRun, run: PlayRun, at: Position, reason: str, who: str) -> None:
        """A failure elsewhere is this host's failure too; its own rescue may take it up."""
        cursor = run.over.get(host.name)
        if cursor is None or cursor.position != at:
            cursor = run.cursors[host.name]
        run.cursors[host.name] = cursor
        del run.doomed[host.name]
        run.fell[host.name] = at
        cursor.fail()
        if cursor.dead and not forced(host, run, cursor):
            self.drop_out(host, "blocked", reason, who)
        else:
            self.passed(host, run)
            self.walker.wake(host.name)

    def _once(self, host: HostRun, run: PlayRun, vertex: Vertex) -> bool:
        owner = run.once.get(vertex.position)
        if owner is None and not self._for_all(host, run, vertex):
            run.several.add(vertex.position)
        if vertex.position in run.several:
            return True
        if owner is None:
            owner = next(
                name
                for name in run.hosts
                if not self.hosts[name].lost and run.cursors[name].position <= vertex.position
            )
            run.once[vertex.position] = owner
        if owner == host.name:
            return True
        if not owner:
            run.step_over(host.name)
            self.passed(host, run)
            self.walker.wake(host.name)
        return False

    def _for_all(self, host: HostRun, run: PlayRun, vertex: Vertex) -> bool:
        """Whether ``run_once``, which may be a template, holds on the first host that comes."""
        assert vertex.node is not None  # noqa: S101 - only nodes run once
        given = effective(run.strand.play, vertex.node, "run_once")
        if given is None or not isinstance(given.value, str):
            return True
        value = self.walker.world.scope(vertex, vertex.node, host.name).template(given)
        return isinstance(value, Unknown) or truthy(value)

    def passed(self, host: HostRun, run: PlayRun) -> None:
        """Tell the watches how far a host has come (committed steps only)."""
        for name in run.visitors.pop(host.name, ()):
            self.walker.wake(name)
        if run.watches and not host.pipeline and host.name in run.cursors:
            for watch in run.passes(host.name, run.cursors[host.name].position):
                self._completed(watch)

    def _completed(self, watch: Watch) -> None:
        for name in watch.waiting:
            self.walker.wake(name)
        watch.waiting.clear()
        self.start()

    def finish(self, host: HostRun, run: PlayRun) -> None:
        """The host is through with this batch."""
        for name in run.leave(host.name):
            self.walker.wake(name)
        for watch in run.passes(host.name, END):
            self._completed(watch)
        if run in host.plays:
            host.plays.remove(run)
        if run.through(lambda name: not self.hosts[name].lost):
            self._end_batch(run)

    def drop_out(self, host: HostRun, status: str, message: str, blocker: str = "") -> None:
        """A host is out of the run, for lack of a blocker where it is blocked; others go on."""
        host.lost = status
        not_run = 0
        for run in list(host.plays):
            cursor = run.cursors.get(host.name)
            position = cursor.position if cursor is not None else (-1,)
            not_run += sum(
                v.selected and v.kind == "task" and not v.handler and v.position > position
                for v in run.strand.vertices
            )
        now = time.time()
        self.walker.emit(events.HostLost(now, host.name, status, message, not_run, blocker))
        for run in list(host.plays):
            run.failed.append(host.name)
            for name in run.leave(host.name):
                self.walker.wake(name)
            for watch in run.passes(host.name, END, failed=message):
                self._completed(watch)
            for position, owner in list(run.once.items()):
                if owner == host.name:
                    del run.once[position]
                    for name in run.hosts:
                        self.walker.wake(name)
            if run in host.plays:
                host.plays.remove(run)
            if run.started and not run.done and run.through(lambda name: not self.hosts[name].lost):
                self._end_batch(run)
        self.start()

    def admitted(self, host: HostRun, run: PlayRun, vertex: Vertex, node: Task) -> bool:
        """Whether ``throttle`` lets one more host run a task now."""
        given = effective(run.strand.play, node, "throttle")
        if given is None:
            return True
        if host.pipeline:
            return False
        value = self.walker.world.scope(vertex, node, host.name).template(given)
        limit = whole_number("throttle", value, given)
        busy = run.busy.setdefault(vertex.position, set())
        if limit <= 0 or host.name in busy or len(busy) < limit:
            busy.add(host.name)
            return True
        run.queued.setdefault(vertex.position, []).append(host.name)
        return False

    def throttles(self, host: HostRun, vertex: Vertex) -> bool:
        """Whether a host runs a throttled task."""
        run = host.play
        return run is not None and host.name in run.busy.get(vertex.position, ())

    def release(self, host: HostRun, run: PlayRun, vertex: Vertex) -> None:
        """A host is done with a task: where that is throttled, another may begin."""
        if host.name in run.busy.get(vertex.position, ()):
            run.busy[vertex.position].discard(host.name)
            for name in run.queued.pop(vertex.position, ()):
                self.walker.wake(name)

    def clear(self, run: PlayRun) -> None:
        """Hosts that a play lost are back in the plays below it (``clear_host_errors``)."""
        for name in run.strand.hosts:
            host = self.hosts[name]
            if not host.lost:
                continue
            host.lost = ""
            run.out.add(name)
            if name in run.cursors:
                run.cursors[name].end()
            for later in self.runs[run.strand.index + 1 :]:
                if name not in later.strand.hosts or later.started:
                    continue
                host.plays.append(later)
                for watch in later.watches.values():
                    watch.pending.add(name)
                    watch.failed.pop(name, None)

    def delegated(self, host: HostRun, run: PlayRun, vertex: Vertex, target: str) -> bool:
        """Whether the host that a step acts on has done the steps above it, where both are free."""
        cursor = run.cursors.get(target)
        if target == host.name or cursor is None or run.strand.strategy not in FREE:
            return True
        if self.hosts[target].lost or cursor.position >= vertex.position:
            return True
        run.visitors.setdefault(target, []).append(host.name)
        return False
