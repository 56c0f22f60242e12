"""A value that only a later step can tell.

Unknown is contagious: testing, comparing, hashing, iterating or rendering it raises
UnknownReached, which the templating layer turns into an Unknown with the causes merged;
attributes and items of it are Unknown too. Planning uses it for what only the run can tell,
execution for results still under way: a step whose inputs hold no Unknown can be sent ahead.
"""

from __future__ import annotations

from typing import Any, NoReturn


class UnknownReached(Exception):  # noqa: N818 - it is a signal between layers, not an error
    """A template needed the value of an Unknown."""

    def __init__(self, causes: tuple[str, ...]) -> None:
        super().__init__("; ".join(causes))
        self.causes = causes


class Unknown:
    """A value with causes: one line each, naming the step that will settle it."""

    __slots__ = ("causes",)

    def __init__(self, *causes: str) -> None:
        self.causes = tuple(dict.fromkeys(causes))

    def _reach(self, *_: object) -> NoReturn:
        raise UnknownReached(self.causes)

    def _same(self, *_: object, **__: object) -> Unknown:
        return self

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __repr__(self) -> str:
        return f"Unknown({', '.join(map(repr, self.causes))})"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, _: object) -> Unknown:
        return self

    __getitem__ = __call__ = _same
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _same
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _same
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _same
    __bool__ = __len__ = __iter__ = __contains__ = __hash__ = __str__ = __int__ = __float__ = _reach
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __index__ = _reach


class PartialResult(dict[str, Any]):
    """A planned result: the fields given are known, every other one is Unknown.

    What depends on the whole set of fields (length, iteration, equality) is unknown too.
    """

    __slots__ = ("causes",)

    def __init__(self, known: dict[str, Any], *causes: str) -> None:
        super().__init__(known)
        self.causes = tuple(dict.fromkeys(causes))

    def __missing__(self, key: str) -> Unknown:
        return Unknown(*self.causes)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - dict's signature
        """The field, or an Unknown: whether it will be there cannot be told."""
        return self[key]

    def known(self) -> dict[str, Any]:
        """The fields that are known, as a plain mapping."""
        return dict(dict.items(self))

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        raise UnknownReached(self.causes)

    def _reach(self, *_: object) -> NoReturn:
        raise UnknownReached(self.causes)

    __iter__ = __len__ = __eq__ = __ne__ = keys = values = items = _reach
    __str__ = _reach
    __hash__ = None

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"PartialResult({self.known()!r}, {', '.join(map(repr, self.causes))})"

    def __copy__(self) -> PartialResult:
        return PartialResult(self.known(), *self.causes)

    def __deepcopy__(self, memo: dict[int, Any]) -> PartialResult:
        from copy import deepcopy

        return PartialResult(deepcopy(self.known(), memo), *self.causes)


def merge(*values: object) -> Unknown:
    """One Unknown with the causes of all Unknowns found in values, containers searched."""
    return Unknown(*(cause for value in values for cause in causes_in(value)))


def causes_in(value: Any) -> tuple[str, ...]:
    """Causes of every Unknown in a value, containers searched; empty when all is known."""
    if isinstance(value, (Unknown, PartialResult)):
        return value.causes
    if isinstance(value, dict):
        parts: list[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set)):
        parts = list(value)
    else:
        return ()
    return tuple(dict.fromkeys(cause for part in parts for cause in causes_in(part)))


def reached(value: Any, depth: int = 1) -> tuple[str, ...]:
    """Causes of Unknowns in a value itself or ``depth`` containers deep."""
    if isinstance(value, (Unknown, PartialResult)):
        return value.causes
    if depth and isinstance(value, (dict, list, tuple)) and value:
        parts = value.values() if isinstance(value, dict) else value
        return tuple(cause for part in parts for cause in reached(part, depth - 1))
    return ()
