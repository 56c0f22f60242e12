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

    __getitem__ = __call__ = _same
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _same
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _same
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _same
    __bool__ = __len__ = __iter__ = __contains__ = __hash__ = __str__ = __int__ = __float__ = _reach
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __index__ = _reach  # type: ignore[assignment]


def merge(*values: object) -> Unknown:
    """One Unknown with the causes of all Unknowns found in values, containers searched."""
    return Unknown(*(cause for value in values for cause in causes_in(value)))


def causes_in(value: Any) -> tuple[str, ...]:
    """Causes of every Unknown in a value, containers searched; empty when all is known."""
    if isinstance(value, Unknown):
        return value.causes
    if isinstance(value, dict):
        parts: list[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set)):
        parts = list(value)
    else:
        return ()
    return tuple(dict.fromkeys(cause for part in parts for cause in causes_in(part)))
