"""A task on a host with its variables bound: skipped, answered, unknown, or calls to send."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay import actions
from kplay.actions.api import Answer, Call, Context, fault
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError
from kplay.modules import catalog, manifest_text, schema
from kplay.modules.api import UNKNOWN
from kplay.resolve import loops
from kplay.resolve.missing import OMIT
from kplay.resolve.unknown import Unknown, causes_in
from kplay.walk.refusal import refused
from kplay.walk.settings import Settings, hidden, settings_of
from kplay.walk.turns import turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.graph.model import Vertex
    from kplay.playbook.model import Include, Task
    from kplay.resolve.scope import Scope
    from kplay.source import Span
    from kplay.walk.outcome import Outcome
    from kplay.walk.world import World


_FALSE = "Conditional result was False"
SETTING = ("set_fact", "include_vars")
"""Modules whose only effect is that they set variables."""


@dataclass(eq=False, slots=True)
class Item:
    """One turn of a loop, or the only turn of a task without one."""

    index: int
    label: str
    value: Any
    scope: Scope
    settings: Settings
    skip: str = ""
    """Why it is skipped; empty when it is not."""
    false_condition: str = ""
    causes: tuple[str, ...] = ()
    """Why its condition is unknown: it may run."""
    answer: Answer | None = None
    calls: list[Call] = field(default_factory=list)
    argument_causes: tuple[str, ...] = ()
    """Why some argument is unknown."""
    possible: Answer | None = None
    """What a task of values would answer if it ran, where its condition is unknown."""
    harmless: bool = False
    """Whether its author says ``changed_when: false``."""
    results: list[dict[str, Any]] = field(default_factory=list)
    attempt: int = 1
    target: str = ""
    """The host that it acts on."""
    agent: str = ""
    """The way to its target."""


@dataclass(eq=False, slots=True)
class Bound:
    """A task on a host, ready to send or already answered."""

    vertex: Vertex
    task: Task
    host: str
    target: str
    """The host that it acts on; where turns act on several, that of the turn under way."""
    name: str
    looped: bool
    items: list[Item]
    register: str = ""
    causes: tuple[str, ...] = ()
    """Why nothing of it can be told yet (an unknown loop)."""
    agent: str = ""
    """The way to its target."""
    stepwise: bool = False
    """Whether each turn waits for the one before it."""
    broken: Outcome | None = None
    """The task's own failure, between its turns."""

    @property
    def unknown(self) -> bool:
        """Whether any input is not known yet: it cannot be sent ahead."""
        return bool(self.causes) or any(
            item.causes or item.argument_causes or item.settings.causes for item in self.items
        )

    @property
    def targets(self) -> list[str]:
        """The hosts that it acts on, each once."""
        return list(dict.fromkeys(item.target or self.target for item in self.items))

    def turn_to(self, item: Item) -> None:
        """Act where a turn does; turns that act on several hosts are done one by one."""
        self.target, self.agent = item.target or self.target, item.agent or self.agent

    @property
    def local(self) -> bool:
        """Whether it never leaves the controller."""
        return all(not item.calls for item in self.items)


def registered(node: Task | Include) -> str:
    """The name that a task's result goes by, or nothing."""
    given = node.keywords.get("register")
    return str(given.value) if given is not None else ""


def bind(vertex: Vertex, task: Task, host: str, world: World) -> Bound:
    """Evaluate loop, condition, settings and arguments of a task on a host.

    Raises:
        KplayError: a template cannot be rendered, a file is missing, an argument is wrong.
    """
    scope = world.scope(vertex, task, host)
    name = _name(task, scope, vertex.name)
    bound = Bound(vertex, task, host, host, name, False, [], registered(task))
    looped = any(key == "loop" or key.startswith("with_") for key in task.keywords)
    bound.looped = looped
    if not looped:
        bound.items.append(_item(bound, world, scope, 0, None))
        return _aimed(bound, world)
    values, guard = turns(vertex, task, scope, world)
    if isinstance(values, Unknown):
        bound.causes = values.causes
        return bound
    if guard:
        bound.looped = False
        passed = Item(0, "", None, scope, Settings(), skip=_FALSE, false_condition=guard)
        bound.items.append(passed)
        return bound
    made: dict[str, Any] = {}
    for index, value in enumerate(values):
        extra = made | loops.bindings(task, values, index)
        inner = world.scope(vertex, task, host, extra)
        item = _turn(bound, world, inner, index, value)
        bound.items.append(item)
        if item.answer is not None:
            made |= item.answer.facts
    control = _control(task)
    bound.stepwise = not world.planning and bool({"pause", "break_when"} & control.keys())
    return _aimed(bound, world)


