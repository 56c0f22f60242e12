"""Filters that keep, remove and rename keys, of ansible.utils and of community.general."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.registry import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

MATCHES: dict[str, Callable[[str, str], bool]] = {
    "equal": lambda key, target: key == target,
    "equality": lambda key, target: key == target,
    "starts_with": lambda key, target: key.startswith(target),
    "ends_with": lambda key, target: key.endswith(target),
    "regex": lambda key, target: re.match(target, key) is not None,
}


def _matcher(targets: list[str], how: str) -> Callable[[Any], str | None]:
    if how not in MATCHES:
        raise ValueError(f"matching_parameter `{how}` is not one of {', '.join(MATCHES)}")
    return lambda key: next((one for one in targets if MATCHES[how](str(key), one)), None)


def _targets(target: Any) -> list[str]:
    given = [target] if isinstance(target, str) else target
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError("it takes keys in `target`")
    return [str(one) for one in given]


def _renames(target: Any) -> dict[str, str]:
    pairs = target if isinstance(target, (list, tuple)) else [target]
    for pair in pairs:
        if not isinstance(pair, dict) or not {"before", "after"} <= set(pair):
            raise ValueError("it takes mappings of `before` and `after` in `target`")
    return {str(pair["before"]): pair["after"] for pair in pairs}


# community.general: one level, a list of mappings


def _each(value: Any) -> list[dict[Any, Any]]:
    given = value if isinstance(value, (list, tuple)) else [value]
    for one in given:
        if not isinstance(one, dict):
            raise TypeError(f"it takes a list of mappings, not {kind_of(one)}")
    return list(given)


def _single(targets: Any, how: str) -> None:
    if how == "regex" and len(targets) > 1:
        raise ValueError("with matching_parameter `regex` it takes one target")


def keep_keys(value: Any, target: Any = None, matching_parameter: str = "equal") -> list[Any]:
    """Each mapping of a list with some of its keys only."""
    targets = _targets(target)
    _single(targets, matching_parameter)
    found = _matcher(targets, matching_parameter)
    return [{k: v for k, v in one.items() if found(k) is not None} for one in _each(value)]


def remove_keys(value: Any, target: Any = None, matching_parameter: str = "equal") -> list[Any]:
    """Each mapping of a list without some of its keys."""
    targets = _targets(target)
    _single(targets, matching_parameter)
    found = _matcher(targets, matching_parameter)
    return [{k: v for k, v in one.items() if found(k) is None} for one in _each(value)]


def replace_keys(value: Any, target: Any = None, matching_parameter: str = "equal") -> list[Any]:
    """Each mapping of a list with some of its keys under other names."""
    names = _renames(target)
    _single(names, matching_parameter)
    found = _matcher(list(names), matching_parameter)
    return [
        {k if (hit := found(k)) is None else names[hit]: v for k, v in one.items()}
        for one in _each(value)
    ]


# ansible.utils: all levels of any value


def deep_keep_keys(value: Any, target: Any = None, matching_parameter: str = "equality") -> Any:
    """The keys wherever they are in a value, and the mappings that lead to them."""
    found = _matcher(_targets(target), matching_parameter)
    return _kept(value, found)


def _kept(value: Any, found: Callable[[Any], str | None]) -> Any:
    if isinstance(value, (list, tuple)):
        return [part for one in value if (part := _kept(one, found)) not in ([], {}, None)]
    if not isinstance(value, dict):
        return None
    result = {}
    for key, one in value.items():
        if found(key) is not None:
            result[key] = one
        elif (part := _kept(one, found)) not in ([], {}, None):
            result[key] = part
    return result


def deep_remove_keys(value: Any, target: Any = None, matching_parameter: str = "equality") -> Any:
    """A value without the keys, wherever they are in it."""
    return _without(value, _matcher(_targets(target), matching_parameter))


def _without(value: Any, found: Callable[[Any], str | None]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without(one, found) for one in value]
    if isinstance(value, dict):
        return {k: _without(one, found) for k, one in value.items() if found(k) is None}
    return value


def deep_replace_keys(value: Any, target: Any = None, matching_parameter: str = "equality") -> Any:
    """A value with keys under other names, wherever they are in it."""
    names = _renames(target)
    return _renamed(value, names, _matcher(list(names), matching_parameter))


def _renamed(value: Any, names: dict[str, str], found: Callable[[Any], str | None]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_renamed(one, names, found) for one in value]
    if isinstance(value, dict):
        parts = {key: _renamed(one, names, found) for key, one in value.items()}
        hits = {key: hit for key in parts if (hit := found(key)) is not None}
        kept = {key: one for key, one in parts.items() if key not in hits}
        return {**kept, **{names[hit]: parts[key] for key, hit in hits.items()}}
    return value


COLLECTIONS: dict[str, Callable[..., Any]] = {
    "community.general.keep_keys": keep_keys,
    "community.general.remove_keys": remove_keys,
    "community.general.replace_keys": replace_keys,
    "ansible.utils.keep_keys": deep_keep_keys,
    "ansible.utils.remove_keys": deep_remove_keys,
    "ansible.utils.replace_keys": deep_replace_keys,
}
