"""Where two records differ, one line for each place."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def differences(oracle: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Every difference, as ``where: ansible-core has X, kplay has Y``."""
    found: list[str] = []
    for number, (first, second) in enumerate(zip(oracle["runs"], ours["runs"], strict=True), 1):
        where = f"run {number}"
        found += _values(where, "exit", first["exit"], second["exit"])
        for host in sorted({*first["hosts"], *second["hosts"]}):
            theirs, mine = first["hosts"].get(host, []), second["hosts"].get(host, [])
            found += _rows(f"{where}, {host}", theirs, mine)
        found += _values(where, "custom", first.get("custom", {}), second.get("custom", {}))
        for host in sorted({*first["recap"], *second["recap"]}):
            theirs, mine = (one["recap"].get(host, {}) for one in (first, second))
            theirs, mine = ({k: v for k, v in one.items() if v} for one in (theirs, mine))
            found += _values(f"{where}, {host}", "recap", theirs, mine)
    files, mine = oracle["files"], ours["files"]
    for name in sorted({*files, *mine}):
        found += _values("end state", name, files.get(name), mine.get(name))
    return found


def _rows(where: str, theirs: list[Any], mine: list[Any]) -> Iterator[str]:
    first, second = [one["task"] for one in theirs], [one["task"] for one in mine]
    if first != second:
        position = next(
            (i for i, (x, y) in enumerate(zip_longest(first, second)) if x != y), len(first)
        )
        said = [json.dumps(names[position : position + 3]) for names in (first, second)]
        yield f"{where}, order: ansible-core has {said[0]}, kplay has {said[1]}"
        theirs, mine = theirs[:position], mine[:position]
    for one, other in zip(theirs, mine, strict=True):
        place = f"{where}, `{one['task']}`"
        yield from _values(place, "status", one["status"], other["status"])
        yield from _fields(place, one["fields"], other["fields"])
        for index, (x, y) in enumerate(zip_longest(one["items"], other["items"])):
            if x is None or y is None:
                yield from _values(place, f"items[{index}]", x, y)
                continue
            turn = f"{place}[{index}]"
            yield from _values(turn, "status", x["status"], y["status"])
            yield from _fields(turn, x["fields"], y["fields"])


def _fields(where: str, theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[str]:
    """Fields that ansible-core gives; kplay may give more."""
    for name in sorted(theirs):
        yield from _values(where, name, theirs[name], mine.get(name))


def _values(where: str, what: str, theirs: object, mine: object) -> Iterator[str]:
    first, second = (json.dumps(one, sort_keys=True) for one in (theirs, mine))
    if first != second:
        yield f"{where}, {what}: ansible-core has {first}, kplay has {second}"
