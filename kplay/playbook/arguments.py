"""Checks the arguments of a task against its module's schema, as far as they are literal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kplay.modules import schema
from kplay.playbook.freeform import RAW
from kplay.playbook.values import holds_template

if TYPE_CHECKING:
    from kplay.diagnostics import Faults
    from kplay.modules.api import Module
    from kplay.playbook.modules import Called
    from kplay.source import Sourced, Span


def check(
    called: Called, args: Sourced, span: Span, faults: Faults, *, partial: bool = False
) -> None:
    """Note unknown, missing, contradicting and ill-typed arguments.

    Args:
        called: the module.
        args: what the task gives it.
        span: where the module's name is written; what is missing is reported there.
        faults: where to note them.
        partial: ``module_defaults`` may give what is missing here.
    """
    raw = dict(args.value)
    if RAW in raw and called.raw_argument:
        raw[called.raw_argument] = raw.pop(RAW)
    if called.open:
        names = {name for key, arg in called.args.items() for name in (key, *arg.aliases)}
        raw = {key: value for key, value in raw.items() if key in names}
    _, found = schema.normalise(cast("Module", called), raw, deferred=holds_template)
    for fault in found:
        value = args.get(fault.argument) if fault.argument else None
        if value is None and fault.argument == called.raw_argument:
            value = args.get(RAW)
        known = value is not None and f"no argument `{fault.argument}`" not in fault.message
        if fault.argument == "" and partial:
            continue
        if fault.argument == "":
            code, place = "missing-argument", span
        elif not known:
            code = "unknown-argument"
            place = value.key_span if value is not None else span
        elif "only one of" in fault.message or "same argument" in fault.message:
            code = "contradicting-arguments"
            place = value.key_span if value is not None else span
        else:
            code, place = "bad-value", value.span if value is not None else span
        close = fault.suggestions[:1]
        message = fault.message.replace(f"`{RAW}` of", "the text of")
        message = message.replace(f"the argument `{RAW}`", "text")
        if not known and code == "unknown-argument" and not close:
            listed = sorted(name for name in called.args if not name.startswith("_"))
            hints: tuple[str, ...] = (
                f"it takes {', '.join(listed)}" if listed else "it takes no arguments",
            )
        else:
            hints = tuple(f"did you mean `{one}`?" for one in close)
        faults.add(code, message, place, help=hints)
