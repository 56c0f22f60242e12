"""Views of the graph: what is one box, what is near, and where boxes stand."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from kplay.errors import InputError
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.graph.export import dot, mermaid, text
from kplay.graph.layout import place
from kplay.graph.svg import svg
from kplay.graph.view import WAYS, View, by_host, by_role, by_task, focused

if TYPE_CHECKING:
    from kplay.graph.model import Graph

PLAYBOOK = """\
    - name: first
      hosts: a
      gather_facts: false
      strategy: graph
      roles: [one, two]
      tasks:
        - {name: make, command: make, register: made, notify: again}
      handlers:
        - {name: again, command: "true"}
    - name: second
      hosts: b,c
      gather_facts: false
      strategy: graph
      needs: [nothing]
      tasks:
        - {name: own, copy: {dest: /own, content: x}}
        - {name: wait, command: "true", needs: make, tags: slow}
        - {name: '<&"', debug: {msg: x}}
"""
ROLE = """\
    - {name: begin, command: begin}
    - {name: nothing, command: "true"}
"""


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        path = tmp_path / "roles" / name / "tasks/main.yml"
        path.parent.mkdir(parents=True)
        path.write_text(dedent(ROLE))
    (tmp_path / "play.yml").write_text(dedent(PLAYBOOK))
    return prepare(RunOptions(playbooks=(Path("play.yml"),), inventory=("a,b,c,",))).graph


def pairs(view: View) -> set[tuple[str, str]]:
    names = {box.key: box.name for box in view.boxes()}
    return {(names[link.source], names[link.target]) for link in view.links}


def test_a_role_is_one_box(graph: Graph):
    view = by_role(graph, {})
    assert [box.name for box in view.lanes[0].boxes] == [
        "one",
        "two",
        "tasks of the play",
        "handlers",
    ]
    assert ("tasks of the play", "handlers") in pairs(view)
    assert "2 tasks, roles/two/tasks/main.yml:1" in text(view)


def test_hosts_of_the_same_plays_are_one_lane(graph: Graph):
    view = by_host(graph, {})
    assert [lane.title for lane in view.lanes] == ["a (1)", "b, c (2)"]
    (link,) = view.links
    assert (link.source, link.target) == ("0/0", "1/1")
    assert {reason.why for reason in link.reasons} == {"needs `nothing`", "needs `make`"}
    assert all(reason.place.startswith("play.yml:") for reason in link.reasons)


def test_tasks_that_tags_leave_out_are_bridged(graph: Graph):
    for vertex in graph.vertices():
        vertex.selected = vertex.name != "wait"
    view = by_task(graph, {})
    assert ("own", '<&"') in pairs(view)
    assert "wait" not in text(view)


def test_focus_keeps_what_is_near(graph: Graph):
    view = focused(by_task(graph, {}), "wait", steps=1)
    assert {box.name for box in view.boxes()} == {"make", "own", "wait", '<&"'}
    assert all(lane.boxes for lane in view.lanes)
    with pytest.raises(InputError) as caught:
        focused(by_task(graph, {}), "wiat")
    assert caught.value.diagnostics[0].help == ("did you mean `wait`?",)


def test_focus_takes_a_role_and_a_play(graph: Graph):
    whole = by_task(graph, {})
    of_role = [box.key for box in whole.boxes() if box.name.startswith("two : ")]
    assert {box.key for box in focused(whole, "two", steps=0).boxes()} == set(of_role) != set()
    lane = whole.lanes[-1]
    assert focused(whole, lane.name, steps=0).lanes == (lane,)


def test_pictures_hold_whatever_names_are(graph: Graph):
    vertex = next(one for one in graph.vertices() if one.name == "make")
    vertex.name = 'a\x1b[31m\n<b>&"\ufffe'
    view = by_task(graph, {})
    picture = ET.fromstring(svg(view))  # noqa: S314 - it was just made
    titles = [str(one.text) for one in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert any(one.startswith('a\ufffd[31m\n<b>&"\ufffd\n') for one in titles)
    assert '["a\x1b[31m &lt;b&gt;&amp;&quot;\ufffe"]' in mermaid(view)
    assert '[label="a\x1b[31m <b>&\\"\ufffe" ' in dot(view)


def test_times_of_an_earlier_run_stand_at_boxes(graph: Graph):
    key = next(vertex.key for vertex in graph.vertices() if vertex.name == "make")
    view = by_task(graph, {key: 12.34})
    assert "  12.3 s" in text(view)
    assert ">12.3 s</text>" in svg(view)


@pytest.mark.parametrize("way", WAYS)
def test_boxes_stand_below_all_that_they_wait_for(graph: Graph, way: str):
    view = WAYS[way](graph, {})
    placed = place(view)
    assert all(placed.rows[link.source] < placed.rows[link.target] for link in view.links)
    corners = [
        (placed.rows[box.key], placed.columns[number])
        for number, lane in enumerate(view.lanes)
        for box in lane.boxes
    ]
    assert len(set(corners)) == len(corners)


@pytest.mark.parametrize("way", WAYS)
def test_the_picture_is_whole_and_says_why(graph: Graph, way: str):
    view = WAYS[way](graph, {})
    picture = ET.fromstring(svg(view))  # noqa: S314 - it was just made
    tag = "{http://www.w3.org/2000/svg}"
    keys = {one.get("data-key") for one in picture.iter(f"{tag}g")}
    assert keys == {box.key for box in view.boxes()}
    links = [one for one in picture.iter(f"{tag}path") if one.get("data-source")]
    assert len(links) == len(view.links)
    said = "".join(one.findtext(f"{tag}title") or "" for one in links)
    assert all(reason.why in said and reason.place in said
               for link in view.links for reason in link.reasons)  # fmt: skip
