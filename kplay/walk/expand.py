"""What grows or steers the walk: include_tasks, include_role, meta."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError
from kplay.graph.model import Leaf, Segment
from kplay.graph.unfold import FREE, Grower
from kplay.playbook.model import Block, Include, Task
from kplay.resolve import loops
from kplay.resolve.unknown import Unknown, causes_in
from kplay.source import made_up
from kplay.walk.bind import Bound, label_of
from kplay.walk.hostrun import Running
from kplay.walk.outcome import Outcome
from kplay.walk.turns import turns

if TYPE_CHECKING:
    from kplay.graph.model import Vertex
    from kplay.walk.cursor import Cursor
    from kplay.walk.gates import PlayRun
    from kplay.walk.hostrun import HostRun
    from kplay.walk.walker import Walker
    from kplay.walk.world import World

DEEPEST = 400
"""Numbers in the position of an include."""


class Expander:
    """Expands includes and obeys meta tasks; True when the host may go on at once."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.world = walker.world

    def expand(self, host: HostRun, run: PlayRun, cursor: Cursor, vertex: Vertex) -> bool:
        """Deal with an include or a meta task."""
        node = vertex.node
        host.notified.discard(id(node))
        try:
            if isinstance(node, Include):
                on = self._include(host, run, cursor, vertex, node)
            else:
                assert isinstance(node, Task)  # noqa: S101 - the caller looked
                on = self._meta(host, run, cursor, vertex, node)
        except KplayError as error:
            self.walker.committer.refuse(host, run, cursor, vertex, error)
            return not host.lost
        if run.single(vertex):
            self._pass_by(host, run, vertex)
        return on

    def _pass_by(self, host: HostRun, run: PlayRun, vertex: Vertex) -> None:
        """The other hosts go past an include or meta task that runs once."""
        run.once[vertex.position] = ""
        for name in run.hosts:
            if name != host.name and not self.walker.hosts[name].lost:
                self.walker.wake(name)

    # -- includes -----------------------------------------------------------------------------

    def _include(
        self, host: HostRun, run: PlayRun, cursor: Cursor, vertex: Vertex, node: Include
    ) -> bool:
        leaf = cursor.leaf
        assert leaf is not None  # noqa: S101 - the cursor stands at the include
        if len(vertex.position) > DEEPEST:
            message = "includes are nested without an end: this one includes itself"
            hint = ("give it a `when` that becomes false",)
            raise InputError(Diagnostic("include-depth", message, node.span, help=hint))
        scope = self.world.scope(vertex, node, host.name)
        looped = any(key == "loop" or key.startswith("with_") for key in node.keywords)
        values, skipped = turns(vertex, node, scope, self.world) if looped else ([None], "")
        if isinstance(values, Unknown):
            self._end(host, cursor, vertex, _unknown(vertex, host, values))
            return not host.lost
        segments = []
        for index, value in enumerate(values):
            extra = loops.bindings(node, values, index) if looped else {}
            inner = self.world.scope(vertex, node, host.name, extra)
            try:
                verdict, condition = self.world.condition(vertex, node, inner)
                if isinstance(verdict, Unknown):
                    self._end(host, cursor, vertex, _unknown(vertex, host, verdict))
                    return not host.lost
                if not verdict:
                    skipped = condition
                    continue
                args = {key: inner.template(given) for key, given in node.args.items()}
                causes = [cause for given in args.values() for cause in causes_in(given)]
                if causes:
                    self._end(host, cursor, vertex, _unknown(vertex, host, Unknown(*causes)))
                    return not host.lost
                segments.append(segment_of(self.world, leaf, args, extra))
            except KplayError as error:
                error.item = label_of(vertex, node, inner, index, value) if looped else ""
                raise
        if not segments:
            result = {"changed": False, "skipped": True, "false_condition": skipped}
            outcome = Outcome("skipped", "none", result, reason=skipped)
            self._end(host, cursor, vertex, outcome)
            return not host.lost
        host.ran(node.role, vertex.play.play)
        cursor.enter(segments)
        self._register(host, node, len(segments) if looped else 0)
        if run.single(vertex):
            # What it brings runs where it was expanded, and nowhere else
            run.once[vertex.position] = ""
            for name in run.hosts:
                self.walker.wake(name)
        self.walker.plays.passed(host, run)
        return True

    def _register(self, host: HostRun, node: Include, turns: int) -> None:
        """What ``register`` holds of an include that was expanded: not what became of its tasks."""
        name = _registered(node)
        if name:
            result: dict[str, Any] = {"changed": False, "failed": False, "skipped": False}
            turn = dict(result)
            result |= {"results": [dict(turn) for _ in range(turns)]} if turns else {}
            self.world.store.register(host.name, name, result)

    def _end(self, host: HostRun, cursor: Cursor, vertex: Vertex, outcome: Outcome) -> None:
        assert vertex.node is not None  # noqa: S101 - it is an include
        bound = Bound(vertex, vertex.node, host.name, host.name, vertex.name, False, [])  # type: ignore[arg-type]
        bound.register = _registered(vertex.node)
        running = Running(bound, cursor.copy(), self.walker.announcer.place(bound))
        self.walker.committer._settle(host, running, outcome)

    # -- meta ---------------------------------------------------------------------------------

    def _meta(
        self, host: HostRun, run: PlayRun, cursor: Cursor, vertex: Vertex, node: Task
    ) -> bool:
        word = str(node.args.value.get("_raw", ""))
        scope = self.world.scope(vertex, node, host.name)
        verdict, _ = self.world.condition(vertex, node, scope)
        if word == "refresh_inventory":
            verdict = True  # Ansible has no conditions for it, and does it regardless of a `when`
        if isinstance(verdict, Unknown) or not verdict:
            cursor.advance()
            return True
        if word == "flush_handlers" and vertex.handler:
            message = "`flush_handlers` was notified, and handlers cannot flush handlers"
            raise InputError(Diagnostic("flush-in-handler", message, node.span))
        if word == "end_host":
            cursor.end()
            run.out.add(host.name)
        elif word == "clear_host_errors":
            self.walker.plays.clear(run)
            cursor.advance()
        elif word in ("end_play", "end_batch") and not self._speaks(host, run):
            cursor.advance()
        elif word in ("end_play", "end_batch"):
            if word == "end_play":
                run.batches.clear()
            for name in run.hosts:
                if not self.walker.hosts[name].lost and name in run.cursors:
                    run.cursors[name].end()
                    self.walker.wake(name)
        elif word == "refresh_inventory":
            if self._speaks(host, run):
                self.world.refresh_inventory()
                self.walker.plays.regroup(run.strand.index)
            cursor.advance()
        elif word == "end_role":
            cursor.leave_role()
        else:
            if word == "clear_facts":
                self.world.forget_facts(host.name)
            elif word == "reset_connection":
                self.walker.fleet.forget(host.name)
            cursor.advance()
        self.walker.plays.passed(host, run)
        return True

    def _speaks(self, host: HostRun, run: PlayRun) -> bool:
        """Whether this host decides for its batch: the first that is left does."""
        if run.strand.strategy in FREE:
            return True
        return host.name == next(name for name in run.hosts if not self.walker.hosts[name].lost)


