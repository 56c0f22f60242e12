"""What a plan knows of variables that a task sets only if its condition holds."""

from __future__ import annotations

PLAY = """
    - hosts: a
      gather_facts: false
      vars: {before: old}
      tasks:
        - {name: ask, command: id, register: told, changed_when: false}
        - {name: some, set_fact: {before: new, fresh: 1, cacheable: true}, when: told.rc == 0}
        - name: broken
          set_fact: {derived: "{{ told.stdout | from_json }}", worse: "{{ nowhere }}"}
          when: told.rc == 0
        - {name: file, include_vars: more.yml, when: told.rc == 0}
        - {name: overridden, copy: {dest: /f, content: "{{ before }}"}}
        - {name: set, copy: {dest: /g, content: "{{ fresh }}"}}
        - {name: of a file, copy: {dest: /h, content: "{{ from_file }}"}}
        - {name: unrendered, copy: {dest: /i, content: "{{ worse }}"}}
        - {name: asked for, debug: {msg: x}, when: fresh is defined}
"""


def fake():
    from kplay.testing.host import FakeHost

    host = FakeHost(files={"/f": "old", "/g": "1", "/h": "1", "/i": ""})
    host.when("id", stdout="uid=0\n")
    return {"a": host}


def test_variables_that_may_be_set_are_unknown(walk):
    walked = walk(PLAY, planning=True, fake=fake(), files={"more.yml": "from_file: 1\n"})
    ended = {task: status for _, task, status in walked.ended()}
    assert walked.lost() == {}
    assert ended["asked for"] == "ok"
    steps = {one.place.task: one for one in walked.events if hasattr(one, "causes")}
    for task in ("overridden", "set", "of a file", "unrendered"):
        assert (steps[task].status, steps[task].action) == ("planned", "unknown"), task


def test_a_run_is_told(walk):
    walked = walk(
        PLAY.replace("told.rc == 0", "told.rc == 3")
        .replace("{{ fresh }}", "1")
        .replace("{{ from_file }}", "1")
        .replace("{{ worse }}", ""),
        fake=fake(),
        files={"more.yml": "from_file: 1\n"},
    )
    ended = {task: status for _, task, status in walked.ended()}
    assert ended["some"] == "skipped"
    assert ended["overridden"] == "ok"


def test_an_include_that_an_earlier_step_names_may_run(walk):
    play = """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: ask, command: id, register: told, changed_when: false}
            - {name: by result, include_tasks: "{{ told.stdout }}.yml"}
            - {name: further, copy: {dest: /f, content: x}}
    """
    walked = walk(play, planning=True, fake=fake())
    assert walked.lost() == {}
    assert walked.ended()[-1] == ("a", "further", "planned")
    step = next(one for one in walked.events if getattr(one, "conditional", False))
    assert (step.place.task, step.action) == ("by result", "unknown")


def test_a_loop_of_which_every_turn_may_run_may_change(walk):
    play = """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: ask, command: id, register: told, changed_when: false}
            - {name: loop, copy: {dest: "/{{ item }}", content: x}, loop: [f, g],
               when: told.rc == 0, register: looped}
            - {name: harmless, command: id, loop: [1, 2], when: told.rc == 0, register: seen,
               changed_when: false}
            - {name: after, copy: {dest: /after, content: x}, when: looped.changed}
            - {name: never, copy: {dest: /never, content: x}, when: seen.changed}
    """
    walked = walk(play, planning=True, fake=fake())
    steps = {one.place.task: one for one in walked.events if hasattr(one, "causes")}
    assert steps["after"].conditional
    assert steps["never"].status == "skipped"
