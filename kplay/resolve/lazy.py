"""Containers whose templates are rendered when an element is read.

A dictionary of a hundred templates costs nothing until one is used, and an undefined variable in
one of them does not spoil the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from kplay.resolve.missing import OMIT, Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.source import Sourced


def is_template(text: str) -> bool:
    """Whether a text holds anything for Jinja to do."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


class LazyDict(dict[Any, Any]):
    """A mapping as written, each value rendered on first access."""

    __slots__ = ("pending", "render", "source")

    def __init__(self, source: Sourced, render: Callable[[Sourced], object]) -> None:
        super().__init__(source.value)
        self.source = source
        self.render = render
        self.pending = set(source.value)

    def __getitem__(self, key: Any) -> Any:
        if key in self.pending:
            dict.__setitem__(self, key, self.render(self.source.child(key)))
            self.pending.discard(key)
        return dict.__getitem__(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pending.discard(key)
        dict.__setitem__(self, key, value)

    def settled(self) -> dict[Any, Any]:
        """All values rendered, as a plain dictionary (nested containers may still be lazy)."""
        for key in list(self.pending):
            self[key]
        return dict(dict.items(self))

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, rendered."""
        return self[key] if key in self else default  # noqa: SIM401 - dict.get would not render

    def pop(self, key: Any, *default: Any) -> Any:
        """Remove a key and give its value, rendered."""
        if key in self:
            self[key]
        return dict.pop(self, key, *default)

    def values(self) -> Any:
        """All values, rendered."""
        return self.settled().values()

    def items(self) -> Any:
        """All items, rendered."""
        return self.settled().items()

    def copy(self) -> dict[Any, Any]:
        """A plain copy, rendered."""
        return self.settled()

    def update(self, *others: Any, **names: Any) -> None:
        """Set several keys."""
        for key, value in dict(*others, **names).items():
            self[key] = value

    def __eq__(self, other: object) -> bool:
        return bool(settle(self) == settle(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> dict[Any, Any]:
        return {**self.settled(), **other}

    def __repr__(self) -> str:
        return repr(settle(self))

    __str__ = __repr__
    __hash__ = None


class LazyList(list[Any]):
    """A list as written, each element rendered on first access."""

    __slots__ = ("pending", "render", "source")

    def __init__(self, source: Sourced, render: Callable[[Sourced], object]) -> None:
        super().__init__(source.value)
        self.source = source
        self.render = render
        self.pending = set(range(len(source.value)))

    def _ready(self, index: int) -> Any:
        if index in self.pending:
            list.__setitem__(self, index, self.render(self.source.child(index)))
            self.pending.discard(index)
        return list.__getitem__(self, index)

    def settled(self) -> list[Any]:
        """All elements rendered, as a plain list; those that are omitted are left out."""
        for index in sorted(self.pending):
            self._ready(index)
        return [value for value in list.__iter__(self) if value is not OMIT]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int):
            return self._ready(index if index >= 0 else len(self) + index)
        return self.settled()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.settled())

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.settled()[::-1])

    def __contains__(self, value: object) -> bool:
        return value in self.settled()

    def __add__(self, other: Any) -> list[Any]:
        return self.settled() + list(other)

    def __radd__(self, other: Any) -> list[Any]:
        return list(other) + self.settled()

    def __eq__(self, other: object) -> bool:
        return bool(settle(self) == settle(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        return repr(settle(self))

    def index(self, *args: Any) -> int:
        """Where a value is."""
        return self.settled().index(*args)

    def count(self, value: Any) -> int:
        """How often a value is in the list."""
        return self.settled().count(value)

    def copy(self) -> list[Any]:
        """A plain copy, rendered."""
        return self.settled()

    def pop(self, *index: Any) -> Any:
        """Remove an element and give it, rendered."""
        ready = self.settled()
        value = ready.pop(*index)
        self.pending.clear()
        list.__setitem__(self, slice(None), ready)
        return value

    __str__ = __repr__
    __hash__ = None


def settle(value: Any) -> Any:
    """A value of plain dictionaries and lists only; omitted elements are dropped.

    Raises:
        TemplateError: an element cannot be rendered.
    """
    kind = type(value)
    if kind in (str, int, bool, float) or value is None:
        return value
    if isinstance(value, Missing):
        raise value.make()
    if kind is LazyDict:
        value = value.settled()
        kind = dict
    if kind is LazyList:
        value = value.settled()
        kind = list
    if kind is dict:
        return {key: settle(part) for key, part in value.items() if part is not OMIT}
    if kind is list or isinstance(value, tuple):
        return [settle(part) for part in value if part is not OMIT]
    if isinstance(value, (set, frozenset)):
        return [settle(part) for part in value]
    if isinstance(value, (GeneratorType, range)) or kind in VIEWS or kind in _ITERATORS:
        return [settle(part) for part in value]
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return {key: settle(value[key]) for key in value}
    return value


def shallow(value: Any) -> Any:
    """Generators, views and tuples as lists; other values as they are.

    A tuple with names (``groupby`` gives some) stays one until the template ends.
    """
    kind = type(value)
    if isinstance(value, GeneratorType) or kind is tuple or kind in VIEWS or kind in _ITERATORS:
        return [shallow(part) if type(part) is tuple else part for part in value]
    if kind is list and any(type(part) is tuple for part in value):
        return [shallow(part) if type(part) is tuple else part for part in value]
    return value


_empty: dict[Any, Any] = {}
VIEWS: set[type] = {type(_empty.keys()), type(_empty.values()), type(_empty.items())}
_SAMPLES: list[Iterable[Any]] = [map(str, []), filter(None, []), zip([], strict=True), reversed([])]
_ITERATORS: set[type] = {type(one) for one in _SAMPLES} | {type(iter([])), type(enumerate([]))}
