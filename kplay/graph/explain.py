"""Where a variable's value on a host comes from: every definition, who wins, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.graph.setters import Setter, setters
from kplay.playbook.model import Include
from kplay.resolve.faults import TemplateError
from kplay.resolve.lazy import is_template, settle
from kplay.resolve.magic import DEFAULTS, HostVars, HostView
from kplay.resolve.precedence import Layer
from kplay.resolve.templating import render_expression
from kplay.resolve.unknown import causes_in
from kplay.source import Document, VaultText

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kplay.graph.model import Graph, PlayStrand, Vertex
    from kplay.playbook.load import Loader
    from kplay.resolve.precedence import Definition
    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore
    from kplay.source import Sourced, Span

_NAME = re.compile(r"[A-Za-z_]\w*")
_GROUP_LAYERS = frozenset({Layer.INVENTORY_GROUPS, Layer.GROUP_VARS, Layer.PLAYBOOK_GROUP_VARS})

_LASTING = frozenset({Layer.FACTS, Layer.SET_FACTS, Layer.INCLUDE_VARS})
"""What a play makes that the plays below it see too."""


class Rendered(NamedTuple):
    """A value, or why there is none yet."""

    value: Any
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition. ``written`` is as the file has it, ``rendered`` what it comes to."""

    layer: Layer
    owner: str
    """The group, task, block or role, where the level alone does not say."""
    span: Span | None
    written: Any
    rendered: Rendered
    is_template: bool = False
    is_vaulted: bool = False


@dataclass(slots=True)
class Explanation:
    """What one play, or the inventory alone, makes of a name on a host."""

    name: str
    host: str
    play: str
    """Empty for the inventory alone."""
    entries: list[Entry] = field(default_factory=list)
    """Definitions that hold everywhere in the play, the lowest first: the last one wins."""
    later: list[Entry] = field(default_factory=list)
    """Definitions that hold in a part of the play or from a task on."""
    value: Rendered = field(default_factory=lambda: Rendered(None))
    kind: str = "variable"
    """variable, magic or fact."""
    why: str = ""
    unread: int = 0
    """Includes that are read when the play runs; they may set the name too."""


def explain(
    graph: Graph,
    store: VariableStore,
    loader: Loader,
    name: str,
    host: str,
    *,
    fact_names: Callable[[], Collection[str]],
) -> list[Explanation]:
    """What each play with the host makes of a variable; of the inventory where there is none.

    Args:
        graph: the plays.
        store: the variables.
        loader: finds the files of include_vars.
        name: a variable, or one with attributes (``ansible_facts.os_family``).
        host: a host of the inventory.
        fact_names: names that facts have, asked for only where a name may be one.

    Raises:
        InputError: no such host; or nothing defines the name, nor will a run.
    """
    if store.known(host) is None:
        message = f"the inventory has no host `{host}`"
        raise InputError(_fault("unknown-host", message, suggest(host, store.inventory.hosts)))
    start = _NAME.match(name)
    if start is None:
        raise InputError(_fault("bad-name", f"`{name}` cannot be the name of a variable", ()))
    strands = [strand for strand in graph.plays if host in strand.hosts]
    found = [
        _in_play(strands[: number + 1], store, loader, name, host) for number in range(len(strands))
    ]
    found = found or [_explanation(store.scope(None, host), name, "")]
    if any(one.entries or not one.value.problem for one in found):
        return found
    scope = store.scope(strands[0].play if strands else None, host)
    facts: Collection[str] = ()
    if start[0].startswith("ansible_"):
        facts = fact_names()
        near = suggest(start[0], [*scope.names(), *facts]) if start[0] not in facts else ()
        if any(one.later for one in found) and not (near and _only_facts(found)):
            return found
    elif any(one.later for one in found):
        return found
    message = f"`{start[0]}` is not defined on {host}"
    notes = () if graph.plays else ("only the inventory was read: name a playbook to read it too",)
    if start[0] in facts:
        notes = ("it is a fact, and no play with this host gathers facts",)
    hints = suggest(start[0], [*scope.names(), *facts]) if start[0] not in facts else ()
    raise InputError(_fault("undefined-variable", message, hints, notes))


def _only_facts(found: list[Explanation]) -> bool:
    return all(entry.layer is Layer.FACTS for one in found for entry in one.later)


def _fault(
    code: str, message: str, hints: tuple[str, ...], notes: tuple[str, ...] = ()
) -> Diagnostic:
    return Diagnostic(code, message, None, help=hints, notes=notes)


