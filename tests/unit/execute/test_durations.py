from __future__ import annotations

import json
from pathlib import Path

from kplay.execute.durations import measured


def write(runs: Path, *events: dict) -> None:
    folder = runs / "20260101-000000-aaaa"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    text = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "journal.jsonl").write_text(text)


def started(time: float) -> dict:
    return {"event": "RunStarted", "time": time, "playbooks": ["site.yml"]}


def ended(time: float, step: str, host: str) -> dict:
    return {
        "event": "StepEnded",
        "time": time,
        "place": {"step": f"{step}@{host}", "host": host, "item": ""},
    }


def test_a_task_took_as_long_as_on_its_slowest_host(tmp_path):
    write(
        tmp_path,
        started(10.0),
        ended(11.0, "0.1", "a"),
        ended(14.0, "0.1", "b"),
        ended(16.0, "0.2", "a"),
        ended(15.0, "0.2", "b"),
    )
    assert measured(tmp_path, (Path("site.yml"),)) == {"0.1": 4.0, "0.2": 5.0}


def test_another_playbooks_run_says_nothing(tmp_path):
    write(tmp_path, started(10.0), ended(11.0, "0.1", "a"))
    assert measured(tmp_path, (Path("other.yml"),)) == {}
    assert measured(tmp_path / "none", (Path("site.yml"),)) == {}
