"""Conditions: bare expressions, literals, and lists that mean `and`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.faults import TemplateError, fault
from kplay.resolve.filters.registry import kind_of
from kplay.resolve.lazy import is_template, settle
from kplay.resolve.missing import OMIT
from kplay.resolve.templating import render_expression, render_text
from kplay.resolve.unknown import PartialResult, Unknown, UnknownReached
from kplay.source import Sourced

if TYPE_CHECKING:
    from kplay.resolve.scope import Scope

_ADVICE = (
    ((str,), "add `| bool` to read the text as a boolean, or `| length > 0` to ask for any text"),
    ((list, tuple, dict), "write `… | length > 0` to ask whether it holds anything"),
    ((int, float), "write `… != 0`"),
)
_SETTING = "`allow_broken_conditionals` in ansible.cfg reads it as ansible-core before 2.19 did"


def evaluate(condition: object, scope: Scope) -> bool | Unknown:
    """Whether a condition holds; of a list, False wins over Unknown and ends it.

    Raises:
        TemplateError: the condition cannot be evaluated.
    """
    source = condition if isinstance(condition, Sourced) else None
    value = source.value if source is not None else condition
    if isinstance(value, (list, tuple)):
        causes: list[str] = []
        for index, part in enumerate(value):
            found = evaluate(source.child(index) if source is not None else part, scope)
            if isinstance(found, Unknown):
                causes += found.causes
            elif not found:
                return False
        return Unknown(*causes) if causes else True
    try:
        return _truth(_value(value, scope), lenient=scope.store.lenient_conditions)
    except UnknownReached as reason:
        return Unknown(*reason.causes)
    except TemplateError as error:
        raise error.at(source.span if source is not None else None) from error


def _value(value: Any, scope: Scope) -> Any:
    if value is None:
        return True
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return text
    if is_template(text):
        found = settle(render_text(text, scope))
        if not isinstance(found, str) or not found.strip():
            return found
        text = found
    return render_expression(text, scope)


def _truth(value: Any, *, lenient: bool) -> bool | Unknown:
    if isinstance(value, (bool, Unknown)):
        return value
    if lenient:
        return True if isinstance(value, PartialResult) else bool(value)
    advice = [text for kinds, text in _ADVICE if isinstance(value, kinds)][:1]
    what = "nothing (`omit`)" if value is OMIT else kind_of(value)
    raise fault(
        "condition-not-boolean",
        f"the condition gives {what}, not true or false",
        help=(*advice, _SETTING),
    )
