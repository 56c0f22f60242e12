"""fetch in a plan whose file an earlier step names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.testing.fleet import FakeFleet
from kplay.walk.events import StepEnded
from kplay.walk.walker import Walker
from kplay.walk.world import World

if TYPE_CHECKING:
    from pathlib import Path

PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - command: make-it
      register: made
    - fetch: {src: "{{ made.stdout }}", dest: "%s/", flat: true}
"""


def test_a_file_that_an_earlier_step_names_is_unknown_in_a_plan(tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAY % tmp_path)
    prepared = prepare(RunOptions(playbooks=(playbook,), inventory=("a,",)))
    world = World(store=prepared.store, loader=prepared.loader, make_fleet=FakeFleet, planning=True)
    seen: list[object] = []
    Walker(prepared.graph, world, seen.append).run()
    steps = [one for one in seen if isinstance(one, StepEnded)]
    assert [(one.place.module, one.action) for one in steps] == [
        ("command", "run"),
        ("fetch", "unknown"),
    ]
    assert steps[1].causes
