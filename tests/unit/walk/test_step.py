"""``--step``: the user is asked before each task, once for all hosts."""

from __future__ import annotations

PLAY = """
- hosts: all
  gather_facts: false
  handlers: [{name: handler, ping: }]
  tasks:
    - {name: one, debug: {msg: 1}, changed_when: true, notify: handler}
    - meta: noop
    - {name: once, debug: {msg: 1}, run_once: true}
    - {name: skip me, debug: {msg: 1}, when: false}
    - {name: two, ping: }
    - include_tasks: more.yml
"""
MORE = "- {name: three, debug: {msg: 1}}\n"


def asked(walk, *answers: str, planning: bool = False):
    left, names = list(answers), []

    def ask(name: str) -> str:
        names.append(name)
        return left.pop(0)

    walked = walk(PLAY, files={"more.yml": MORE}, ask=ask, planning=planning)
    done = sorted({task for _, task, status in walked.ended() if status != "skipped"})
    return names, done


def test_each_task_is_asked_for_once(walk):
    names, done = asked(walk, *"yyyyyyy")
    assert names == ["one", "once", "skip me", "two", "include_tasks more.yml", "three", "handler"]
    assert done == ["handler", "once", "one", "three", "two"]


def test_no_leaves_a_task_out_on_every_host(walk):
    assert asked(walk, *"nnyynn") == (
        ["one", "once", "skip me", "two", "include_tasks more.yml"],
        ["two"],
    )


def test_go_on_unasked(walk):
    names, done = asked(walk, "n", "c")
    assert names == ["one", "once"]
    assert done == ["once", "three", "two"]


def test_a_plan_asks_too(walk):
    names, done = asked(walk, *"nnnyc", planning=True)
    assert names == ["one", "once", "skip me", "two", "include_tasks more.yml"]
    assert done == ["three", "two"]