def _turn(bound: Bound, world: World, scope: Scope, index: int, value: Any) -> Item:
    """One turn of a loop; what is wrong with it fails it alone, as with Ansible."""
    try:
        return _item(bound, world, scope, index, value)
    except KplayError as error:
        label = label_of(bound.vertex, bound.task, scope, index, value)
        answer = Answer(refused(error, bound.task))
        unseen = Settings(no_log=hidden(bound.vertex.play.play, bound.task, scope))
        item = Item(index, label, value, scope, unseen, answer=answer)
        with suppress(KplayError):
            item.settings = settings_of(bound.vertex.play.play, bound.task, scope, world.become)
        return item


def _aimed(bound: Bound, world: World) -> Bound:
    if not bound.items:
        return bound
    strand, host = bound.vertex.play, bound.host
    known: dict[str, str] = {}
    for item in bound.items:
        item.target = item.agent = item.settings.delegate_to or host
        if bound.local:
            continue
        if item.target not in known:
            way = world.ways.key(strand, bound.task, host, item.target, item.scope)
            known[item.target] = way
        item.agent = known[item.target]
    bound.turn_to(bound.items[0])
    bound.stepwise |= len(known) > 1
    return bound


def _control(task: Task | Include) -> Mapping[str, Any]:
    given = task.keywords.get("loop_control")
    return given.value if given is not None and isinstance(given.value, dict) else {}


def _name(task: Task, scope: Scope, fallback: str) -> str:
    given = task.keywords.get("name")
    if given is None or "{{" not in str(given.value):
        return fallback
    try:
        rendered = scope.template(given)
    except Exception:  # noqa: BLE001 - a name that cannot be rendered is shown as written
        return fallback
    if isinstance(rendered, Unknown):
        return fallback
    role = f"{task.role.name} : " if task.role is not None else ""
    return f"{role}{rendered}"


def _label(vertex: Vertex, task: Task | Include, scope: Scope, index: int, value: Any) -> str:
    """What tells a turn from others; under ``no_log`` its number, whatever the label would hold."""
    if hidden(vertex.play.play, task, scope):
        return f"item {index + 1}, hidden by no_log"
    control = task.keywords.get("loop_control")
    given = control.get("label") if control is not None else None
    label = scope.template(given) if given is not None else value
    return f"(known after: {'; '.join(label.causes)})" if isinstance(label, Unknown) else str(label)


def label_of(vertex: Vertex, task: Task | Include, scope: Scope, index: int, value: Any) -> str:
    """The label of a turn in which something cannot be rendered: perhaps the label itself."""
    try:
        return _label(vertex, task, scope, index, value)
    except KplayError:
        return str(value)


def _item(bound: Bound, world: World, scope: Scope, index: int, value: Any) -> Item:
    task, vertex = bound.task, bound.vertex
    verdict, condition = world.condition(vertex, task, scope)
    label = ""
    if bound.looped:
        label = _label(vertex, task, scope, index, value)
    unseen = Settings(no_log=hidden(vertex.play.play, task, scope))
    item = Item(index, label, value, scope, unseen)
    changed_when = task.keywords.get("changed_when")
    item.harmless = changed_when is not None and changed_when.value is False
    if isinstance(verdict, Unknown):
        item.causes = verdict.causes
        if world.planning and task.module in SETTING:
            item.possible = _possible(item, bound, world, scope)
        return item
    if not verdict:
        item.skip, item.false_condition = _FALSE, condition
        return item
    if task.faults:
        raise InputError(task.faults)
    item.settings = settings_of(vertex.play.play, task, scope, world.become)
    item.settings.no_log |= unseen.no_log
    if item.settings.become and item.settings.become["password"]:
        world.secrets.add(item.settings.become["password"])
    if item.settings.causes:
        item.causes = item.settings.causes
        return item
    _fill(item, bound, world, scope)
    return item


