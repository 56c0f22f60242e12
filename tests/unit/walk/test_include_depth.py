"""Includes of a file by itself: some end, some never do."""

from __future__ import annotations

PLAYBOOK = """
    - hosts: a
      gather_facts: false
      tasks:
        - include_tasks: again.yml
"""


def test_an_include_without_an_end_fails(walk):
    walked = walk(PLAYBOOK, hosts="a,", files={"again.yml": "- include_tasks: again.yml\n"})
    assert walked.lost() == {"a": "failed"}
    assert "nested without an end" in walked.result("include_tasks again.yml", "a")["msg"]


def test_an_include_with_an_end_is_a_loop(walk):
    again = """
        - set_fact: {count: "{{ count | default(0) | int + 1 }}"}
        - {include_tasks: again.yml, when: count | int < 60}
        - {name: say, debug: {msg: "{{ count }}"}}
    """
    walked = walk(PLAYBOOK, hosts="a,", files={"again.yml": again})
    assert walked.lost() == {}
    assert [status for _, task, status in walked.ended("a") if task == "say"].count("ok") == 60
