"""Lookups that only arrange their terms; ``with_items`` and its kin."""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters import collections
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_SHORT_SEQUENCE = re.compile(
    r"(?:(?P<start>-?(?:0x[0-9a-f]+|\d+))-)?(?P<end>-?(?:0x[0-9a-f]+|\d+))"
    r"(?:/(?P<stride>-?\d+))?(?::(?P<format>.+))?",
    re.IGNORECASE,
)


def _level(terms: list[Any]) -> list[Any]:
    return [
        part for term in terms for part in (term if isinstance(term, (list, tuple)) else [term])
    ]


def items(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """The terms, inner lists unfolded once."""
    return _level(terms)


def as_list(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """The terms as they are."""
    return list(terms)


def flattened(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """The terms, inner lists unfolded all the way."""
    return collections.flatten(terms)


def indexed_items(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """Each term with its number."""
    return [[number, term] for number, term in enumerate(_level(terms))]


def dictionary(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """The items of mappings."""
    return [item for term in terms for item in collections.dict2items(term)]


def nested(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """Every choice of one element from each list."""
    if not terms:
        raise ValueError("it takes at least one list")
    lists = [list(term) if isinstance(term, (list, tuple, str)) else [term] for term in terms]
    return [collections.flatten(list(choice)) for choice in itertools.product(*lists)]


def together(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """Lists side by side, as long as the longest."""
    if not terms:
        raise ValueError("it takes at least one list")
    return collections.zip_longest(*terms)


def subelements(_: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Each element of a list with each element of a list within it."""
    flags = terms[2] if len(terms) > 2 and isinstance(terms[2], dict) else options
    skip = str(flags.get("skip_missing", False)).lower() in ("true", "yes", "1")
    pairs = collections.subelements(terms[0], terms[1], skip)
    key = str(terms[1]).split(".")
    return [[_without(element, key), part] for element, part in pairs]


def _without(element: Any, path: list[str]) -> Any:
    """A copy of a mapping without the element at a path."""
    copy = dict(element)
    if len(path) == 1:
        copy.pop(path[0], None)
    else:
        copy[path[0]] = _without(copy[path[0]], path[1:])
    return copy


def random_choice(_: Scope, terms: list[Any], __: Options) -> list[Any]:
    """One of the terms."""
    return [random.SystemRandom().choice(terms)] if terms else []


def sequence(_: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Numbers in a format: ``start=1 end=9 stride=2 format=x%02d``, or ``1-9/2:x%02d``."""
    found: list[Any] = []
    for term in terms or [""]:
        found += _numbers({**_sequence_options(str(term)), **options})
    return found


def _sequence_options(text: str) -> Options:
    short = _SHORT_SEQUENCE.fullmatch(text.strip())
    if short:
        return {name: value for name, value in short.groupdict().items() if value is not None}
    pairs = [part.split("=", 1) for part in text.split()]
    unknown = [pair[0] for pair in pairs if len(pair) != 2 or pair[0] not in _SEQUENCE]
    if unknown:
        raise ValueError(f"`{unknown[0]}` is not one of {', '.join(_SEQUENCE)}")
    return dict(pairs)


_SEQUENCE = ("start", "end", "count", "stride", "format")


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(str(value), 0 if "x" in str(value) else 10)


def _numbers(given: Options) -> list[str]:
    start, stride = _number(given.get("start", 1)), _number(given.get("stride", 1))
    if "count" in given and "end" in given:
        raise ValueError("a sequence takes `end` or `count`, not both")
    if "count" in given:
        count = _number(given["count"])
        end = start + (count - 1) * stride
        if count == 0:
            return []
    elif "end" in given:
        end = _number(given["end"])
    else:
        raise ValueError("a sequence needs `end` or `count`")
    form = given.get("format", "%d")
    if stride == 0:
        return []
    if (stride > 0) is not (end >= start) and end != start:
        way = "back" if stride > 0 else "forward"
        wanted = "negative" if stride > 0 else "positive"
        raise ValueError(f"from {start} to {end} it counts {way}: the stride must be {wanted}")
    return [form % one for one in range(start, end + (1 if stride > 0 else -1), stride)]


def unknowns(terms: list[Any]) -> tuple[str, ...]:
    """Causes of terms of which not even the number of elements is known."""
    return tuple(cause for one in terms if isinstance(one, Unknown) for cause in one.causes)


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {
    "items": items,
    "list": as_list,
    "flattened": flattened,
    "indexed_items": indexed_items,
    "dict": dictionary,
    "nested": nested,
    "cartesian": nested,
    "together": together,
    "subelements": subelements,
    "random_choice": random_choice,
    "sequence": sequence,
}
