"""Values of a task: every template in them rendered, at any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.resolve.faults import TemplateError
from kplay.resolve.lazy import is_template, settle
from kplay.resolve.missing import OMIT
from kplay.resolve.templating import render_text
from kplay.resolve.unknown import Unknown, UnknownReached
from kplay.source import Sourced, UnsafeText, VaultText

if TYPE_CHECKING:
    from kplay.resolve.scope import Scope


def rendered(value: object, scope: Scope) -> Any:
    """A value as ``Scope.template`` gives it.

    Raises:
        TemplateError: a template cannot be rendered; its diagnostic says where it stands.
    """
    if isinstance(value, Sourced):
        return _rendered(value.value, value, scope)
    return _rendered(value, None, scope)


def _rendered(value: Any, source: Sourced | None, scope: Scope) -> Any:
    if isinstance(value, str):
        if type(value) is str and not is_template(value):
            return value
        try:
            return _text(value, source, scope)
        except TemplateError as error:
            raise error.at(source.span if source is not None else None) from error
        except UnknownReached as reason:
            return Unknown(*reason.causes)
    if type(value) is dict:
        result: dict[Any, Any] = {}
        for key, part in value.items():
            if type(part) is str and "{" not in part:
                made: Any = part
            else:
                child = source.child(key) if source is not None else None
                made = _rendered(part, child, scope)
            if made is not OMIT:
                name = key
                if isinstance(key, str) and is_template(key):
                    name = _rendered(key, None, scope)
                    if isinstance(name, Unknown):
                        return name
                result[name] = made
        return result
    if type(value) is list:
        parts = [
            _rendered(part, source.child(index) if source is not None else None, scope)
            for index, part in enumerate(value)
        ]
        return [part for part in parts if part is not OMIT]
    return settle(value)


def _text(value: str, source: Sourced | None, scope: Scope) -> Any:
    if isinstance(value, VaultText):
        if source is not None:
            return scope.unseal(value, source.span)
        return value
    if isinstance(value, UnsafeText):
        return value
    return settle(render_text(value, scope))
