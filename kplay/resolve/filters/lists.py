"""Filters over lists of the collection community.general."""

from __future__ import annotations

import itertools
from typing import Any

from kplay.resolve.filters.collections import combine, flatten
from kplay.resolve.filters.registry import kind_of


def _several(lists: tuple[Any, ...], unfold: bool) -> list[list[Any]]:
    """The lists that a filter of the family works on; each must be one."""
    given = list(lists)
    if unfold and len(given) == 1:
        given = list(given[0])
    found = [flatten(one) if unfold else one for one in given]
    for one in found:
        if not isinstance(one, (list, tuple)):
            raise TypeError(f"it takes lists, not {kind_of(one)}")
    return [list(one) for one in found]


def _once(values: Any) -> list[Any]:
    result: list[Any] = []
    for one in values:
        if one not in result:
            result.append(one)
    return result


def lists_union(*lists: Any, flatten: bool = False) -> list[Any]:
    """Elements of any of the lists, each once."""
    return _once(itertools.chain(*_several(lists, flatten)))


def lists_intersect(*lists: Any, flatten: bool = False) -> list[Any]:
    """Elements of all lists."""
    first, *others = _several(lists, flatten)
    return _once(one for one in first if all(one in other for other in others))


def lists_difference(*lists: Any, flatten: bool = False) -> list[Any]:
    """Elements of the first list that are in no other."""
    first, *others = _several(lists, flatten)
    return _once(one for one in first if not any(one in other for other in others))


def lists_symmetric_difference(*lists: Any, flatten: bool = False) -> list[Any]:
    """Elements that are in one list only, two lists after each other."""
    result, *others = _several(lists, flatten)
    for other in others:
        result = [one for one in [*result, *other] if (one in result) != (one in other)]
    return _once(result)


def lists_mergeby(*terms: Any, recursive: bool = False, list_merge: str = "replace") -> list[Any]:
    """Mappings of several lists, those that agree in a key combined, sorted by it."""
    *lists, index = terms
    merged: dict[Any, Any] = {}
    for one in flatten(lists):
        if not isinstance(one, dict):
            raise TypeError(f"its lists hold mappings, not {kind_of(one)}")
        if index in one:
            before = merged.get(one[index], {})
            merged[one[index]] = combine(before, one, recursive=recursive, list_merge=list_merge)
    return [merged[key] for key in sorted(merged)]


def counter(value: Any) -> dict[Any, int]:
    """How often each element is there."""
    if not isinstance(value, (list, tuple, str)):
        raise TypeError(f"it takes a list or a text, not {kind_of(value)}")
    result: dict[Any, int] = {}
    for one in value:
        result[one] = result.get(one, 0) + 1
    return result


def accumulate(value: Any) -> list[Any]:
    """The sums of the first one, two, three … elements."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"it takes a list, not {kind_of(value)}")
    return list(itertools.accumulate(value))


def to_dict(value: Any) -> dict[Any, Any]:
    """A list of pairs as a mapping."""
    return dict(value)


def dict_kv(value: Any, key: Any) -> dict[Any, Any]:
    """A mapping of one key."""
    return {key: value}


def groupby_as_dict(value: Any, attribute: Any) -> dict[Any, Any]:
    """A list of mappings as a mapping, by what each has under a key."""
    result: dict[Any, Any] = {}
    for one in value:
        if not isinstance(one, dict):
            raise TypeError(f"its list holds mappings, not {kind_of(one)}")
        if attribute not in one:
            raise ValueError(f"an element has no `{attribute}`")
        if one[attribute] in result:
            raise ValueError(f"`{one[attribute]}` stands twice under `{attribute}`")
        result[one[attribute]] = one
    return result


COLLECTIONS = {
    f"community.general.{name}": function
    for name, function in {
        "accumulate": accumulate,
        "counter": counter,
        "dict": to_dict,
        "dict_kv": dict_kv,
        "groupby_as_dict": groupby_as_dict,
        "lists_difference": lists_difference,
        "lists_intersect": lists_intersect,
        "lists_mergeby": lists_mergeby,
        "lists_symmetric_difference": lists_symmetric_difference,
        "lists_union": lists_union,
    }.items()
}
