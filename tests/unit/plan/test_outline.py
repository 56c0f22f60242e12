"""What a plan keeps of its graph, and what it says an apply takes."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import jsonschema
import pytest

import kplay.plan
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.plan import outline as outlines
from kplay.plan.make import without_secrets
from kplay.plan.model import PlanData
from kplay.plan.outline import Outline, Times, before_walk, owner
from kplay.redaction import Redactor

if TYPE_CHECKING:
    from kplay.graph.model import Graph

PLAYBOOK = """\
- name: first
  hosts: a
  gather_facts: false
  roles: [one]
  tasks:
    - {name: bring, include_tasks: more.yml}
- name: second
  hosts: b,c
  gather_facts: false
  tasks:
    - {name: own, command: "true"}
"""


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.chdir(tmp_path)
    Path("roles/one/tasks").mkdir(parents=True)
    Path("roles/one/tasks/main.yml").write_text(
        dedent("""\
        - {name: look, command: "true"}
        - {name: do, command: "true"}
        """)
    )
    Path("more.yml").write_text("- {name: more, command: 'true'}\n")
    Path("play.yml").write_text(PLAYBOOK)
    return prepare(RunOptions(playbooks=(Path("play.yml"),), inventory=("a,b,c,",))).graph


def keys(graph: Graph) -> dict[str, str]:
    return {vertex.name: vertex.key for vertex in graph.vertices() if vertex.node is not None}


def test_what_will_change_counts_as_it_took_to_change(graph: Graph) -> None:
    key = keys(graph)
    times = Times(
        "run-1",
        changed={key["one : do"]: 20.0, key["one : look"]: 50.0, key["own"]: 3.0},
        unchanged={key["one : look"]: 0.5, key["own"]: 0.1},
    )
    made = Outline.of("play.yml", graph, [key["one : do"], key["own"]], times)
    assert made.estimate == 23.5
    assert made.run == "run-1"
    assert made.unmeasured == []
    assert [(part, len(stops)) for part, stops in made.stretches()] == [
        ("one", 2), ("first", 1), ("second", 1),
    ]  # fmt: skip


def test_what_an_include_brings_is_the_includes(graph: Graph) -> None:
    key = keys(graph)["bring"]
    times = Times("run-1", changed={f"{key}.0.0": 2.0, f"{key}.0.1": 3.0})
    made = Outline.of("play.yml", graph, [f"{key}.1.0"], times)
    assert made.estimate == 5.0
    assert owner(f"{key}.1.0", set(keys(graph).values())) == key


def test_a_task_that_is_another_now_has_no_time(graph: Graph) -> None:
    key = keys(graph)["own"]
    for then, known in [
        (("own", "old.yml:1"), True),
        (("old name", "play.yml:11"), True),
        (("old name", "play.yml:3"), False),
    ]:
        times = Times("run-1", changed={key: 3.0}, tasks={key: then})
        assert (Outline.of("p", graph, [key], times).estimate is not None) is known


def test_without_times_there_is_no_estimate(graph: Graph) -> None:
    key = keys(graph)
    assert Outline.of("p", graph, [key["own"]], Times()).estimate is None
    some = Times("run-1", changed={key["own"]: 3.0})
    made = Outline.of("p", graph, [key["own"], key["one : do"]], some)
    assert made.estimate == 3.0
    assert made.unmeasured == [key["one : do"]]
    nothing = Outline.of("p", graph, [], some)
    assert nothing.estimate is None


def test_it_comes_back_whole_and_as_the_schema_says(graph: Graph) -> None:
    times = Times("run-1", changed={keys(graph)["own"]: 3.0})
    made = Outline.of("play.yml", graph, list(keys(graph).values()), times)
    text = json.dumps(made.to_json())
    again = Outline.from_json(json.loads(text))
    assert again.to_json() == made.to_json()
    assert [link.reasons for link in again.role.links] == [link.reasons for link in made.role.links]
    assert [box.hosts for box in again.role.boxes()] == [box.hosts for box in made.role.boxes()]
    plan = PlanData.from_json(json.loads(json.dumps(PlanData(outline=made).to_json())))
    assert plan.outline == again
    schema = json.loads((Path(kplay.plan.__file__).parent / "schema.json").read_text())
    jsonschema.validate(plan.to_json(), {**schema["properties"]["plan"], "$defs": schema["$defs"]})


def test_a_picture_that_nobody_can_read_is_not_kept(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Outline.of("p", graph, [], Times()).task is not None
    monkeypatch.setattr(outlines, "LARGEST", 3)
    made = Outline.of("p", graph, [], Times())
    assert made.task is None
    assert "task" not in made.to_json()


def test_secrets_are_masked(graph: Graph) -> None:
    made = Outline.of("p", graph, [keys(graph)["own"]], Times())
    told = json.dumps(without_secrets(made, Redactor({"one : look"})).to_json())
    assert "one : look" not in told
    assert "one : do" in told


def test_the_graph_before_the_walk_stays_as_it_is(graph: Graph) -> None:
    kept = before_walk(graph)
    number = len(kept.vertices())
    graph.plays[0].vertices.append(graph.plays[0].vertices[0])
    assert len(kept.vertices()) == number
