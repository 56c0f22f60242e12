"""Jobs (``async`` with ``poll: 0``): a plan says of their start what the run will say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kplay.execute.options import RunOptions
from kplay.plan.make import make

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.plan.make import Plan

UNDER_WAY = "what becomes of a job that is still under way"

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: job
      TASK
      async: 30
      poll: 0
      register: job
    - name: as after a start
      copy: {dest: "PLACE/said", content: "{{ said }}\\n"}
      vars:
        said: "{{ [job is changed, job is skipped, job.finished, job.rc is defined] }}"
    - name: swept
      async_status: {jid: "{{ job.ansible_job_id }}", mode: cleanup}
    - name: waited for
      async_status: {jid: "{{ job.ansible_job_id }}"}
      register: ended
      until: ended is finished
      when: job.ansible_job_id is defined
"""


def planned(place: Path, text: str) -> Plan:
    (place / "site.yml").write_text(text.replace("PLACE", str(place)))
    (place / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((place / "site.yml",), (str(place / "hosts"),), diff=True)
    return make(options, lambda _event: None)


@pytest.mark.parametrize(
    "task",
    [
        "command: {cmd: date, creates: PLACE}",
        "command: date",
        "file: {path: PLACE, state: directory}",
        "file: {path: PLACE/new, state: directory}",
        "file: {path: PLACE/none/x, state: file}",
        'slurp: {src: "PLACE/none"}',
        "stat: {path: PLACE}",
    ],
)
def test_a_start_is_a_change_whatever_its_module_finds(tmp_path: Path, task: str) -> None:
    made = planned(tmp_path, PLAYBOOK.replace("TASK", task))
    assert not made.lost
    shown = {one.place.task: one for one in made.data.changes}
    assert [(name, one.action) for name, one in shown.items()] == [
        ("job", "run"),
        ("as after a start", "create"),
        ("waited for", "unknown"),
    ]
    assert shown["waited for"].causes == ["what becomes of a job that only the run starts"]
    assert not shown["waited for"].conditional
    assert "[true, false, false, false]" in str(shown["as after a start"].diff).lower()


@pytest.mark.parametrize(
    ("keywords", "action"),
    [("poll: 1", "create"), ("poll: 0, changed_when: false", None),
     ("poll: 0, check_mode: true", None)],
)  # fmt: skip
def test_what_its_module_or_its_author_says_counts(
    tmp_path: Path, keywords: str, action: str | None
) -> None:
    path = tmp_path if "check_mode" in keywords else tmp_path / "new"
    task = f"{{name: job, file: {{path: {path}, state: directory}}, async: 9, {keywords}}}"
    made = planned(tmp_path, f"- {{hosts: all, gather_facts: false, tasks: [{task}]}}\n")
    assert [one.action for one in made.data.changes] == ([action] if action else [])


@pytest.mark.parametrize(
    ("job", "mode", "expected"),
    [
        ({"finished": True, "changed": True}, "status", [("run", [])]),
        ({"finished": True, "changed": False}, "status", []),
        ({"finished": False}, "status", [("unknown", [UNDER_WAY])]),
        ({"finished": False}, "cleanup", []),
    ],
)
def test_a_job_of_an_earlier_run_is_told_of_as_far_as_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: dict[str, bool],
    mode: str,
    expected: list[tuple[str, list[str]]],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = tmp_path / ".kplay_async"
    place.mkdir()
    (place / "j1.2").write_text(json.dumps({"ansible_job_id": "j1.2", "started": True, **job}))
    task = f"{{name: ask, async_status: {{jid: j1.2, mode: {mode}}}, register: said}}"
    made = planned(tmp_path, f"- {{hosts: all, gather_facts: false, tasks: [{task}]}}\n")
    assert [(one.action, one.causes) for one in made.data.changes] == expected
