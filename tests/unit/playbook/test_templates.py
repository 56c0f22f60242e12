"""Templates are parsed before anything runs."""

from collections.abc import Callable

import pytest

from kplay.playbook.model import Playbook
from kplay.playbook.templates import check_nodes, check_templates


@pytest.mark.parametrize(
    "task",
    [
        "{debug: {msg: '{{ a | default(1) }}'}, when: a is defined}",
        "{debug: {msg: !unsafe '{{ a }'}}",
        "{debug: {msg: '{% for x in y %}{{ x }}{% endfor %}'}}",
        "{debug: {msg: plain}, when: [a, true], until: '{{ x }}'}",
        "{assert: {that: [a == b, 'c']}}",
    ],
)
def test_sound_templates(loaded: Callable[..., Playbook], task: str) -> None:
    assert check_templates(loaded(f"- hosts: all\n  tasks: [{task}]\n")) == []


@pytest.mark.parametrize(
    ("task", "line", "column"),
    [
        ("debug: {msg: '{{ a'}", 3, 20),
        ("debug:\n        msg: '{{ a b }}'", 4, 14),
        ("shell: |\n        one\n        {{ a b }}\n        two", 5, 9),
        ("shell: |-\n        one\n        two {% if %}", 5, 9),
        ("ping:\n      when: a ==", 4, 13),
        ("ping:\n      vars:\n        x: ['{{ y']", 5, 13),
        ("ping:\n      loop: '{{ y'", 4, 13),
        ("ping:\n      environment: {A: '{{ y'}", 4, 24),
    ],
)
def test_faults_and_their_places(
    loaded: Callable[..., Playbook], task: str, line: int, column: int
) -> None:
    faults = check_templates(loaded(f"- hosts: all\n  tasks:\n    - {task}\n"))
    assert [(one.code, one.span.line, one.span.column) for one in faults] == [
        ("bad-template", line, column)
    ]


def test_roles_handlers_and_included_nodes(loaded: Callable[..., Playbook]) -> None:
    playbook = loaded(
        "- hosts: '{{ h'\n  vars: {v: '{{ w'}\n  roles: [{role: one, p: '{{ q'}]\n"
        "  handlers: [{name: '{{ n', ping: }]\n",
        {"roles/one/defaults/main.yml": "d: '{{ e'\n", "roles/one/tasks/main.yml": "- ping:\n"},
    )
    assert len(check_templates(playbook)) == 5
    assert len(check_nodes(list(playbook.plays[0].roles))) == 2


def test_filters_and_tests_that_nobody_knows(loaded: Callable[..., Playbook]) -> None:
    playbook = loaded(
        "- hosts: all\n  tasks:\n    - ping:\n      when: a | lenght > 1 and b is defind\n"
    )
    faults = check_templates(playbook, filters={"length"}, tests={"defined"})
    assert [(one.code, one.help) for one in faults] == [
        ("unknown-filter", ("did you mean `length`?",)),
        ("unknown-test", ("did you mean `defined`?",)),
    ]
