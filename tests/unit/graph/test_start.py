from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

PLAY = """
- {hosts: a, tasks: [{name: before, ping: }]}
- hosts: a
  handlers: [{name: handler, ping: }]
  tasks:
    - {name: one, ping: , notify: handler}
    - {name: skipped, ping: , tags: never}
    - block: [{name: inside, ping: }]
      rescue: [{name: rescuing, ping: }]
      always: [{name: in always, ping: }]
    - {name: two words, ping: }
    - include_tasks: more.yml
"""


def selected(tmp_path: Path, name: str) -> list[str]:
    path = tmp_path / "play.yml"
    path.write_text(dedent(PLAY))
    (tmp_path / "more.yml").write_text("[]\n")
    options = RunOptions(playbooks=(path,), inventory=("a,",), start_at_task=name)
    vertices = prepare(options).graph.vertices()
    return [v.name for v in vertices if v.selected and v.node is not None and not v.handler]


@pytest.mark.parametrize(
    ("name", "first"),
    [("one", "one"), ("inside", "inside"), ("in alw*", "in always"), ("two words", "two words")],
)
def test_everything_above_is_left_out_but_the_facts(tmp_path: Path, name: str, first: str):
    found = selected(tmp_path, name)
    order = ["one", "inside", "rescuing", "in always", "two words", "include_tasks more.yml"]
    assert found == ["Gathering Facts", *order[order.index(first) :]]


def test_an_earlier_play_stays_whole_when_the_start_is_in_it(tmp_path: Path):
    assert selected(tmp_path, "before")[:2] == ["Gathering Facts", "before"]


@pytest.mark.parametrize("name", ["handler", "rescuing", "skipped", "on"])
def test_no_such_task(tmp_path: Path, name: str):
    with pytest.raises(InputError, match=f"no task named `{name}`"):
        selected(tmp_path, name)
