"""Tasks in a plan from files alone: on which hosts they are taken, and what they leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError
from kplay.modules import catalog
from kplay.plan.offline.outlook import ALL_SKIPPED, Outlook, Prospect
from kplay.plan.offline.survey import GROWING
from kplay.playbook.model import Include, Task, effective, gathered
from kplay.resolve import loops
from kplay.resolve.unknown import PartialResult, Unknown
from kplay.walk.bind import bind, registered
from kplay.walk.handlers import Handlers
from kplay.walk.turns import turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.graph.model import Vertex
    from kplay.plan.offline.alike import Alike
    from kplay.plan.offline.facts import Facts
    from kplay.plan.offline.outlook import Forecast, TracingWorld
    from kplay.plan.offline.presence import Presence
    from kplay.plan.offline.survey import Survey
    from kplay.walk.bind import Bound

_ANSWERED = frozenset(
    {"set_fact", "include_vars", "assert", "fail", "validate_argument_spec", "set_stats"}
)
"""Modules that the controller answers by itself, and whose answer later steps may need."""
_UNSEEN = _ANSWERED | {"debug", "add_host", "group_by", "pause"}
"""Modules that touch no host."""
_GATHERING = frozenset({"setup", "gather_facts"})


class Steps:
    """Takes tasks for many hosts at once."""

    def __init__(  # noqa: PLR0917 - made in one place alone
        self,
        world: TracingWorld,
        alike: Alike,
        presence: Presence,
        facts: Facts,
        found: Forecast,
        survey: Survey | None = None,
    ) -> None:
        self.world = world
        self.store = world.store
        self.alike = alike
        self.presence = presence
        self.facts = facts
        self.found = found
        self.survey = survey
        self.handlers = Handlers(world)
        self.told: dict[int, dict[str, str]] = {}
        """By identity of a handler: the hosts that may notify it, and by which task."""

    def take(
        self, vertex: Vertex, task: Task, hosts: list[str], everyone: Iterable[str], why: str
    ) -> None:
        """Deal with a task; ``everyone`` gets its result too, ``why`` makes it a perhaps."""
        answers = self.alike.ask(hosts, lambda host: self.outlook(vertex, task, host))
        looks = [(look.only_if(why), part) for look, part in answers]
        by_look: dict[Outlook, list[list[str]]] = {}
        for look, part in looks:
            by_look.setdefault(look, []).append(part)
        for look, parts in by_look.items():
            part = parts[0]
            if len(parts) > 1:
                members = {name for one in parts for name in one}
                part = [name for name in hosts if name in members]
            self._one_look(vertex, task, look, part)
            if look.comes_to_it:
                self.presence.ran(vertex, part)
        if self.survey is not None and task.module not in _UNSEEN - GROWING:
            self.survey.take(vertex, task, looks, self.world, self.alike)
        name = registered(task)
        if name:
            self._register(vertex, task, name, looks, everyone)
        if task.module in _ANSWERED:
            taken = [part for look, part in looks if look.comes_to_it]
            self._answers(vertex, task, taken, everyone)
        elif task.module in _GATHERING:
            self.facts.unknown([part for look, part in looks if look.comes_to_it])

    def _one_look(self, vertex: Vertex, task: Task, look: Outlook, hosts: list[str]) -> None:
        self.found.steps += len(hosts) * max(1, look.turns + look.may)
        if not look.comes_to_it and not look.fault:
            self.found.skipped += len(hosts)
        elif look.fault or task.module not in _UNSEEN:
            self.note(vertex, task.called, _action(task), look, hosts)
        if look.fault and not self.presence.doubt:
            self.fail(vertex, hosts, look.fault)
        elif look.comes_to_it:
            self._notify(vertex, task, hosts)

    def note(
        self, vertex: Vertex, module: str, action: str, look: Outlook, hosts: list[str]
    ) -> None:
        """Put a step among the prospects, unless it only reads."""
        if action == "none" and not look.fault:
            self.found.reads += len(hosts) * max(1, look.turns + look.may)
            return
        self.found.prospects.append(Prospect.of(vertex, module, action, look, hosts))

    def fail(self, vertex: Vertex, hosts: list[str], why: str) -> None:
        """Hosts fail at a vertex, unless errors are ignored there or a survey is made."""
        assert vertex.node is not None  # noqa: S101 - only nodes fail
        given = effective(vertex.play.play, vertex.node, "ignore_errors")
        ignored = given is not None and given.value not in (False, "no", "false")
        if self.survey is not None:
            self.survey.fail(vertex, why, self.world, hosts, ignored=ignored)
        elif not ignored:
            once = effective(vertex.play.play, vertex.node, "run_once")
            alone = once is not None and once.value is True
            self.presence.fail(self.presence.batches_of(hosts) if alone else hosts)

    def outlook(self, vertex: Vertex, node: Task | Include, host: str) -> Outlook:
        """Whether a task runs on a host, and how often; what cannot be told says why."""
        world = self.world
        try:
            scope = world.scope(vertex, node, host)
            if loops.loop_keyword(node) is None:
                verdict, _ = world.condition(vertex, node, scope)
                return Outlook.of([verdict])
            values, guard = turns(vertex, node, scope, world)
            if isinstance(values, Unknown):
                return Outlook(0, 1, values.causes)
            if guard or not values:
                return ALL_SKIPPED
            extras = (loops.bindings(node, values, index) for index in range(len(values)))
            scopes = (world.scope(vertex, node, host, extra) for extra in extras)
            return Outlook.of([world.condition(vertex, node, one)[0] for one in scopes])
        except KplayError as error:
            return Outlook(0, 0, (), str(error))

    def _register(
        self,
        vertex: Vertex,
        task: Task,
        name: str,
        looks: list[tuple[Outlook, list[str]]],
        everyone: Iterable[str],
    ) -> None:
        cause = f"`{vertex.name}`, which has not been taken"
        open_ = PartialResult({"failed": False, "changed": Unknown(cause)}, cause)
        both = {"changed": Unknown(cause), "skipped": Unknown(cause)}
        maybe = PartialResult({"failed": False, **both}, cause)
        skipped = {"changed": False, "failed": False, "skipped": True}
        for look, part in looks:
            value: dict[str, Any] = maybe if look.may else open_ if look.comes_to_it else skipped
            answers: list[tuple[list[dict[str, Any]] | None, list[str]]] = [(None, part)]
            if loops.loop_keyword(task) is not None:
                answers = self.alike.ask(
                    part, lambda host: self._results(vertex, task, host, cause)
                )
            for results, same in answers:
                told = value
                if results is not None:
                    known = {**dict(dict.items(value)), "results": results}
                    told = PartialResult(known, cause) if look.comes_to_it else known
                for host in {*same, *everyone}:
                    self.store.register(host, name, told)
        self.alike.changed(name)

    def _results(
        self, vertex: Vertex, task: Task, host: str, cause: str
    ) -> list[dict[str, Any]] | None:
        """The results of a loop's turns as far as they are known: what each was about.

        Nothing where the turns are not known, and where a condition passes the whole loop by.
        """
        found: list[dict[str, Any]] = []
        try:
            given, guard = turns(vertex, task, self.world.scope(vertex, task, host), self.world)
            if isinstance(given, Unknown) or guard:
                return None
            for index in range(len(given)):
                extra = loops.bindings(task, given, index)
                verdict, _ = self.world.condition(
                    vertex, task, self.world.scope(vertex, task, host, extra)
                )
                name = extra["ansible_loop_var"]
                about = {name: extra[name], "ansible_loop_var": name, "failed": False}
                if verdict is False:
                    found.append({**about, "changed": False, "skipped": True})
                else:
                    about["changed"] = Unknown(cause)
                    about |= {} if verdict is True else {"skipped": Unknown(cause)}
                    found.append(PartialResult(about, cause))
        except KplayError:
            return None
        return found

    def _answers(
        self, vertex: Vertex, task: Task, parts: list[list[str]], everyone: Iterable[str]
    ) -> None:
        """Take what the controller itself answers: variables, and failures of assertions."""
        set_: set[str] = set()
        for hosts in parts:
            for bound, part in self.alike.ask(hosts, lambda host: self._bound(vertex, task, host)):
                if isinstance(bound, str):
                    self._one_look(vertex, task, Outlook(0, 0, (), bound), part)
                    continue
                facts, variables = _variables(bound, self.presence.doubt)
                for host in {*part, *everyone} if facts or variables else ():
                    self.store.set_facts(host, facts)
                    self.store.include_vars(host, variables)
                set_ |= {*facts, *variables}
        self.alike.changed(*set_)

    def _bound(self, vertex: Vertex, task: Task, host: str) -> Bound | str:
        """The task with everything rendered, or why it fails."""
        try:
            bound = bind(vertex, task, host, self.world)
        except KplayError as error:
            return str(error)
        for item in bound.items:
            if item.answer is not None and item.answer.result.get("failed"):
                return str(item.answer.result.get("msg", "it fails"))
        return bound

    def _notify(self, vertex: Vertex, task: Task, hosts: list[str]) -> None:
        module = catalog.find(task.module)
        if module is not None and module.kind in ("read", "wait"):
            return
        for given in gathered(vertex.play.play, task, "notify"):
            for word in given.value if isinstance(given.value, list) else [given.value]:
                for handler in self._reached(vertex, str(word), hosts[0]):
                    told = self.told.setdefault(id(handler.node), {})
                    for host in hosts:
                        told.setdefault(host, vertex.name)

    def _reached(self, vertex: Vertex, word: str, host: str) -> list[Vertex]:
        """The handlers that a word reaches; a template may reach any."""
        if "{{" in word:
            return self.handlers.of(vertex.play)
        return self.handlers.reached(vertex.play, word, host)


def _variables(bound: Bound, doubt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a task of values sets: as set_fact does, and as include_vars does."""
    facts: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    for item in bound.items:
        if item.answer is not None:
            facts |= item.answer.facts
            variables |= item.answer.variables
        elif item.possible is not None:
            open_ = Unknown(f"`{bound.name}`, which may run")
            facts |= dict.fromkeys(item.possible.facts, open_)
            variables |= dict.fromkeys(item.possible.variables, open_)
    if doubt:
        return dict.fromkeys(facts, Unknown(doubt)), dict.fromkeys(variables, Unknown(doubt))
    return facts, variables


def _action(task: Task) -> str:
    """``run`` of what runs whatever is found, ``none`` of what only reads, else ``unknown``."""
    if task.module in _UNSEEN:
        return "none"
    module = catalog.find(task.module)
    if module is None:
        return "unknown"
    harmless = task.keywords.get("changed_when")
    if harmless is not None and harmless.value is False:
        return "none"
    given = task.args.value if isinstance(task.args.value, dict) else {}
    if module.kind in ("read", "wait"):
        return "unknown" if any(name in given for name in module.writes) else "none"
    if module.kind == "action" and module.free_form and not any(g in given for g in module.guards):
        return "run"
    return "unknown"
