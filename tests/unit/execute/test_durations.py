from __future__ import annotations

import json
from pathlib import Path

from kplay.execute.durations import history, measured


def write(runs: Path, *events: dict, run: str = "20260101-000000-aaaa") -> None:
    folder = runs / run
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    text = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "journal.jsonl").write_text(text)


def started(time: float) -> dict:
    return {"event": "RunStarted", "time": time, "playbooks": ["site.yml"]}


def ended(time: float, step: str, host: str, **more: object) -> dict:
    return {
        "event": "StepEnded",
        "time": time,
        **more,
        "place": {
            "step": f"{step}@{host}",
            "host": host,
            "item": "",
            "task": f"task {step}",
            "file": "site.yml",
            "line": 3,
        },
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


def test_waits_for_other_hosts_do_not_count(tmp_path):
    write(tmp_path, started(10.0), ended(11.0, "0.1", "a"), ended(16.0, "0.2", "a", sent=14.5))
    assert measured(tmp_path, (Path("site.yml"),)) == {"0.1": 1.0, "0.2": 1.5}


def test_the_newest_run_of_the_same_playbooks_is_looked_for(tmp_path):
    write(tmp_path, started(10.0), ended(11.0, "0.1", "a"))
    other = {"event": "RunStarted", "time": 1.0, "playbooks": ["other.yml"]}
    write(tmp_path, other, ended(9.0, "0.1", "a"), run="20260102-000000-bbbb")
    assert measured(tmp_path, (Path("site.yml"),)) == {"0.1": 1.0}


def test_history_tells_changing_from_looking(tmp_path):
    write(
        tmp_path,
        started(0.0),
        ended(5.0, "0.1", "a", status="changed"),
        ended(9.0, "0.2", "a", status="changed"),
        ended(99.0, "0.3", "a", status="failed"),
    )
    write(
        tmp_path,
        started(0.0),
        ended(1.0, "0.1", "a", status="ok"),
        ended(8.0, "0.2", "a", status="changed"),
        run="20260102-000000-bbbb",
    )
    with (tmp_path / "20260102-000000-bbbb/journal.jsonl").open("a") as journal:
        journal.write('{"event": "StepEn')
    found = history(tmp_path, (Path("site.yml"),))
    assert found.run == "20260102-000000-bbbb"
    assert found.changed == {"0.1": 5.0, "0.2": 7.0}
    assert found.unchanged == {"0.1": 1.0}
    assert found.tasks["0.2"] == ("task 0.2", "site.yml:3")
