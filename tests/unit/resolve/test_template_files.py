from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.resolve.faults import TemplateError
from kplay.resolve.template_files import render_template_text
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

VARIABLES = "l: [3, 1]\nx: a b\nbad: '{{ absent }}'\n"


def test_settings_are_those_of_ansible(scope_of: Callable[..., Scope]) -> None:
    text = (
        "# {{ ansible_managed }}\n{% for i in l %}\n  {% if i > 1 %}\nv={{ i }}\n  {% endif %}\n"
        "{% endfor %}\n{{ x | regex_replace('(a)', '\\\\1\\\\1') }} {{ none }} {{ l }}\nend\n"
    )
    assert render_template_text(text, scope_of(VARIABLES), "t.j2") == (
        "# Ansible managed\n  v=3\n    aa b  [3, 1]\nend\n"
    )
    header = "#jinja2: lstrip_blocks: True\n"
    given = render_template_text(header + text, scope_of(VARIABLES), "t.j2")
    assert given == "# Ansible managed\nv=3\naa b  [3, 1]\nend\n"


def test_options_of_the_module(scope_of: Callable[..., Scope]) -> None:
    scope = scope_of(VARIABLES)
    given = {"variable_start_string": "[%", "variable_end_string": "%]", "unrelated": 1}
    assert render_template_text("[% x %] {{ y }}", scope, "t.j2", options=given) == "a b {{ y }}"
    crlf = {"newline_sequence": "\\r\\n"}
    assert render_template_text("{{ x }}\nb\n", scope, "t.j2", options=crlf) == "a b\r\nb\r\n"


@pytest.mark.parametrize("text", ["{{ l }}", "{{ 5 }}", "", "{{ none }}", "{{ true }}"])
def test_gives_text(scope_of: Callable[..., Scope], text: str) -> None:
    assert isinstance(render_template_text(text, scope_of(VARIABLES), "t.j2"), str)


def test_includes_and_imports_are_found_beside_it(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    (tmp_path / "part.j2").write_text("part {{ x }} {{ y }}\n")
    (tmp_path / "macros.j2").write_text("{% macro m(n) %}<{{ n }}>{% endmacro %}\n")
    text = (
        "{% import 'macros.j2' as macros %}{% set y = 1 %}{% include 'part.j2' %}{{ macros.m(2) }}"
    )
    given = render_template_text(text, scope_of(VARIABLES), str(tmp_path / "t.j2"))
    assert given == "part a b 1<2>"


FAULTS = [
    ("a\n{{ nope }}\n", "undefined-variable", "t.j2:2:1"),
    ("a\n{% for x in l %}\n{{ x.y }}\n{% endfor %}", "undefined-variable", "t.j2:3:1"),
    ("a\n\n{% if %}\n", "template-syntax", "t.j2:3:1"),
    ("#jinja2: trim_blocks: False\na\n{{ nope }}\n", "undefined-variable", "t.j2:3:1"),
    ("#jinja2: trim: False\n", "template-header", "t.j2:1:1"),
    ("{{ 1 / 0 }}", "template-error", "t.j2:1:1"),
    ("\n{% include 'nope.j2' %}", "missing-file", "t.j2:2:1"),
]


@pytest.mark.parametrize(("text", "code", "place"), FAULTS)
def test_faults_point_at_the_line(
    scope_of: Callable[..., Scope], text: str, code: str, place: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        render_template_text(text, scope_of(VARIABLES), "t.j2")
    assert caught.value.code == code
    assert str(caught.value.diagnostic.span) == place


def test_a_fault_in_a_variable_says_where_it_is_used(scope_of: Callable[..., Scope]) -> None:
    with pytest.raises(TemplateError) as caught:
        render_template_text("a\n{{ bad }}\n", scope_of(VARIABLES), "t.j2")
    assert str(caught.value.diagnostic.span) == "play.yml:3:6"
    assert caught.value.diagnostic.notes[-1] == "reached through `t.j2` at t.j2:2:1"


def test_a_fault_in_an_included_file_points_there(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    (tmp_path / "part.j2").write_text("\n\n{{ nope }}\n")
    with pytest.raises(TemplateError) as caught:
        render_template_text("{% include 'part.j2' %}", scope_of(), str(tmp_path / "t.j2"))
    assert str(caught.value.diagnostic.span) == f"{tmp_path}/part.j2:3:4"


def test_an_unknown_makes_the_whole_text_unknown(
    scope_of: Callable[..., Scope], store: VariableStore
) -> None:
    store.register("web1", "u", Unknown("step 1"))
    value = render_template_text("a {{ u }}", scope_of(), "t.j2")
    assert isinstance(value, Unknown)
    assert value.causes == ("step 1",)
