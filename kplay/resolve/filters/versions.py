"""Versions, loose and semantic."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packaging.version import Version

_PARTS = re.compile(r"(\d+|[a-z]+|\.)", re.IGNORECASE)
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)
_STRICT = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?")


def loose(text: str) -> list[int | str]:
    """The parts of a version: numbers, and runs of letters; separators are left out."""
    parts = [one for one in _PARTS.split(text) if one and one != "."]
    return [int(one) if one.isdigit() else one for one in parts]


@total_ordering
class _Identifier:
    """One identifier of a semantic pre-release: numbers come before words."""

    def __init__(self, text: str) -> None:
        self.key = (0, int(text), "") if text.isdigit() else (1, 0, text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identifier) and self.key == other.key

    def __lt__(self, other: _Identifier) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)


def semantic(text: str) -> tuple[Any, ...]:
    """A semantic version as what it sorts by.

    Raises:
        ValueError: the text is none.
    """
    match = _SEMVER.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a semantic version")
    numbers = tuple(int(one) for one in match.groups()[:3])
    before = match[4]
    if before is None:
        return (*numbers, 1, [])
    return (*numbers, 0, [_Identifier(one) for one in before.split(".")])


def strict(text: str) -> tuple[Any, ...]:
    """A version of two or three numbers as what it sorts by.

    Raises:
        ValueError: the text is none.
    """
    match = _STRICT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a strict version (1.2 or 1.2.3, then a1 or b1)")
    numbers = tuple(int(one or 0) for one in match.groups()[:3])
    return (*numbers, (match[4], int(match[5])) if match[4] else ("z", 0))


def pep440(text: str) -> Version:
    """A Python version as what it sorts by.

    Raises:
        ValueError: the text is none.
    """
    from packaging.version import Version

    return Version(text)


def _sortable(text: Any) -> list[tuple[int, int, str]]:
    return [(1, one, "") if isinstance(one, int) else (0, 0, one) for one in loose(str(text))]


def version_sort(value: Any, reverse: bool = False) -> list[Any]:
    """A list of versions in order."""
    return sorted(value, key=_sortable, reverse=reverse)


COLLECTIONS = {"community.general.version_sort": version_sort, "version_sort": version_sort}