def _in_play(
    strands: list[PlayStrand], store: VariableStore, loader: Loader, name: str, host: str
) -> Explanation:
    """What the last of some plays makes of a name, the ones above it having run."""
    strand = strands[-1]
    scope = store.scope(strand.play, host)
    made = _explanation(scope, name, strand.name)
    known = {entry.span for entry in made.entries if entry.span is not None}
    base = _base(name)
    for above in strands:
        for one in setters(above, base, loader):
            if one.span in known or (above is not strand and one.layer not in _LASTING):
                continue
            known.add(one.span)
            made.later.append(_later(one, strand, store, host))
    made.unread = sum(_is_unread(vertex) for vertex in strand.vertices)
    if made.kind == "variable" and not made.entries and made.later and _only_facts([made]):
        made.kind = "fact"
    return made


def _base(name: str) -> str:
    found = _NAME.match(name)
    return found[0] if found else name


def _is_unread(vertex: Vertex) -> bool:
    return isinstance(vertex.node, Include)


def _explanation(scope: Scope, name: str, play: str) -> Explanation:
    base = _base(name)
    made = Explanation(name, scope.host, play)
    definitions = _without_twins(scope.definitions(base))
    made.entries = [_entry(one, scope) for one in definitions]
    made.value = _rendered(scope, name)
    if definitions:
        winner = definitions[-1]
        made.kind = {Layer.MAGIC: "magic", Layer.FACTS: "fact"}.get(winner.layer, "variable")
        made.why = _why(made.entries)
    elif base in DEFAULTS and play:
        made.kind = "magic"
        made.why = "kplay's own, as nothing defines it"
    return made


def _without_twins(definitions: list[Definition]) -> list[Definition]:
    """Each place once, at its higher level: a folder may be the inventory's and the playbook's."""
    last = {one.span: number for number, one in enumerate(definitions)}
    return [
        one
        for number, one in enumerate(definitions)
        if one.span is None or last[one.span] == number
    ]


def _entry(one: Definition, scope: Scope) -> Entry:
    if one.span is None:
        owner = scope.store.fact_origins.get(scope.host, "") if one.layer is Layer.FACTS else ""
        return Entry(one.layer, owner, None, one.value, _known(one.value))
    owner = _group(one, scope) if one.layer in _GROUP_LAYERS else ""
    source = Document(one.span.file, "", one.value, {(): one.span}).root
    return Entry(
        one.layer,
        owner,
        one.span,
        one.value,
        _templated(source, scope),
        is_template=_holds_template(one.value),
        is_vaulted=_holds_vault(one.value),
    )


def _group(one: Definition, scope: Scope) -> str:
    inventory = scope.store.inventory
    known = scope.store.known(scope.host)
    for name in reversed(known.groups if known is not None else []):
        group = inventory.groups[name]
        for table in (group.variables, group.file_variables, group.playbook_variables):
            if one.name in table and table[one.name].span == one.span:
                return f"group `{name}`"
    return ""


def _later(one: Setter, strand: PlayStrand, store: VariableStore, host: str) -> Entry:
    if one.written is None:
        what = "facts" if one.layer is Layer.FACTS else "the task's result"
        return Entry(one.layer, one.where, one.span, what, Rendered(None, "known when it has run"))
    return Entry(
        one.layer,
        one.where,
        one.span,
        one.written.value,
        _templated(one.written, store.scope(strand.play, host)),
        is_template=_holds_template(one.written.value),
        is_vaulted=_holds_vault(one.written.value),
    )


def _templated(source: Sourced, scope: Scope) -> Rendered:
    try:
        return _known(scope.template(source))
    except TemplateError as error:
        return Rendered(None, error.diagnostic.message)


def _rendered(scope: Scope, name: str) -> Rendered:
    try:
        return _known(render_expression(name, scope))
    except TemplateError as error:
        return Rendered(None, error.diagnostic.message)


def _known(value: Any) -> Rendered:
    if isinstance(value, HostVars | HostView):
        # They hold each other
        return Rendered(None, f"a mapping of {len(value)} names: ask for one of them")
    value = settle(value)
    causes = causes_in(value)
    return Rendered(None, f"known after: {'; '.join(causes)}") if causes else Rendered(value)


def _holds_template(value: Any) -> bool:
    return any(is_template(text) for text in _texts(value) if type(text) is str)


def _holds_vault(value: Any) -> bool:
    return any(isinstance(text, VaultText) for text in _texts(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = list(value.values()) if isinstance(value, dict) else value
    return [text for part in parts for text in _texts(part)] if isinstance(parts, list) else []


def _why(entries: list[Entry]) -> str:
    winner = entries[-1]
    if len(entries) == 1:
        return "nothing else defines it"
    second = entries[-2]
    if winner.layer is not second.layer:
        return (
            f"level {winner.layer} ({winner.layer.title}) wins over level {second.layer} "
            f"({second.layer.title})"
        )
    if winner.layer in _GROUP_LAYERS:
        return (
            f"{winner.owner} wins over {second.owner}: the deeper group does, of equally deep ones "
            "the one with the higher ansible_group_priority, then the later name"
        )
    return f"of several {winner.layer.title} the last wins"
