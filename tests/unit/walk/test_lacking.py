"""What a module lacks fails a plan where nothing planned before it could bring it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.errors import ExitCode
from kplay.execute.options import RunOptions
from kplay.plan.make import make

if TYPE_CHECKING:
    from pathlib import Path

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: first
      file: {path: PLACE/none/x, mode: "0600"}
      ignore_errors: true
      register: first
    - name: says so
      debug: {msg: "{{ first.msg }}"}
      failed_when: "'absent' not in first.msg"
    - name: makes
      file: {path: PLACE/made, state: directory}
    - name: behind a change
      file: {path: PLACE/none/y, mode: "0600"}
    - name: in a loop
      file: {path: "PLACE/{{ item }}", mode: "0600"}
      loop: [none/z]
"""


def test_it_is_unknown_only_behind_a_change(tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text(PLAYBOOK.replace("PLACE", str(tmp_path)))
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
    made = make(options, lambda _event: None)
    shown = {change.place.task: change.action for change in made.data.changes if not change.loop}
    assert shown == {"makes": "create", "behind a change": "unknown", "in a loop": "unknown"}


def test_a_host_that_lacks_what_nothing_brings_stops_the_plan(tmp_path: Path) -> None:
    text = PLAYBOOK.replace("PLACE", str(tmp_path)).replace("      ignore_errors: true\n", "")
    (tmp_path / "site.yml").write_text(text)
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
    made = make(options, lambda _event: None)
    assert made.data.changes == []
    (lost,) = made.lost
    assert (lost.host, made.code) == ("h1", ExitCode.STEP_FAILED)
