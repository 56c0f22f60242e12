from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kplay.agent import engine, jobs
from kplay.agent.reading import LocalProbe


class Alone(SimpleNamespace):
    """Surroundings whose host is a bare object, with what a job replaces."""

    def _replace(self, **changes: Any) -> Alone:
        return Alone(**{**vars(self), **changes})


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alone:
    monkeypatch.setenv("HOME", str(tmp_path))
    started: list[str] = []
    return Alone(
        started=started,
        start=lambda _step, action: started.append(action),
        host=lambda _: SimpleNamespace(output="to the wire", cancelled=None),
    )


def ended(path: str) -> dict[str, Any]:
    for _ in range(200):
        found: dict[str, Any] = json.loads(Path(path).read_text())
        if found["finished"]:
            return found
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_job_runs_on_by_itself(around: Alone):
    read, write = os.pipe()

    def run(step: dict[str, Any], within: Any) -> dict[str, Any]:
        assert within.host(step).output is None
        within.start(step, "run")
        try:
            os.fstat(write)
            inherited = True
        except OSError:
            inherited = False
        fields = {"sid": os.getsid(0), "timeout": step["timeout"], "inherited": inherited,
                  "again": "async" in step}  # fmt: skip
        time.sleep(0.2)
        return {"changed": True, "failed": False, "fields": fields}

    started = jobs.start({"async": 7}, around, run)  # type: ignore[arg-type]
    assert started["changed"]
    fields = started["fields"]
    assert (fields["started"], fields["finished"]) == (True, False)
    assert around.started == ["run"]
    found = ended(fields["results_file"])
    assert found["ansible_job_id"] == fields["ansible_job_id"]
    assert (found["changed"], found["failed"], found["timeout"]) == (True, False, 7)
    assert found["sid"] != os.getsid(0)
    assert (found["inherited"], found["again"]) == (False, False)
    assert Path(fields["results_file"]).stat().st_mode & 0o777 == 0o600
    os.close(read)
    os.close(write)


def test_the_engine_starts_jobs_when_it_applies_only(around: Alone):
    around.probe = lambda _: LocalProbe({})
    step = {"module": "ping", "args": {}, "async": 5, "op": "plan"}
    assert "ansible_job_id" not in engine.run(step, around)["fields"]  # type: ignore[arg-type]
    result = engine.run({**step, "op": "apply"}, around)  # type: ignore[arg-type]
    assert not result["failed"]
    assert ended(result["fields"]["results_file"])["finished"] is True
