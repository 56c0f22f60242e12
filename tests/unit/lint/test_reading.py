from __future__ import annotations

import pytest

from kplay.lint.reading import read


def reads(text: str, *, bare: bool = False) -> dict[str, bool]:
    return {use.name: use.certain for use in read(text, bare=bare).uses}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no template", {}),
        ("{{ a }} {{ b.c }}", {"a": True, "b": True}),
        ("{{ a | default(b) }}", {"b": False}),
        ("{{ a.b['c'].d | default('') }}", {}),
        ("{{ a[b] | default('') }}", {"b": False}),
        ("{{ (a | from_json).b | default('') }}", {}),
        ("{{ a if b else c }}", {"a": False, "b": True, "c": False}),
        ("{{ a and b }}", {"a": True, "b": False}),
        ("{{ a is defined and a }}", {}),
        ("{{ b if a is defined else c }}", {"b": False, "c": False}),
        ("{{ 'a' in vars and a }}", {"vars": True}),
        ("{{ a | combine(b) }}", {"a": True, "b": True}),
        ("{{ a | ternary(b, c) }}", {"a": True, "b": False, "c": False}),
        ("{{ a | ansible.builtin.default('x') }}", {}),
        ("{% for a in b %}{{ a.c }}{{ d }}{{ loop.index }}{% endfor %}", {"b": True, "d": False}),
        ("{% set a = b %}{{ a }}", {"b": True}),
        ("{% if a %}{{ b }}{% elif c %}{% endif %}", {"a": True, "b": False, "c": False}),
        ("{% macro m(a) %}{{ a }}{{ b }}{% endmacro %}{{ m(c) }}", {"b": False, "c": True}),
        ("{{ lookup('file', a) }} {{ range(3) }} {{ true }} {{ omit }}", {"a": True}),
        ("{{ lookup('vars', 'x', default=a) }}", {"a": False}),
        ("{% raw %}{{ a }}{% endraw %}", {}),
        ("{# {{ a }} #}", {}),
    ],
)
def test_what_a_text_reads(text: str, expected: dict[str, bool]) -> None:
    assert reads(text) == expected


def test_expressions_have_no_braces() -> None:
    assert reads("a == 'b' and c", bare=True) == {"a": True, "c": False}
    assert reads("{{ a }}", bare=True) == {"a": True}
    assert reads("no", bare=True) == {}


def test_what_is_asked_about() -> None:
    assert {"a", "b"} <= read("a is defined and b.c is not defined", bare=True).tested
    assert "key" in read("'key' in vars", bare=True).tested


def test_lines_count_from_one() -> None:
    assert [use.line for use in read("one\n{{ a }}\n{{ b }}").uses] == [2, 3]


def test_what_jinja_cannot_read_is_a_fault_with_its_line() -> None:
    found = read("a\n{% if b %}\n")
    assert "endif" in found.fault
    assert found.line == 2
    assert not found.uses


def test_a_file_may_have_delimiters_of_its_own() -> None:
    own = (("variable_start_string", "[%"), ("variable_end_string", "%]"))
    assert [use.name for use in read("{{ a }} [% b %]", delimiters=own).uses] == ["b"]
