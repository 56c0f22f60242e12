"""Filters that look at whether a value is there, and convert between plain types."""

from __future__ import annotations

from typing import Any

from kplay.resolve.faults import undefined
from kplay.resolve.lazy import VIEWS, settle
from kplay.resolve.missing import OMIT, Missing
from kplay.resolve.unknown import PartialResult, Unknown, UnknownReached

_TRUE = frozenset(("yes", "on", "1", "true"))


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """The value, or another where it is undefined (or, with ``boolean``, false)."""
    if isinstance(value, Missing):
        # what it should have been called need not be looked for
        if not value.undefined:
            error = value.make()
            if not error.undefined:
                raise error
        return default_value
    if isinstance(value, Unknown):
        return value
    if boolean:
        try:
            if value is OMIT or value:
                return value
        except UnknownReached as reason:
            return Unknown(*reason.causes)
        return default_value
    return value


def mandatory(value: Any, msg: str | None = None) -> Any:
    """The value; an error where it is undefined."""
    if not isinstance(value, Missing):
        return value
    error = value.make()
    if msg is None or not error.undefined:
        raise error
    raise undefined(msg)


def to_bool(value: Any) -> bool:
    """True for true, 1 and the texts true, yes, on, 1; false for all else."""
    if isinstance(value, str):
        return value.lower() in _TRUE
    return isinstance(value, (bool, int, float)) and value == 1


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """One of two values, or of three where the value may be none."""
    if isinstance(value, Missing):
        raise value.make()
    if isinstance(value, Unknown):
        return value
    if value is None and none_val is not None:
        return none_val
    try:
        return true_val if value else false_val
    except UnknownReached as reason:
        return Unknown(*reason.causes)


def type_debug(value: Any) -> str:
    """The name of the value's type."""
    if isinstance(value, (dict, PartialResult)):
        return "dict"
    if type(value) in VIEWS:
        return "list"
    for kind in (bool, int, float, str, list):
        if isinstance(value, kind):
            return kind.__name__
    return type(value).__name__


def to_float(value: Any, default: float = 0.0) -> float:
    """The value as a float, or the default where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return default


def to_int(value: Any, default: int = 0, base: int = 10) -> int:
    """The value as an integer, or the default where it is none."""
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        try:
            return int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default


def to_string(value: Any) -> str:
    """The value as text."""
    return str(settle(value))


def pretty(value: Any) -> str:
    """The value as Python writes it."""
    return repr(settle(value))


RAW = {"default": default, "d": default, "mandatory": mandatory, "ternary": ternary}
"""Filters that see Unknown and undefined values themselves."""

SAFE = {
    "bool": to_bool,
    "type_debug": type_debug,
    "float": to_float,
    "pprint": pretty,
    "int": to_int,
    "string": to_string,
}
