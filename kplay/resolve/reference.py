"""The tables of the language as lists: what ``kplay doc`` prints, and what tests walk."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.playbook import keywords
from kplay.playbook import modules as calls
from kplay.resolve import filters as jinja_filters
from kplay.resolve import jinja_tests, lookups, magic
from kplay.resolve.precedence import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Entry(NamedTuple):
    """One name of the language, and what there is to know of it."""

    name: str
    about: dict[str, Any]
    """Further columns by their titles; empty ones are left out."""
    refused: str = ""
    """Why kplay does not do it; empty when it does."""


WITH = "with_<lookup>"


def keyword_entries() -> list[Entry]:
    """Every keyword, with the levels that it may stand at and the value it takes."""
    merged: dict[tuple[object, ...], list[str]] = {}
    for word in keywords.TABLE:
        key = (word.name, word.kind, word.inherit, word.choices, word.refused)
        merged.setdefault(key, []).extend(word.levels)
    found = []
    for (name, kind, inherit, choices, refused), levels in merged.items():
        inside = keywords.LOOP_CONTROL in levels
        about = {
            "at": [level for level in keywords.LEVELS if level in levels],
            "value": kind,
            "inherited": "" if inherit == "none" else inherit,
            "choices": list(choices) if isinstance(choices, tuple) else [],
        }
        shown = f"{keywords.LOOP_CONTROL}.{name}" if inside else str(name)
        found.append(Entry(shown, _filled(about), str(refused)))
    loops = [level for level in keywords.LEVELS if keywords.find(level, "with_items")]
    found.append(Entry(WITH, {"at": loops, "value": "any"}))
    return sorted(found, key=lambda one: one.name)


def filter_entries() -> list[Entry]:
    """Every filter."""
    return _functions(jinja_filters.FILTERS, jinja_filters.REFUSED)


def test_entries() -> list[Entry]:
    """Every test."""
    return _functions(jinja_tests.TESTS, {})


def lookup_entries() -> list[Entry]:
    """Every lookup, those that kplay refuses too."""
    table: dict[str, Callable[..., Any]] = {
        prefix + name: function
        for name, function in lookups.LOOKUPS.items()
        for prefix in ("", *lookups.PREFIXES)
    }
    table |= lookups.COLLECTIONS
    refused = [Entry(name, {}, why) for name, why in lookups.REFUSED.items()]
    return sorted([*_functions(table, {}), *refused], key=lambda one: one.name)


def meta_entries() -> list[Entry]:
    """Every word that ``meta`` takes."""
    known = [Entry(word, {}) for word in calls.META]
    refused = [Entry(word, {}, why) for word, why in calls.META_REFUSED.items()]
    return sorted([*known, *refused], key=lambda one: one.name)


_ELSEWHERE = (
    ("in a loop", ("item", "ansible_loop", "ansible_loop_var", "ansible_index_var")),
    ("in rescue", ("ansible_failed_task", "ansible_failed_result")),
    ("with --limit", ("ansible_limit",)),
)


def variable_entries() -> list[Entry]:
    """Every variable that kplay itself defines."""
    places: list[tuple[str, Iterable[str]]] = [
        ("everywhere", magic.MAGIC),
        ("in a play", [*magic.IN_PLAY, *magic.DEFAULTS]),
        ("in a role", magic.IN_ROLE),
        *_ELSEWHERE,
    ]
    found = [Entry(name, {"defined": place}) for place, names in places for name in names]
    return sorted(found, key=lambda one: one.name)


def precedence_entries() -> list[Entry]:
    """Every level of precedence, the lowest first."""
    return [Entry(layer.title, {"level": int(layer)}) for layer in Layer]


TOPICS: dict[str, Callable[[], list[Entry]]] = {
    "keywords": keyword_entries,
    "filters": filter_entries,
    "tests": test_entries,
    "lookups": lookup_entries,
    "meta": meta_entries,
    "variables": variable_entries,
    "precedence": precedence_entries,
}


def _functions(table: Mapping[str, Callable[..., Any]], refused: Mapping[str, str]) -> list[Entry]:
    groups: dict[int, list[str]] = {}
    for name, function in table.items():
        groups.setdefault(id(inspect.unwrap(function)), []).append(name)
    found = []
    for names in groups.values():
        plain = [name for name in names if "." not in name]
        own = inspect.unwrap(table[names[0]]).__name__.removeprefix("do_")
        plain.sort(key=lambda name: (name != own, not name[0].isalpha(), -len(name)))
        first, *others = plain or names
        prefixes = sorted({name.rpartition(".")[0] for name in names if "." in name})
        about = {
            "aliases": [name for name in others if plain],
            "collections": prefixes if plain else [],
        }
        found.append(Entry(first, _filled(about), refused.get(first, "")))
        found += [Entry(name, {}) for name in others if not plain]
    return sorted(found, key=lambda one: one.name)


def _filled(about: dict[str, Any]) -> dict[str, Any]:
    return {title: value for title, value in about.items() if value}