def _possible(item: Item, bound: Bound, world: World, scope: Scope) -> Answer:
    """The variables that a task sets if it runs; of those that cannot be rendered the names."""
    guess = Item(item.index, item.label, item.value, scope, Settings())
    try:
        _fill(guess, bound, world, scope)
    except KplayError:
        # It need render under its condition alone
        named = bound.task.args.value if bound.task.module == "set_fact" else {}
        return Answer({}, facts={name: None for name in named if name != "cacheable"})
    return guess.answer or Answer({})


def _fill(item: Item, bound: Bound, world: World, scope: Scope) -> None:
    task = bound.task
    args = _arguments(task, scope, world, bound.vertex)
    action = actions.find(task.module)
    context = Context(
        host=bound.host,
        task=task,
        play=bound.vertex.play.play,
        scope=scope,
        args=args,
        planning=world.planning,
        no_log=item.settings.no_log,
        diff=world.diff if item.settings.diff is None else item.settings.diff,
        agreed=world.agreed is not None,
        find_file=lambda kind, name: world.find_file(kind, name, task, bound.vertex.play.play),
        secrets=world.secrets,
    )
    if action is None:
        calls = [Call(task.module, args)]
    else:
        outcome = action(context)
        if isinstance(outcome, Answer):
            item.answer = outcome
            item.argument_causes = outcome.causes
            return
        calls = outcome
        if context.sealed:
            item.settings.diff = False
    causes: list[str] = []
    for call in calls:
        causes += causes_in(call.args)
        if call.args.get("content") == UNKNOWN:
            causes += _content_causes(context)
        call.args = _validated(context, call)
    if item.settings.job and (len(calls) > 1 or any(map(_asks, calls))):
        message = f"`{task.module}` cannot run with `poll: 0`: it needs the controller"
        raise InputError(Diagnostic("no-job", message, task.keywords["async"].key_span))
    item.calls = calls
    item.argument_causes = tuple(dict.fromkeys(causes))


def _asks(call: Call) -> bool:
    """Whether the host asks the controller for content while the module runs."""
    return any(not blob.sources for blob in call.blobs.values())


def _content_causes(context: Context) -> tuple[str, ...]:
    return causes_in(context.args) or ("an earlier step",)


def _arguments(task: Task, scope: Scope, world: World, vertex: Vertex) -> dict[str, Any]:
    given = dict(world.module_defaults(vertex, task, scope))
    for key, value in task.args.items():
        if key in actions.RAW_NAMES and task.module in actions.RAW_ARGS:
            continue
        if task.module == "set_fact" and "{{" in key:
            key = str(scope.template(key))  # noqa: PLW2901 - a name may be a template here
        given[key] = scope.template(value)
    return {key: value for key, value in given.items() if value is not OMIT}


def _validated(context: Context, call: Call) -> dict[str, Any]:
    module = catalog.find(call.module)
    if module is None:
        raise fault(context, "unknown-module", f"no module named `{call.module}`")
    plain = {key: _marked(value) for key, value in call.args.items()}
    if module.free_form and "_raw" in plain:
        plain[module.free_form] = plain.pop("_raw")
    args, faults = schema.normalise(module, plain, deferred=schema.unknown)
    if faults:
        raise InputError(
            [
                Diagnostic("bad-argument", one.message, _argument_span(context, one.argument),
                           help=tuple(f"did you mean `{word}`?" for word in one.suggestions))
                for one in faults
            ]
        )  # fmt: skip
    context.secrets.update(
        leaf
        for name, arg in module.args.items()
        if arg.secret and args.get(name)
        for leaf in manifest_text.leaves(args[name])
    )
    defaults, _ = schema.normalise(module, {})
    return {
        key: value for key, value in args.items() if value is not None and value != defaults[key]
    }


def _argument_span(context: Context, argument: str) -> Span:
    given = context.task.args.get(argument) if argument else None
    return given.key_span if given is not None else context.task.span


def _marked(value: Any) -> Any:
    """Unknown parts of an argument as the marker that modules know."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _marked(part) for key, part in value.items() if part is not OMIT}
    if isinstance(value, list | tuple):
        return [_marked(part) for part in value if part is not OMIT]
    return value
