"""How long each task took in an earlier run: what the critical path is measured by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kplay.errors import InputError
from kplay.execute.journal import latest

if TYPE_CHECKING:
    from pathlib import Path


def measured(runs: Path, playbooks: tuple[Path, ...]) -> dict[str, float]:
    """Seconds by vertex key from the newest run, on the host that took longest.

    A step's time is from the end of the step before it on its host (or from the start of the run),
    waits for other hosts included. Empty where there is no run, or only one of other playbooks.
    """
    try:
        folder = latest(runs)
    except InputError:
        return {}
    seconds: dict[str, float] = {}
    before: dict[str, float] = {}
    began = 0.0
    for text in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(text)
        except ValueError:
            break
        if event["event"] == "RunStarted":
            if event["playbooks"] != [str(path) for path in playbooks]:
                return {}
            began = event["time"]
        elif event["event"] == "StepEnded" and not event["place"]["item"]:
            place = event["place"]
            spent = event["time"] - before.get(place["host"], began)
            before[place["host"]] = event["time"]
            key = place["step"].partition("@")[0]
            seconds[key] = max(seconds.get(key, 0.0), spent)
    return seconds
