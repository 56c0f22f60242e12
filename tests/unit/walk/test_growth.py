"""Hosts and groups that a run adds, and tasks that wait."""

from __future__ import annotations

import time

import pytest

from kplay.errors import InputError

ADDED = """
    - hosts: a:b
      gather_facts: false
      tasks:
        - name: add
          add_host: {name: "new-{{ inventory_hostname }}", groups: "one,two", colour: red}
          register: made
        - {name: seen, debug: {msg: "{{ groups.one }} {{ hostvars['new-a'].colour }}"}}
        - {name: again, add_host: {name: new-a, groups: [one]}}
        - {name: group, group_by: {key: "of {{ inventory_hostname }}", parents: [every]}}
    - hosts: one
      gather_facts: false
      tasks:
        - {name: on new, debug: {msg: "{{ inventory_hostname }} {{ colour }} {{ group_names }}"}}
    - hosts: every
      gather_facts: false
      tasks:
        - {name: on every, copy: {dest: /etc/one, content: "{{ group_names }}"}}
"""


@pytest.mark.parametrize("planning", [False, True])
def test_plays_below_run_on_what_was_added(walk, planning):
    walked = walk(ADDED, planning=planning)
    assert walked.lost() == {}
    assert [status for _, task, status in walked.ended() if task == "add"] == ["changed"]
    assert [status for _, task, status in walked.ended() if task == "again"] == ["ok"]
    assert walked.result("add", "a")["add_host"] == {
        "groups": ["one", "two"],
        "host_name": "new-a",
        "host_vars": {"colour": "red"},
    }
    assert walked.result("seen", "b")["msg"] == "['new-a'] red"
    assert walked.result("on new", "new-a")["msg"] == "new-a red ['one', 'two']"
    assert walked.result("group", "b")["add_group"] == "of-b"
    assert [host for host, task, _ in walked.ended() if task == "on every"] == ["a", "b"]


def test_a_pattern_that_nothing_will_fill_is_refused(walk):
    playbook = """
        - {hosts: a, gather_facts: false, tasks: [{add_host: {name: x, groups: "one,two"}}]}
        - {hosts: "one:two", gather_facts: false, tasks: []}
        - {hosts: nowhere, gather_facts: false, tasks: []}
    """
    with pytest.raises(InputError, match="nowhere"):
        walk(playbook)


def test_a_host_wants_a_name(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks: [{name: add, add_host: {groups: one}}]
    """)
    assert "needs the argument `name`" in walked.result("add", "a")["msg"]


PAUSE = """
    - hosts: all
      gather_facts: false
      tasks:
        - {name: wait, pause: {seconds: 0.2}, register: waited}
        - {name: say, debug: {msg: "{{ waited.stdout | default('none') }}"}}
"""


def test_a_pause_holds_every_host_and_is_answered_on_the_first(walk):
    began = time.monotonic()
    walked = walk(PAUSE)
    assert time.monotonic() - began >= 0.2
    assert walked.result("say", "a")["msg"].startswith("Paused for")
    assert walked.result("say", "b")["msg"] == "none"
    assert [host for host, task, _ in walked.ended() if task == "wait"] == ["a"]


def test_a_plan_does_not_wait(walk):
    assert walk(PAUSE.replace("0.2", "1000"), planning=True).lost() == {}


def test_a_prompt_without_a_terminal_goes_on(walk):
    walked = walk(PAUSE.replace("seconds: 0.2", "prompt: go on?"))
    warning = "Not waiting for response to prompt as stdin is not interactive"
    assert walked.result("wait", "a")["warnings"] == [warning]
