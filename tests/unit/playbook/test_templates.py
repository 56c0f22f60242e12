"""Templates are parsed before anything runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kplay.errors import InputError
from kplay.playbook.load import Loader
from kplay.playbook.model import Playbook


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
    assert loaded(f"- hosts: all\n  tasks: [{task}]\n").plays


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
    with pytest.raises(InputError) as caught:
        loaded(f"- hosts: all\n  tasks:\n    - {task}\n")
    assert [(one.code, one.span.line, one.span.column) for one in caught.value.diagnostics] == [
        ("bad-template", line, column)
    ]


def test_variables_handlers_and_hosts_are_read_too(codes: Callable[..., list[str]]) -> None:
    found = codes(
        "- hosts: '{{ h'\n  vars: {v: '{{ w'}\n  roles: [{role: one, p: '{{ q'}]\n"
        "  handlers: [{name: '{{ n', ping: }]\n",
        {"roles/one/defaults/main.yml": "d: '{{ e'\n", "roles/one/tasks/main.yml": "- ping:\n"},
    )
    assert found == ["bad-template"] * 5


def test_what_an_include_brings_in(loaded: Callable[..., Playbook], tmp_path: Path) -> None:
    loaded("- hosts: all\n")
    (tmp_path / "more.yml").write_text("- debug: {msg: '{{ a'}\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a valid template"):
        Loader().load_tasks(Path("more.yml"), None, None)


def test_filters_and_tests_that_nobody_knows(loaded: Callable[..., Playbook]) -> None:
    text = "- hosts: all\n  tasks:\n    - ping:\n      when: a | lenght > 1 and b is defind\n"
    assert loaded(text)
    with pytest.raises(InputError) as caught:
        loaded(text, filters={"length"}, tests={"defined"})
    assert [(one.code, one.help) for one in caught.value.diagnostics] == [
        ("unknown-filter", ("did you mean `length`?",)),
        ("unknown-test", ("did you mean `defined`?",)),
    ]
