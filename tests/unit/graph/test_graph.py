"""The graph as text: what waits for what, and why."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from kplay.diagnostics import render
from kplay.errors import InputError
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.graph import export
from kplay.graph.critical import critical_path
from kplay.graph.tags import TagChoice
from kplay.graph.view import by_task


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def build(playbook: str, **files: str):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        (tmp_path / "play.yml").write_text(dedent(playbook))
        playbooks = tuple(
            Path(name) for name in files if "__" not in name and name.endswith(".yml")
        )
        given = (*playbooks, Path("play.yml"))
        return prepare(RunOptions(playbooks=given, inventory=("a,b,",))).graph

    return build


NEEDS = """\
    - name: first
      hosts: a
      gather_facts: false
      strategy: graph
      tasks:
        - {name: make, command: make, register: made}
        - {name: more, copy: {dest: /x, content: x}}
    - name: second
      hosts: b
      gather_facts: false
      strategy: graph
      needs: []
      tasks:
        - {name: own, copy: {dest: /y, content: y}}
        - {name: wait, copy: {dest: /z, content: z}, needs: make}
        - {name: read, copy: {dest: /r, content: "{{ hostvars['a'].made.stdout }}"}}
"""


def test_the_text_says_every_wait_with_its_reason_and_place(graph):
    assert export.text(by_task(graph(NEEDS), {})) == dedent("""\
        play 1 `first` (1 host, strategy graph)
          0.0          make  [cluster, play.yml:6]
          0.1          more  [host, play.yml:7]
          0.2          the play ends  [cluster, play.yml:2]
        play 2 `second` (1 host, strategy graph)
        * 1.0          own  [host, play.yml:14]
        * 1.1          wait  [host, play.yml:15]
                       <- 0.0 make: needs `make` (play.yml:15)
        * 1.2          read  [cluster, play.yml:16]
                       <- 0.0 make: reads `made` of another host (play.yml:16)
        * 1.3          the play ends  [cluster, play.yml:9]
        * is on the critical path""")


def test_a_linear_play_relaxes_only_what_stays_on_its_host(graph):
    built = graph("""
        - hosts: all
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /1, content: x}}
            - {name: two, copy: {dest: /2, content: x}}
            - {name: three, command: reboot}
            - {name: four, copy: {dest: /4, content: x}}
            - {name: five, copy: {dest: /5, content: x}}
    """)
    barriers = {vertex.name: vertex.barrier for vertex in built.vertices()}
    assert barriers == {
        "one": "",
        "two": "",
        "three": "`command` may reach beyond its host",
        "four": "below `three`",
        "five": "",
        "the play ends": "the play ends",
    }


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ("copy: {dest: /x, src: /from/elsewhere}", "its source may be made by another host"),
        ("copy: {dest: /x, content: x}\n      delegate_to: b", "it acts on another host"),
        ("debug: {msg: \"{{ hostvars['b'].x }}\"}", "it reads other hosts' variables"),
        ("debug: {msg: \"{{ lookup('env', 'X') }}\"}", "it looks at the controller"),
        ("copy: {dest: /x, content: x}\n      run_once: true", "run_once"),
        ('include_tasks: "{{ x }}.yml"', "what it includes is known only then"),
    ],
)  # fmt: skip
def test_why_a_task_is_a_barrier(graph, task, why):
    playbook = f"- hosts: all\n  gather_facts: false\n  tasks:\n    - name: it\n      {task}\n"
    assert graph(playbook).vertices()[0].barrier == why


def test_a_variable_is_followed_to_the_hosts_it_reads(graph):
    built = graph(
        """
        - {hosts: a, gather_facts: false, tasks: [{name: make, command: x, register: made}]}
        - hosts: b
          gather_facts: false
          strategy: graph
          roles: [reader]
        """,
        roles__reader__defaults__main_yml="",
        **{
            "roles__reader__defaults__main.yml": "address: \"{{ hostvars['a'].made.stdout }}\"\n",
            "roles__reader__tasks__main.yml": "- {name: use, debug: {msg: '{{ address }}'}}\n",
        },
    )
    edges = {(edge.source.name, edge.target.name, edge.kind) for edge in built.edges}
    assert ("make", "reader : use", "value") in edges


def test_needs_that_close_a_circle_are_refused_with_the_whole_way(graph):
    with pytest.raises(InputError) as caught:
        graph("""
            - name: first
              hosts: a
              gather_facts: false
              strategy: graph
              needs: [second]
              tasks: [{name: one, debug: {msg: x}}]
            - name: second
              hosts: b
              gather_facts: false
              strategy: graph
              needs: [first]
              tasks: [{name: two, debug: {msg: x}}]
        """)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "cycle"
    assert "play.yml:6" in render(diagnostic) or "play.yml:12" in render(diagnostic)
    assert len(diagnostic.notes) >= 4


LOOK_AND_MAKE = """
    - {name: look, hosts: a, tasks: [{name: see, debug: {msg: x}}]}
    - {name: make, hosts: b, needs: [look], strategy: graph, tasks: [{name: do, debug: {msg: x}}]}