def segment_of(
    world: World,
    leaf: Leaf,
    args: dict[str, Any],
    extra: dict[str, Any],
) -> Segment:
    """What an include brings in for these arguments and loop variables, kept in its leaf.

    Raises:
        InputError: the file or role is missing or wrong.
    """
    vertex, node = leaf.vertex, leaf.vertex.node
    assert isinstance(node, Include)  # noqa: S101 - the leaf of an include
    key = json.dumps([args, extra], sort_keys=True, default=str)
    segment = leaf.expansions.get(key)
    if segment is None:
        keywords = {word: node.keywords[word] for word in ("vars",) if word in node.keywords}
        if extra:
            given = keywords["vars"].value if "vars" in keywords else {}
            keywords["vars"] = made_up({**given, **extra}, node.span.file)
        block = Block(keywords, node.span, role=node.role, parent=node.parent, kind="include")
        handlers = world.load_include(node, args, block, vertex.play.play)
        segment = Segment()
        prefix = (*vertex.position, len(leaf.expansions))
        vertex.play.expansions[prefix] = _place_free(key)
        grower = Grower(vertex.play, world.tags, after=vertex.name)
        before = len(vertex.play.vertices)
        grower.grow(segment, prefix, [block], handler=vertex.handler)
        for inner in vertex.play.vertices[before:] if vertex.handler else ():
            # The include was notified; what it brings runs with it
            inner.handler = False
        leaf.expansions[key] = segment
        before = len(vertex.play.vertices)
        for room, place in vertex.play.late_handlers:
            grower.grow(room, place, handlers, handler=True)
        vertex.play.brought.update(id(one.node) for one in vertex.play.vertices[before:])
    return segment


def _place_free(key: str) -> str:
    """What an include is given, wherever the project lies."""
    return key.replace(f"{Path.cwd()}/", "")


def _registered(node: Task | Include) -> str:
    given = node.keywords.get("register")
    return str(given.value) if given is not None else ""


def _unknown(vertex: Vertex, host: HostRun, cause: Unknown) -> Outcome:
    from kplay.resolve.unknown import PartialResult

    who = f"`{vertex.name}` on {host.name}, which may run"
    fields = {"failed": False, "changed": Unknown(who), "skipped": Unknown(who)}
    result = PartialResult(fields, who)
    return Outcome("planned", "unknown", result, causes=cause.causes, conditional=True)
