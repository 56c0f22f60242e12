"""How long each task took in earlier runs: what the critical path is measured by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kplay.execute.journal import by_age
from kplay.plan.outline import Times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOKED_AT = 30
"""So many of the newest runs are looked at for those of the same playbooks."""
_READ = 4
"""And so many of these are read."""
_BROKEN = ("failed", "unreachable", "blocked", "interrupted")
"""Steps that tell nothing of how long they take."""


def measured(runs: Path, playbooks: tuple[Path, ...]) -> dict[str, float]:
    """Seconds by vertex key from the newest run of the same playbooks, on the slowest host.

    A step's time is from the end of the step before it on its host, or from when it was sent, so
    that waits for other hosts do not count. Empty where there is no such run.
    """
    for _, events in _of_same(runs, playbooks):
        changed, unchanged, _ = _seconds(events)
        return {
            key: max(changed.get(key, 0.0), unchanged.get(key, 0.0))
            for key in {**changed, **unchanged}
        }
    return {}


def history(runs: Path, playbooks: tuple[Path, ...]) -> Times:
    """What tasks took where they changed a host, and where they did not: of each the newest."""
    run = ""
    changed: dict[str, float] = {}
    unchanged: dict[str, float] = {}
    tasks: dict[str, tuple[str, str]] = {}
    for name, events in _of_same(runs, playbooks):
        run = run or name
        *found, then = _seconds(events)
        for table, seconds in zip((changed, unchanged), found, strict=True):
            for key, took in seconds.items():
                if tasks.setdefault(key, then[key]) == then[key]:
                    table.setdefault(key, took)
    return Times(run, changed, unchanged, tasks)


def _of_same(runs: Path, playbooks: tuple[Path, ...]) -> Iterator[tuple[str, list[Any]]]:
    """Runs of the same playbooks, the newest first: the id and the events of each."""
    names = [str(path) for path in playbooks]
    folders = by_age(runs)[::-1]
    read = 0
    for folder in folders[:_LOOKED_AT]:
        events = _events(folder / "journal.jsonl")
        first: dict[str, Any] = next(events, {})
        if first.get("event") == "RunStarted" and first.get("playbooks") == names:
            yield folder.name, [first, *events]
            read += 1
        if read == _READ:
            return


def _events(journal: Path) -> Iterator[Any]:
    """Up to where the file breaks off."""
    try:
        with journal.open(encoding="utf-8") as stream:
            for text in stream:
                yield json.loads(text)
    except (OSError, ValueError):
        return


_Seconds = dict[str, float]


def _seconds(events: list[Any]) -> tuple[_Seconds, _Seconds, dict[str, tuple[str, str]]]:
    """By vertex key: seconds on the slowest host that it changed, on the slowest other; task."""
    tasks: dict[str, tuple[str, str]] = {}
    changed: dict[str, float] = {}
    unchanged: dict[str, float] = {}
    before: dict[str, float] = {}
    began = events[0]["time"]
    for event in events:
        if event["event"] == "StepEnded" and not event["place"]["item"]:
            place = event["place"]
            start = max(before.get(place["host"], began), event.get("sent") or 0.0)
            before[place["host"]] = event["time"]
            if event.get("status") in _BROKEN:
                continue
            key = place["step"].partition("@")[0]
            table = changed if event.get("status") == "changed" else unchanged
            table[key] = max(table.get(key, 0.0), event["time"] - start)
            tasks[key] = (place["task"], f"{place['file']}:{place['line']}")
    return changed, unchanged, tasks