"""


@pytest.mark.parametrize(
    ("playbook", "source"),
    [(LOOK_AND_MAKE, 2), ("- {name: last, hosts: a, needs: [look], tasks: []}", 0)],
)
def test_needs_mean_their_own_file_then_the_files_above(graph, playbook, source):
    built = graph(playbook, **{"first.yml": LOOK_AND_MAKE})
    last = built.plays[-1].vertices
    edges = [edge for edge in built.edges if edge.kind == "needs" and edge.target in last]
    assert [edge.source.play.index for edge in edges] == [source]


def test_needs_that_name_nothing_are_refused(graph):
    with pytest.raises(InputError) as caught:
        graph("""
            - hosts: a
              gather_facts: false
              tasks:
                - {name: install, debug: {msg: x}}
                - {name: start, debug: {msg: x}, needs: instal}
        """)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "unknown-need"
    assert diagnostic.help == ("did you mean `install`?",)
    assert diagnostic.span is not None
    assert diagnostic.span.line == 6


def test_why_tells_each_step_of_the_way(graph):
    assert export.why(graph(NEEDS), "make", "read") == (
        "`read` waits for `make`: reads `made` of another host (play.yml:16)"
    )
    assert export.why(graph(NEEDS), "own", "make") == "`make` does not wait for `own`"


def test_dot_and_mermaid_hold_every_vertex_and_reason(graph):
    built = graph(NEEDS)
    view = by_task(built, {})
    for text in (export.dot(view), export.mermaid(view)):
        for word in ("make", "more", "own", "wait", "read", "needs"):
            assert word in text
    assert export.dot(view).startswith("digraph kplay {")
    assert export.mermaid(view).startswith("flowchart TD")


def test_the_critical_path_follows_measured_times(graph):
    seconds = {"0.0": 1.0, "0.1": 9.0, "1.0": 20.0, "1.1": 2.0}
    names = [vertex.name for vertex in critical_path(graph(NEEDS), seconds)]
    assert names[:2] == ["own", "wait"]


@pytest.mark.parametrize(
    ("only", "skip", "tags", "selected"),
    [
        ("", "", "", True),
        ("", "", "never", False),
        ("never", "", "never", True),
        ("a", "", "a b", True),
        ("a", "", "b", False),
        ("a", "", "always", True),
        ("a", "always", "always", False),
        ("", "a", "a", False),
        ("tagged", "", "", False),
        ("untagged", "", "", True),
        ("untagged", "", "a", False),
        ("all", "", "a", True),
    ],
)
def test_tags(only, skip, tags, selected):
    choice = TagChoice(frozenset(only.split()), frozenset(skip.split()))
    assert choice.selects(frozenset(tags.split())) is selected
