"""A host that cannot be reached, where a task says that this does not matter."""

from __future__ import annotations


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
