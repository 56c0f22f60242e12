"""Finds the one module that a task calls, and what it is called with."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from kplay.diagnostics import suggest
from kplay.playbook import freeform, keywords, modules
from kplay.playbook.values import is_template, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.diagnostics import Faults
    from kplay.foreign.find import Places
    from kplay.playbook.model import Keywords
    from kplay.playbook.modules import Called
    from kplay.source import KeyPath, Sourced, Span


class Call(NamedTuple):
    """A module's name as written, with its arguments."""

    name: str
    called: Called
    args: Sourced
    span: Span
    keys: set[str]
    """Keys of the task that are used up by the call."""
    extra: Keywords
    """Keywords that the way of calling stands for (``local_action``)."""


def read_call(entry: Sourced, faults: Faults, places: Places) -> Call | None:
    """The call of a task; None when there is a fault in it that was noted."""
    if "action" in entry.value or "local_action" in entry.value:
        return _read_action(entry, faults, places)
    known = keywords.at(keywords.HANDLER)
    others = [
        key
        for key in entry.value
        if key not in known and not str(key).startswith("with_") and key not in ("role", "hosts")
    ]
    found = [
        (key, called) for key in others if (called := modules.look(str(key), places)) is not None
    ]
    if len(found) == 1:
        key, called = found[0]
        call = _call(str(key), called, entry.child(key), entry, faults)
        return call._replace(keys={key, "args"})
    if found:
        listed = " and ".join(f"`{key}`" for key, _ in found[:2])
        faults.add(
            "several-modules",
            f"a task calls exactly one module, this one calls {listed}",
            entry.child(found[1][0]).key_span,
        )
        return None
    _note_missing(entry, others, faults, places)
    return None


def _note_missing(entry: Sourced, others: list[str], faults: Faults, places: Places) -> None:
    if not others:
        faults.add("no-module", "this task calls no module", entry.span)
        return
    names = modules.names()
    words = keywords.supported(keywords.HANDLER)
    unknown: list[str] = []
    for key in others:
        like_module = get_close_matches(str(key), names, n=1, cutoff=0.6)
        like_word = get_close_matches(str(key), words, n=1, cutoff=0.75)
        if len(others) > 1 and like_word and not like_module:
            faults.add(
                "unknown-keyword",
                f"no keyword named `{key}` for a task",
                entry.child(key).key_span,
                help=(f"did you mean `{like_word[0]}`?",),
            )
        else:
            unknown.append(key)
    for key in unknown:
        notes = ("a task calls exactly one module",) if len(unknown) > 1 else ()
        span = entry.child(key).key_span
        _unknown(str(key), span, faults, places, known=[*names, *words], notes=notes)


def _read_action(entry: Sourced, faults: Faults, places: Places) -> Call | None:
    key = "action" if "action" in entry.value else "local_action"
    value = entry.child(key)
    extra: Keywords = {}
    if key == "local_action":
        place = freeform.made(value.document, {"": "localhost"}, {(): value.key_span})
        extra["delegate_to"] = place.child("")
    named = value.get("module") or value
    if not isinstance(named.value, str):
        faults.add("bad-value", f"`{key}` wants a module, not {shown(named.value)}", named.span)
        return None
    name, _, rest = named.value.partition(" ")
    called = modules.look(name, places)
    if called is None:
        _unknown(name, named.span, faults, places, known=modules.names())
        return None
    given = freeform.made(value.document, {"": rest.strip()}, {(): named.span}).child("")
    if named is not value:
        args = {k: v for k, v in value.value.items() if k != "module"}
        spans: dict[KeyPath, Span] = {(): named.span}
        spans.update({(k,): value.child(k).span for k in args})
        if not rest:
            given = freeform.made(value.document, args, spans)
    call = _call(name, called, given, entry, faults)
    return call._replace(span=named.span, keys={key, "args"}, extra=extra)


def _unknown(
    name: str,
    span: Span,
    faults: Faults,
    places: Places,
    *,
    known: Sequence[str],
    notes: tuple[str, ...] = (),
) -> None:
    from kplay.foreign.missing import advice

    told = advice(name, places)
    alike = suggest(modules.short(name), known)
    ours = name.startswith(modules.BUILTIN) and alike
    hints = alike if ours else told.help or alike
    faults.add(
        "unknown-module", f"no module named `{name}`", span, help=hints, notes=(*told.notes, *notes)
    )


def _call(name: str, called: Called, value: Sourced, entry: Sourced, faults: Faults) -> Call:
    if called.refused and not called.passable:
        refuse(called, value.key_span, faults)
    args = _read_args(called, value, faults)
    extra = entry.get("args")
    if extra is not None:
        if isinstance(extra.value, dict):
            args = freeform.merged(args, extra)
        elif not is_template(extra.value) and extra.value is not None:
            faults.add("bad-value", f"`args` wants a mapping, not {shown(extra.value)}", extra.span)
        elif extra.value is not None:
            faults.add(
                "unsupported-value",
                "`args` cannot be a template",
                extra.span,
                notes=("the names of arguments are checked before the run",),
            )
    return Call(name, called, args, value.key_span, set(), {})


def refuse(called: Called, span: Span, faults: Faults) -> None:
    """Note that a module is known and not supported."""
    message = f"`{called.name}` is not supported"
    faults.add("unsupported-module", message, span, notes=(called.refused,))


def _read_args(called: Called, value: Sourced, faults: Faults) -> Sourced:
    plain = value.value
    if isinstance(plain, dict):
        return value
    if plain is None:
        return freeform.made(value.document, {}, {(): value.key_span})
    if isinstance(plain, list) and called.name in ("command", "shell"):
        return freeform.made(value.document, {"argv": plain}, {(): value.span})
    if isinstance(plain, list) or (isinstance(plain, (bool, int, float)) and not called.free_form):
        faults.add(
            "bad-value",
            f"the arguments of `{called.name}` are a mapping, not {shown(plain)}",
            value.span,
        )
        return freeform.made(value.document, {}, {(): value.span})
    if not isinstance(plain, str):
        value = freeform.made(value.document, {"": str(plain)}, {(): value.span}).child("")
    if called.free_form == freeform.RAW:
        if called.name in ("raw", "meta"):
            data = {freeform.RAW: value.value.strip()}
            return freeform.made(
                value.document, data, {(): value.span, (freeform.RAW,): value.span}
            )
        return freeform.command(value)
    return _pairs(called, value, faults)


def _pairs(called: Called, value: Sourced, faults: Faults) -> Sourced:
    given, loose = freeform.pairs(value)
    if not loose:
        return given
    if called.free_form and called.free_form not in given.value:
        text = " ".join(word.text for word in loose)
        data = {called.free_form: freeform.unquoted(text), **given.value}
        spans = {**given.document.spans, (called.free_form,): value.span}
        return freeform.made(value.document, data, spans)
    faults.add(
        "bad-value",
        f"the arguments of `{called.name}` are a mapping or `key=value` words",
        value.span,
        notes=(f"no `=` in `{loose[0].text}`",),
    )
    return given
