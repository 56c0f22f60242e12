"""A host that cannot be reached, where a task says that this does not matter."""

from __future__ import annotations

import pytest

from kplay.walk import events
from kplay.walk.lost import way_on


def test_an_ignored_delegate_that_is_unreachable_does_not_stall(walk):
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          tasks:
            - name: one
              copy: {dest: /one, content: x}
              delegate_to: b
              ignore_unreachable: true
            - {name: two, copy: {dest: /two, content: x}}
    """,
        unreachable=("b",),
    )
    assert walked.lost() == {}
    assert walked.ended("a") == [("a", "one", "unreachable"), ("a", "two", "changed")]


def test_what_was_sent_behind_an_ignored_unreachable_step_is_tried_too(walk):
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          tasks:
            - {name: one, copy: {dest: /one, content: x}, ignore_unreachable: true}
            - {name: two, copy: {dest: /two, content: x}, ignore_unreachable: true}
            - {name: three, copy: {dest: /three, content: x}}
    """,
        unreachable=("a",),
    )
    assert walked.lost() == {"a": "unreachable"}
    assert [task for _, task, _ in walked.ended("a")] == ["one", "two", "three"]


CLUSTER = """
    - hosts: a1
      gather_facts: false
      strategy: graph
      tasks:
        - {name: looked, copy: {dest: /one, content: x}}
    - hosts: s1
      needs: [looked]
      gather_facts: false
      strategy: graph
      tasks:
        - {name: server, copy: {dest: /one, content: x}}
    - hosts: a2
      needs: [server]
      gather_facts: false
      strategy: graph
      tasks:
        - {name: agent, copy: {dest: /one, content: x}}
"""


@pytest.mark.parametrize("planning", [True, False])
def test_it_is_known_for_lack_of_which_host_others_are_blocked(walk, planning: bool):
    walked = walk(CLUSTER, hosts="a1,a2,s1,", unreachable=("a1",), planning=planning)
    lost = [one for one in walked.events if isinstance(one, events.HostLost)]
    assert {(one.host, one.status, one.blocker) for one in lost} == {
        ("a1", "unreachable", ""),
        ("s1", "blocked", "a1"),
        ("a2", "blocked", "s1"),
    }
    assert way_on(lost) == (
        "other hosts wait for a1; to go on without it, start anew with `--limit '!a1'`, or with"
        " `--absent a1` where it is gone"
    )


@pytest.mark.parametrize("given", [{"limit": "!a1"}, {"absent": ("a1",)}])
def test_the_others_go_on_without_it(walk, given: dict[str, object]):
    walked = walk(CLUSTER, hosts="a1,a2,s1,", unreachable=("a1",), **given)
    assert walked.lost() == {}
    assert [row[1] for row in walked.ended()] == ["server", "agent"]


def test_who_stops_all_others_blocks_them(walk):
    playbook = """
    - hosts: all
      gather_facts: false
      any_errors_fatal: true
      tasks:
        - {name: one, copy: {dest: /one, content: x}}
        - {name: two, command: echo}
    """
    walked = walk(playbook, unreachable=("b",))
    lost = [one for one in walked.events if isinstance(one, events.HostLost)]
    assert {(one.host, one.blocker) for one in lost} == {("b", ""), ("a", "b")}
    assert way_on(lost).startswith("other hosts wait for b;")


def test_a_host_that_failed_is_no_host_to_leave_out():
    failed = events.HostLost(0.0, "a", "failed", "no", 1)
    blocked = events.HostLost(0.0, "b", "blocked", "no", 1, "a")
    alone = events.HostLost(0.0, "c", "unreachable", "no", 1)
    assert way_on([failed, blocked, alone]) == ""


def test_an_absent_delegate_is_passed_by_where_unreachable_is_ignored(walk):
    playbook = """
    - hosts: a
      gather_facts: false
      tasks:
        - name: one
          copy: {dest: /one, content: x}
          delegate_to: b
          ignore_unreachable: true
          register: asked
        - {name: two, copy: {dest: /two, content: "{{ asked.unreachable }}"}}
    """
    walked = walk(playbook, absent=("b",))
    assert walked.ended("a") == [("a", "one", "ignored"), ("a", "two", "changed")]
    assert "b is declared absent" in walked.result("one", "a")["msg"]
