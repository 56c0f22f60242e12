"""Filters over lists and dictionaries."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from jinja2 import pass_environment
from jinja2.filters import do_unique

from kplay.resolve.filters.registry import kind_of
from kplay.resolve.lazy import settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

MERGES = ("replace", "keep", "append", "prepend", "append_rp", "prepend_rp")


def combine(*dictionaries: Any, recursive: bool = False, list_merge: str = "replace") -> Any:
    """Several dictionaries as one; the later wins."""
    if list_merge not in MERGES:
        raise ValueError(f"list_merge `{list_merge}` is not one of {', '.join(MERGES)}")
    result: dict[Any, Any] = {}
    for one in flatten(list(dictionaries), 1):
        if one is None or one == {}:
            continue
        if not isinstance(one, dict):
            raise TypeError(f"it takes mappings, not {kind_of(one)}")
        result = _merge(result, one, recursive, list_merge)
    return result


def _merge(low: dict[Any, Any], high: dict[Any, Any], deep: bool, lists: str) -> dict[Any, Any]:
    if not deep and lists == "replace":
        return {**low, **high}
    result = dict(low)
    for key, value in high.items():
        before = result.get(key)
        if deep and isinstance(before, dict) and isinstance(value, dict):
            result[key] = _merge(before, value, deep, lists)
        elif isinstance(before, list) and isinstance(value, list):
            result[key] = _lists(before, value, lists)
        else:
            result[key] = value
    return result


def _lists(low: list[Any], high: list[Any], how: str) -> list[Any]:
    if how == "replace":
        return high
    if how == "keep":
        return low
    if how == "append":
        return low + high
    if how == "prepend":
        return high + low
    rest = [one for one in low if one not in high]
    return rest + high if how == "append_rp" else high + rest


def flatten(value: Any, levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """The elements of lists within a list, without nulls."""
    result: list[Any] = []
    for one in value:
        if skip_nulls and one in (None, "None", "null"):
            continue
        if isinstance(one, (list, tuple)) and (levels is None or levels >= 1):
            rest = None if levels is None else levels - 1
            result += flatten(one, rest, skip_nulls)
        else:
            result.append(one)
    return result


def _each_once(values: Iterable[Any]) -> list[Any]:
    result: list[Any] = []
    try:
        return list(dict.fromkeys(values))
    except TypeError:
        for one in values:
            if one not in result:
                result.append(one)
        return result


@pass_environment
def unique(
    environment: Environment,
    value: Any,
    case_sensitive: bool | None = None,
    attribute: str | None = None,
) -> list[Any]:
    """The elements, each once."""
    try:
        return list(do_unique(environment, value, bool(case_sensitive), attribute))
    except TypeError:
        if attribute is not None:
            raise
        return _each_once(value)


def union(first: Any, second: Any) -> list[Any]:
    """Elements of either list."""
    return _each_once([*first, *second])


def intersect(first: Any, second: Any) -> list[Any]:
    """Elements of both lists."""
    return _each_once([one for one in first if one in second])


def difference(first: Any, second: Any) -> list[Any]:
    """Elements of the first list that are not in the second."""
    return _each_once([one for one in first if one not in second])


def symmetric_difference(first: Any, second: Any) -> list[Any]:
    """Elements of one list only."""
    both = intersect(first, second)
    return [one for one in union(first, second) if one not in both]


def zipped(*lists: Any, strict: bool = False) -> list[Any]:
    """Lists side by side, as long as the shortest."""
    return [list(one) for one in zip(*lists, strict=strict)]


def zip_longest(*lists: Any, fillvalue: Any = None) -> list[Any]:
    """Lists side by side, as long as the longest."""
    return [list(one) for one in itertools.zip_longest(*lists, fillvalue=fillvalue)]


def product(*lists: Any, repeat: int = 1) -> list[Any]:
    """Every choice of one element from each list."""
    return [list(one) for one in itertools.product(*lists, repeat=repeat)]


def permutations(value: Any, length: int | None = None) -> list[Any]:
    """Every order of the elements."""
    return [list(one) for one in itertools.permutations(value, length)]


def combinations(value: Any, length: int) -> list[Any]:
    """Every choice of so many elements."""
    return [list(one) for one in itertools.combinations(value, length)]


def dict2items(value: Any, key_name: str = "key", value_name: str = "value") -> list[Any]:
    """The items of a mapping as a list of mappings."""
    if not isinstance(value, dict):
        raise TypeError(f"it takes a mapping, not {kind_of(value)}")
    return [{key_name: key, value_name: one} for key, one in value.items()]


def items2dict(value: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """A list of mappings as the mapping whose items they are."""
    return {one[key_name]: one[value_name] for one in value}


def subelements(value: Any, key: Any, skip_missing: bool = False) -> list[Any]:
    """Each element of a list with each element of a list within it."""
    elements = list(value.values()) if isinstance(value, dict) else value
    path = key.split(".") if isinstance(key, str) else key
    result = []
    for one in elements:
        inner = one
        for step in path:
            if not isinstance(inner, dict) or step not in inner:
                if skip_missing:
                    inner = []
                    break
                raise KeyError(step)
            inner = inner[step]
        if not isinstance(inner, (list, tuple)):
            raise TypeError(f"`{key}` is not a list")
        result += [[one, part] for part in inner]
    return result


@pass_environment
def extract(environment: Environment, item: Any, container: Any, morekeys: Any = None) -> Any:
    """The element of a container that a key names, and keys further down."""
    keys = [item]
    if morekeys is not None:
        keys += morekeys if isinstance(morekeys, list) else [morekeys]
    value = container
    for key in keys:
        value = environment.getitem(value, key)
    return value


def rekey_on_member(value: Any, key: Any, duplicates: str = "error") -> dict[Any, Any]:
    """Mappings by the value that each has under a key."""
    if duplicates not in ("error", "overwrite"):
        raise ValueError(f"duplicates `{duplicates}` is not one of error, overwrite")
    if not isinstance(value, (dict, list, tuple)):
        raise TypeError(f"it takes mappings in a list or a mapping, not {kind_of(value)}")
    result: dict[Any, Any] = {}
    for one in value.values() if isinstance(value, dict) else value:
        if not isinstance(one, dict):
            raise TypeError(f"each element is a mapping, not {kind_of(one)}")
        if key not in one:
            raise KeyError(key)
        if one[key] in result and duplicates == "error":
            raise ValueError(f"`{one[key]}` stands twice under `{key}`")
        result[one[key]] = one
    return result


def json_query(value: Any, expression: str) -> Any:
    """What a JMESPath expression finds."""
    import jmespath

    return jmespath.search(expression, settle(value))


SAFE = {
    "combine": combine,
    "flatten": flatten,
    "unique": unique,
    "union": union,
    "intersect": intersect,
    "difference": difference,
    "symmetric_difference": symmetric_difference,
    "zip": zipped,
    "zip_longest": zip_longest,
    "product": product,
    "permutations": permutations,
    "combinations": combinations,
    "dict2items": dict2items,
    "items2dict": items2dict,
    "subelements": subelements,
    "extract": extract,
    "rekey_on_member": rekey_on_member,
}

COLLECTIONS = {"json_query": json_query, "community.general.json_query": json_query}
