"""What templates give; the values were seen from ansible-core 2.19."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.diagnostics import render
from kplay.resolve.faults import TemplateError
from kplay.resolve.missing import OMIT
from kplay.source import UnsafeText, made_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

VARIABLES = """
nested: {a: "{{ absent }}", b: 2, c: "{{ 1 + 1 }}"}
via: "{{ absent }}"
list: ["{{ absent }}", 5]
plain: hello
omitted: "{{ omit }}"
text: "one\\ntwo"
loop_a: "{{ loop_b }}"
loop_b: "{{ loop_a }}"
deep: {x: [{y: "{{ plain }} world"}]}
unsafe: !unsafe "{{ never }}"
number: 3
"""

NAMESPACE = (
    "{% set ns = namespace(x=0) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}"
    "{% endfor %}{{ ns.x }}"
)

CASES = [
    ("no marks", "no marks"),
    ("{{ number }}", 3),
    ("{{ number }}{{ number }}", "33"),
    ("n={{ number }}", "n=3"),
    ("{{ [1, 2] }}\n", [1, 2]),
    ("{{ plain }}\n\n", "hello\n\n"),
    (" {{ [1, 2] }}", " [1, 2]"),
    ("{% if false %}x{% endif %}", None),
    ("{% if true %}{{ [1, 2] }}{% endif %}", [1, 2]),
    ("{% for i in [7] %}{{ i }}{% endfor %}", 7),
    ("{% for i in [1, 2] %}{{ i }}{% endfor %}", "12"),
    ("{% macro m() %}{{ 5 }}{% endmacro %}{{ m() }}", 5),
    ("x{{ none }}y", "xy"),
    ("x{{ omit }}y", "xy"),
    ("{{ none }}", None),
    ("{{ (1, 2) }}", [1, 2]),
    ("{{ nested.keys() }}", ["a", "b", "c"]),
    ("{{ {'a': 1}.items() }}", [["a", 1]]),
    ("{{ deep }}", {"x": [{"y": "hello world"}]}),
    ("{{ deep.x[0]['y'] | upper }}", "HELLO WORLD"),
    ("{{ nested.b }} {{ nested.a | default('d') }}", "2 d"),
    ("{{ via | default('v') }} {{ list[1] }} {{ list[0] | default('l') }}", "v 5 l"),
    ("{{ nested is defined }} {{ via is defined }} {{ nested.a is defined }}", "True False False"),
    ("{{ absent.a.b | default('c') }} {{ plain.q.r | default('e') }}", "c e"),
    ("{{ 'a' if absent is defined else 'b' }}", "b"),
    ("{{ 'x' | default(absent) }}", "x"),
    ("{{ 1 | ternary('a', absent) }}", "a"),
    ("{{ unsafe }}", "{{ never }}"),
    ("{{ unsafe | lower }}", "{{ never }}"),
    ("{{ '{{ x }}' }}", "{{ x }}"),
    ("{{ 'k' | regex_replace('(k)', '\\1\\1') }}", "kk"),
    ("{{ text.split('\n') }}", ["one", "two"]),
    ("{{ text.split('\\n') }}", ["one\ntwo"]),
    ({"x": "{{ omit }}", "y": "{{ omitted }}", "z": 1}, {"z": 1}),
    (["a", "{{ omitted }}"], ["a"]),
    ({"{{ plain }}": 1}, {"hello": 1}),
    ({"a": ["{{ number }}", True, None]}, {"a": [3, True, None]}),
    (NAMESPACE, 3),
    ("{{ vars.plain }} {{ vars['plain'] }}", "hello hello"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), CASES)
def test_gives(scope_of: Callable[..., Scope], written: Any, value: Any) -> None:
    assert scope_of(VARIABLES).template(written) == value


def test_omit_stands_alone(scope_of: Callable[..., Scope]) -> None:
    assert scope_of(VARIABLES).template("{{ omitted }}") is OMIT


def test_results_are_never_templates(scope_of: Callable[..., Scope], store: VariableStore) -> None:
    store.set_facts("web1", {"fact": "{{ plain }}"})
    assert scope_of(VARIABLES).template("{{ fact }}") == "{{ plain }}"
    assert scope_of(VARIABLES).template(UnsafeText("{{ plain }}")) == "{{ plain }}"


def test_changing_a_variable_in_a_template_changes_no_other(scope_of: Callable[..., Scope]) -> None:
    variables = "base: {a: [1]}"
    scope = scope_of(variables)
    assert scope.template("{{ base.update({'b': 2}) }}{{ base }}") == "{'a': [1], 'b': 2}"
    assert scope_of(variables).template("{{ base }}") == {"a": [1]}


FAULTS = [
    ("{{ plian }}", "undefined-variable", "`plian` is undefined"),
    ("{{ nested }}", "undefined-variable", "`absent` is undefined"),
    ("{{ plain.zz }}", "undefined-variable", "a value of type `str` has no attribute `zz`"),
    ("{{ nested.d }}", "undefined-variable", "a mapping has no key `d`"),
    ("{{ [1][4] }}", "undefined-variable", "a list of 1 has no element `4`"),
    ("{{ absent | mandatory('set it') }}", "undefined-variable", "set it"),
    ("{{ undef(hint='set it') }}", "undefined-variable", "set it"),
    (
        "{{ loop_a }}",
        "recursive-variable",
        "a variable needs itself: loop_a -> loop_b -> loop_a",
    ),
    (
        "{{ loop_a | default(1) }}",
        "recursive-variable",
        "a variable needs itself: loop_a -> loop_b -> loop_a",
    ),
    ("{{ x", "template-syntax", "unexpected end of template, expected 'end of print statement'"),
    ("{{ 1 | defualt }}", "unknown-filter", "no filter named `defualt`"),
    ("{{ 1 is defind }}", "unknown-test", "no test named `defind`"),
    ("{{ 1 / 0 }}", "template-error", "division by zero"),
    ("{{ 5 | combine({}) }}", "filter-failed", None),
    ("{{ 'x' is failed }}", "test-failed", None),
    ("{{ lookup('fiel', 'x') }}", "unknown-lookup", "no lookup named `fiel`"),
    ("{{ lookup('url', 'x') }}", "lookup-failed", None),
]


@pytest.mark.parametrize(("written", "code", "message"), FAULTS)
def test_faults(
    scope_of: Callable[..., Scope], written: Any, code: str, message: str | None
) -> None:
    with pytest.raises(TemplateError) as caught:
        scope_of(VARIABLES).template(written)
    assert caught.value.code == code
    assert message is None or caught.value.diagnostic.message == message


def test_an_undefined_name_is_shown_where_it_is_written(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    scope = scope_of("a: '{{ b }}'\nb: '{{ plian }}'\nplain: 1\n")
    with pytest.raises(TemplateError) as caught:
        scope.template(made_up("{{ a }}", "tasks.yml"))
    texts = {"play.yml": "a: '{{ b }}'\nb: '{{ plian }}'\nplain: 1\n"}
    assert render(caught.value.diagnostic, texts) == (
        "error[undefined-variable]: `plian` is undefined\n"
        " --> play.yml:2:4\n"
        "  |\n"
        "2 | b: '{{ plian }}'\n"
        "  |    ^^^^^^^^^^^^^\n"
        "  |\n"
        "  = note: in the value of `b`\n"
        "  = note: reached through `a` at play.yml:1:4\n"
        "  = help: did you mean `plain`?"
    )


def test_a_recursion_names_its_places(scope_of: Callable[..., Scope]) -> None:
    with pytest.raises(TemplateError) as caught:
        scope_of(VARIABLES).template("{{ loop_a }}")
    notes = " ".join(caught.value.diagnostic.notes)
    assert caught.value.diagnostic.span.line == 8
    assert "`loop_b` at play.yml:9:9" in notes
