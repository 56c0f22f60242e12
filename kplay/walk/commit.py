"""Outcomes take effect in order: events, registered values, facts, notifications, failures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError, KplayError, UnreachableError
from kplay.graph.unfold import BYPASS
from kplay.playbook.model import gathered
from kplay.resolve.unknown import Unknown
from kplay.walk import ahead
from kplay.walk.handlers import Handlers
from kplay.walk.outcome import Outcome, whole
from kplay.walk.refusal import refused
from kplay.walk.settings import flag

if TYPE_CHECKING:
    from kplay.graph.model import Edge, Vertex
    from kplay.resolve.scope import Scope
    from kplay.source import Sourced
    from kplay.walk.bind import Bound
    from kplay.walk.cursor import Cursor
    from kplay.walk.gates import PlayRun, Watch
    from kplay.walk.hostrun import HostRun, Running
    from kplay.walk.walker import Walker


class Committer:
    """Applies outcomes to the walk's state, and has the listeners told."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.world = walker.world
        self.announcer = walker.announcer
        self.handlers = Handlers(walker.world)

    # -- the usual way ------------------------------------------------------------------------

    def commit_ready(self, host: HostRun) -> bool:
        """Commit finished steps from the head on; True when none is left in the pipeline."""
        while host.pipeline and host.pipeline[0].complete and not host.lost:
            self._commit(host, host.pipeline.popleft())
        if host.pipeline:
            return False
        host.ahead, host.hold = None, False
        return True

    def _commit(self, host: HostRun, running: Running) -> None:
        bound = running.bound
        parts = [running.outcomes[item.index] for item in bound.items]
        drifts = self.world.agreed.judge(bound, parts) if self.world.agreed is not None else []
        for drift in drifts:
            self.announcer.drifted(running, drift)
        stops = drifts and self.world.agreed is not None and not self.world.agreed.accept
        # The whole gives its turns the loop's variables
        outcome = Outcome("drifted", "none", {}) if stops else whole(bound, parts)
        if bound.looped:
            for item, part in zip(bound.items, parts, strict=True):
                if part.status != "drifted":
                    self.announcer.ended(running, part, item)
        if stops:
            self.drop_pipeline(host)
            self.walker.halt()
            return
        self._settle(host, running, outcome)

    def _settle(self, host: HostRun, running: Running, outcome: Outcome) -> None:
        bound, walker = running.bound, self.walker
        run = walker.plays.runs[bound.vertex.play.index]
        cursor = running.at
        run.cursors[host.name] = cursor
        walker.plays.release(host, run, bound.vertex)
        sharers = [host.name]
        if run.single(bound.vertex):
            sharers = [name for name in run.hosts if not walker.hosts[name].lost]
            run.once[bound.vertex.position] = ""
        for name in sharers if bound.task.module not in BYPASS else [host.name]:
            self._store(name, bound, outcome)
        self._grow(bound)
        self._tally(sharers, bound, outcome)
        failed = outcome.status in ("failed", "unreachable")
        if failed and outcome.status == "unreachable" and _ignores(bound, "ignore_unreachable"):
            failed = False
        if failed:
            self.drop_pipeline(host)
            self._failure(host, run, cursor, running, outcome)
        else:
            self.announcer.ended(running, outcome, None)
            ahead.note(self.world, bound, outcome)
            if outcome.status != "skipped" and not bound.vertex.handler:
                host.ran(bound.task.role, bound.vertex.play.play)
            run.step_over(host.name)
            if outcome.notifies:
                self._notify(host, running)
        for name in sharers:
            if name != host.name:
                walker.wake(name)
        if not host.lost:
            walker.plays.passed(host, run)

    def _tally(self, hosts: list[str], bound: Bound, outcome: Outcome) -> None:
        if any(one.settings.no_log for one in bound.items):
            return
        turns = outcome.result.get("results") if bound.looped else None
        for result in turns if isinstance(turns, list) else [outcome.result]:
            self.world.statistics.take(result, hosts)

    def _grow(self, bound: Bound) -> None:
        grown = [one.answer.grow for one in bound.items if one.answer and one.answer.grow]
        if grown:
            self.world.grow(grown)
            self.walker.plays.regroup(bound.vertex.play.index)

    def _store(self, name: str, bound: Bound, outcome: Outcome) -> None:
        world = self.world
        if bound.register:
            world.store.register(name, bound.register, outcome.result)
        for item in bound.items:
            if item.answer is not None:
                if item.answer.facts:
                    there = item.settings.delegate_facts and item.settings.delegate_to
                    world.take_facts(
                        there or name, item.answer.facts, cacheable=item.answer.cacheable
                    )
                if item.answer.variables:
                    world.store.include_vars(name, item.answer.variables)
            elif item.possible is not None:
                cause = Unknown(f"`{bound.name}` on {bound.host}, which may run")
                world.store.set_facts(name, dict.fromkeys(item.possible.facts, cause))
                world.store.include_vars(name, dict.fromkeys(item.possible.variables, cause))
        if bound.local:
            return
        turns = outcome.result.get("results") if bound.looped else None
        for result in turns if isinstance(turns, list) else [outcome.result]:
            facts = result.get("ansible_facts")
            if isinstance(facts, dict):
                owner = bound.target if _ignores(bound, "delegate_facts") else name
                world.learn_facts(owner, facts, gathered=bound.vertex.kind == "gather")

    def _notify(self, host: HostRun, running: Running) -> None:
        bound = running.bound
        ran = [i for i in bound.items if running.outcomes[i.index].status != "skipped"]
        scopes = [item.scope for item in ran or bound.items[:1]]
        for given in gathered(bound.vertex.play.play, bound.task, "notify"):
            names = given.value if isinstance(given.value, list) else [given.value]
            for raw in names:
                said = {str(scope.template(raw)): None for scope in scopes} or {str(raw): None}
                self._notify_all(host, bound, given, list(said))

    def _notify_all(self, host: HostRun, bound: Bound, given: Sourced, names: list[str]) -> None:
        strand = bound.vertex.play
        for name in names:
            reached = self.handlers.reached(strand, name, host.name)
            if not reached:
                message = f"`notify` names `{name}`, which no handler of this play is called"
                help_line = suggest(name, self.handlers.words(strand))
                raise InputError(Diagnostic("unknown-handler", message, given.span, help=help_line))
            host.notified.update(id(handler.node) for handler in reached)

    # -- failures -----------------------------------------------------------------------------

    def drop_pipeline(self, host: HostRun) -> None:
        """Forget what was sent ahead of a failure; the agent drops it too."""
        for running in reversed(host.pipeline):
            if running.bound.register and not running.complete:
                self.world.unregister(
                    host.name, running.bound.register, running.before, had=running.had_before
                )
            ids = [step for step, entry in self.walker.running.items() if entry[1] is running]
            for step in ids:
                self.walker.running.pop(step)
        host.outbox.clear()
        host.pipeline.clear()
        host.ahead, host.hold = None, False

    def _failure(
        self, host: HostRun, run: PlayRun, cursor: Cursor, running: Running, outcome: Outcome
    ) -> None:
        bound = running.bound
        run.doomed.pop(host.name, None)
        run.fell[host.name] = bound.vertex.position
        rescued = outcome.status == "failed" and cursor.fail()
        if rescued:
            host.broke_off(bound.task.role, bound.vertex.play.play)
            outcome.status = "rescued"
            self.world.store.set_facts(
                host.name,
                {
                    "ansible_failed_task": {
                        "name": running.given_name,
                        "action": bound.task.called,
                    },
                    "ansible_failed_result": outcome.result,
                },
            )
        self.announcer.ended(running, outcome, None)
        message = str(outcome.result.get("msg", "it failed"))
        if outcome.status == "unreachable":
            self.walker.plays.drop_out(host, "unreachable", message)
        elif not rescued and cursor.dead and not forced(host, run, cursor):
            self.walker.plays.drop_out(host, "failed", f"`{bound.name}`: {message}")
        self._fatal(run, bound.vertex, host)

    def _fatal(self, run: PlayRun, vertex: Vertex, host: HostRun) -> None:
        play, node = run.strand.play, vertex.node
        if node is None:
            return
        stop = run.single(vertex) or flag("any_errors_fatal", play, node, self._scope(vertex, host))
        if run.tolerated is not None and run.hosts:
            lost = sum(bool(self.walker.hosts[name].lost) for name in run.hosts)
            stop = stop or 100.0 * lost / len(run.hosts) > run.tolerated
        if not stop:
            return
        reason = f"`{vertex.name}` failed on {host.name}, which stops every host"
        for name in run.hosts:
            again = run.fell.get(name, ()) >= vertex.position
            if name != host.name and not again and not self.walker.hosts[name].lost:
                run.doomed.setdefault(name, (vertex.position, reason, host.name))
                self.walker.wake(name)

    def _scope(self, vertex: Vertex, host: HostRun) -> Scope:
        assert vertex.node is not None  # noqa: S101 - the caller looked
        return self.world.scope(vertex, vertex.node, host.name)

    def broken(self, bound: Bound, error: KplayError) -> Outcome:
        """An outcome for a condition or result that could not be evaluated."""
        self.world.note_error(error)
        status = "ignored" if _ignores(bound, "ignore_errors") else "failed"
        return Outcome(status, "none", refused(error, bound.task))

    def refuse(
        self, host: HostRun, run: PlayRun, cursor: Cursor, vertex: Vertex, error: KplayError
    ) -> None:
        """A task that could not be bound fails on this host."""
        from kplay.walk.bind import Bound, registered
        from kplay.walk.hostrun import Running

        assert vertex.node is not None  # noqa: S101 - only nodes are bound
        self.world.note_error(error)
        host.notified.discard(id(vertex.node))
        bound = Bound(vertex, vertex.node, host.name, host.name, vertex.name, False, [])  # type: ignore[arg-type]
        bound.register = registered(vertex.node)
        place = replace(self.announcer.place(bound), item=error.item)
        running = Running(bound, cursor.copy(), place)
        outcome = Outcome("failed", "none", refused(error, vertex.node))
        scope = self._scope(vertex, host)
        if vertex.kind != "include" and flag("ignore_errors", run.strand.play, vertex.node, scope):
            outcome.status = "ignored"
        if isinstance(error, UnreachableError) and flag(
            "ignore_unreachable", run.strand.play, vertex.node, scope
        ):
            outcome.status = "ignored"
            outcome.result["unreachable"] = True
        self._settle(host, running, outcome)
        self.walker.wake(host.name)

    def unreachable(self, host: HostRun, error: KplayError | str) -> None:
        """The connection that a host's step went through is gone."""
        if not host.pipeline:
            return
        running = host.pipeline.popleft()
        message = str(error)
        if isinstance(error, KplayError):
            self.world.note_error(error)
        result = {"msg": message, "unreachable": True, "changed": False, "failed": True}
        outcome = Outcome("unreachable", "none", result)
        self.drop_pipeline(host)
        self._settle(host, running, outcome)
        self.walker.wake(host.name)

    def block(self, host: HostRun, vertex: Vertex, edge: Edge, watch: Watch) -> None:
        """What a step needs failed elsewhere: the host goes no further."""
        who, why = next(iter(watch.failed.items()))
        message = f"`{vertex.name}` {edge.why}, which failed on {who}: {why}"
        self.walker.plays.drop_out(host, "blocked", message.splitlines()[0], who)


def forced(host: HostRun, run: PlayRun, cursor: Cursor) -> bool:
    """Whether a host that failed goes on to its handlers (``force_handlers``)."""
    return run.forced and bool(host.notified) and cursor.to_handlers(run.fell.get(host.name, ()))


def _ignores(bound: Bound, keyword: str) -> bool:
    return any(bool(getattr(item.settings, keyword)) for item in bound.items)
