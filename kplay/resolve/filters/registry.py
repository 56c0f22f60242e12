"""How a filter or test is made safe for values that are unknown, undefined or lazy."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from jinja2.utils import _PassArg

from kplay.resolve.faults import TemplateError, fault
from kplay.resolve.lazy import LazyDict, LazyList, settle, shallow
from kplay.resolve.missing import Missing
from kplay.resolve.unknown import Unknown, UnknownReached, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Table(dict[str, Any]):
    """Names to functions; what is asked for and not there may still be found."""

    finder: Callable[[str], bool] | None = None
    """Looks for a name in collections, and enters it where it finds it."""
    broken: tuple[str, ...] = ()
    """Files that could not be imported, each with the reason: a name may be one of theirs."""

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or self._found(name)

    def __missing__(self, name: str) -> Any:
        if self._found(name):
            return dict.__getitem__(self, name)
        raise KeyError(name)

    def get(self, name: Any, default: Any = None) -> Any:
        """The function of a name."""
        return dict.__getitem__(self, name) if name in self else default

    def _found(self, name: object) -> bool:
        return self.finder is not None and isinstance(name, str) and self.finder(name)


PASSING = frozenset(
    [
        "combine",
        "count",
        "dict2items",
        "first",
        "items2dict",
        "last",
        "length",
        "list",
        "map",
        "reject",
        "rejectattr",
        "select",
        "selectattr",
        "zip",
    ]
)
"""Filters that hand elements on, or ask a field of each: an unknown one in a list spoils no more
than what comes of it."""

PREFIXES = ("ansible.builtin.", "ansible.legacy.")


def _ready(value: Any) -> Any:
    if isinstance(value, Missing):
        raise value.make()
    if isinstance(value, (LazyDict, LazyList)):
        return settle(value)
    return value


def kind_of(value: object) -> str:
    """A value's type, as messages name it."""
    for kind, spoken in _KINDS:
        if isinstance(value, kind):
            return spoken
    return f"a value of type `{type(value).__name__}`"


_KINDS = (
    (type(None), "none"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a text"),
    (dict, "a mapping"),
    ((list, tuple), "a list"),
)


def safe_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that gives an Unknown for an Unknown, lists for generators, one error for all."""
    skip = 1 if _PassArg.from_obj(function) is not None else 0
    depth = 0 if name in PASSING else 1

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = args[skip:]
        causes = [cause for one in (*given, *kwargs.values()) for cause in reached(one, depth)]
        if causes:
            return Unknown(*causes)
        try:
            ready = (*args[:skip], *(_ready(one) for one in given))
            return shallow(function(*ready, **{key: _ready(one) for key, one in kwargs.items()}))
        except UnknownReached as reason:
            return Unknown(*reason.causes)
        except (TemplateError, RecursionError):
            raise
        except Exception as error:
            raise _wrong("filter", name, error) from error

    return wrapper


def safe_test(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A test that makes its template unknown when it needs an Unknown."""
    skip = 1 if _PassArg.from_obj(function) is not None else 0

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = args[skip:]
        for one in (*given, *kwargs.values()):
            if isinstance(one, Unknown):
                raise UnknownReached(one.causes)
        try:
            ready = (*args[:skip], *(_ready(one) for one in given))
            return function(*ready, **{key: _ready(one) for key, one in kwargs.items()})
        except (TemplateError, UnknownReached, RecursionError):
            raise
        except Exception as error:
            raise _wrong("test", name, error) from error

    return wrapper


def from_plugin(function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    """A function whose errors say which file of the user it stands in."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TemplateError as error:
            cause = error.__cause__
            if cause is None or isinstance(cause, TemplateError):
                raise
            from kplay.resolve.plugins import place

            note = f"at {place(path, cause)}"
            noted = replace(error.diagnostic, notes=(*error.diagnostic.notes, note))
            raise TemplateError(noted) from error

    return wrapper


def _wrong(what: str, name: str, error: Exception) -> TemplateError:
    from kplay.resolve.templating import describe

    return fault(f"{what}-failed", f"the {what} `{name}` failed: {describe(error)}")


def with_prefixes(
    functions: Mapping[str, Callable[..., Any]], *prefixes: str
) -> dict[str, Callable[..., Any]]:
    """The functions under their short names and under each prefix."""
    names = dict(functions)
    for prefix in prefixes or PREFIXES:
        names.update({prefix + name: function for name, function in functions.items()})
    return names


def refused(name: str, why: str) -> Callable[..., Any]:
    """A filter that Ansible has and kplay has not, and why."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise fault("unsupported-filter", f"the filter `{name}` is not supported: {why}")

    return refuse
