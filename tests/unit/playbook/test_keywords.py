"""The keyword table."""

import pytest

from kplay.playbook import keywords
from kplay.playbook.values import holds_template, is_template, names_in
from kplay.source import UnsafeText


def test_every_keyword_stands_once_at_a_level() -> None:
    for level in ("play", "role", "block", "task", "handler", "include", "import"):
        names = [word.name for word in keywords.TABLE if level in word.levels]
        assert len(names) == len(set(names)), level


def test_what_a_handler_has_a_task_has_too() -> None:
    assert set(keywords.supported("handler")) - set(keywords.supported("task")) == {"listen"}
    assert set(keywords.supported("task")) - set(keywords.supported("handler")) == {"needs"}


def test_refused_keywords_say_why_and_are_not_suggested() -> None:
    refused = [word for word in keywords.TABLE if word.refused]
    assert {"debugger"} <= {word.name for word in refused}
    assert "debugger" not in keywords.supported("task")


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("{{ a }}", True), ("{% if %}", True), ("{# x #}", True), ("a", False), (5, False),
     (UnsafeText("{{ a }}"), False)],
)  # fmt: skip
def test_what_a_template_is(value: object, is_one: bool) -> None:
    assert is_template(value) is is_one
    assert holds_template([{"a": value}]) is is_one


def test_names_as_tags_are_written() -> None:
    assert names_in("a, b") == ["a", "b"]
    assert names_in(["a,b", "c"]) == ["a", "b", "c"]
    assert names_in(None) == []
