from __future__ import annotations

import pytest

from kplay.errors import InputError


def test_of_handlers_of_one_name_the_first_of_its_section_runs(walk):
    walked = walk("""
        - hosts: a
          gather_facts: false
          tasks: [{set_fact: {x: 1}, changed_when: true, notify: [x, "by a"]}]
          handlers:
            - {name: x, debug: {msg: first}}
            - {name: x, debug: {msg: second}}
            - {name: listener, debug: {msg: third}, listen: x}
            - {name: "by {{ inventory_hostname }}", debug: {msg: fourth}}
            - {name: "by {{ nowhere }}", debug: {msg: never}}
    """)
    assert [task for _, task, _ in walked.ended()] == ["set_fact", "x", "listener", "by a"]
    assert walked.result("x", "a")["msg"] == "first"


def test_what_a_notified_include_brings_runs(walk):
    walked = walk(
        """
        - hosts: a
          gather_facts: false
          tasks: [{set_fact: {x: 1}, changed_when: true, notify: more}]
          handlers: [{name: more, include_tasks: more.yml}]
        """,
        files={"more.yml": "- {name: brought, debug: {msg: x}}"},
    )
    assert ("a", "brought", "ok") in walked.ended()


def test_a_name_that_nothing_hears_is_refused_in_the_run(walk):
    with pytest.raises(InputError) as caught:
        walk("""
            - hosts: a
              gather_facts: false
              tasks: [{set_fact: {x: 1}, changed_when: true, notify: "{{ 'handled' }}"}]
              handlers: [{name: handler, debug: {msg: x}}]
        """)
    (fault,) = caught.value.diagnostics
    assert fault.code == "unknown-handler"
    assert fault.help == ("did you mean `handler`?",)
