"""The end of a run: a line a host, then what it came to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kplay.walk.statistics import RUN

if TYPE_CHECKING:
    from kplay.walk.events import RunEnded

COLUMNS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "blocked")


def lines(event: RunEnded) -> list[tuple[str, str]]:
    """(style, text) of each host, in the order of names, as Ansible's recap has it."""
    width = max([len(name) for name in event.counts], default=0)
    found = []
    for name, counts in sorted(event.counts.items()):
        cells = [f"{word}={counts.get(word, 0):<4}" for word in COLUMNS]
        if any(event.earlier.values()):
            cells.append(f"earlier={event.earlier.get(name, 0)}")
        if counts.get("interrupted"):
            cells.append(f"interrupted={counts['interrupted']}")
        found.append((_style(counts), f"{name:<{width}} : {' '.join(cells)}".rstrip()))
    return found


def custom(event: RunEnded) -> list[tuple[str, str]]:
    """(style, text) of what ``set_stats`` gave: a line a host, then one of the run."""
    if not event.custom:
        return []
    hosts = sorted(name for name in event.custom if name != RUN)
    found = [("bold", "custom stats:")]
    for name in [*hosts, *([RUN] if RUN in event.custom else [])]:
        text = json.dumps(event.custom[name], sort_keys=True, default=str, ensure_ascii=False)
        found.append(("", f"  {'RUN' if name == RUN else name}: {text}"))
    return found


def _style(counts: dict[str, int]) -> str:
    if counts.get("failed") or counts.get("unreachable") or counts.get("blocked"):
        return "red"
    return "yellow" if counts.get("changed") else "green"
