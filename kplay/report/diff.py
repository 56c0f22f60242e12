"""Diffs of changes as unified text."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

from kplay.modules.api import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDED = 12
_UNKNOWN = json.dumps(UNKNOWN)
"""What stands for a text that a plan could not tell."""


def unified(diffs: Iterable[Mapping[str, str]], *, limit: int = 0) -> list[str]:
    """Lines of all diffs; above ``limit`` the rest is counted and not shown (0: all is shown)."""
    found: list[str] = []
    for one in diffs:
        found += _one(one)
    if limit and len(found) > limit:
        left = len(found) - limit
        return [*found[:limit], f"… {left} more lines (--diff shows them)"]
    return found


def _one(one: Mapping[str, str]) -> list[str]:
    name = one.get("path") or one.get("label") or ""
    before, after = (_told(str(one.get(side) or "")) for side in ("before", "after"))
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[
        2:
    ]
    if not lines:
        return []
    if "path" in one:
        return [f"--- {name}", f"+++ {name}", *lines]
    return [line for line in lines if not line.startswith("@@")]


def _told(text: str) -> str:
    return text.replace(_UNKNOWN, "(unknown until it is run)")
