from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.vars_merge import merged
from kplay.resolve.unknown import Unknown
from kplay.source import Document, Sourced, Span

if TYPE_CHECKING:
    from collections.abc import Mapping


class Known:
    """Stands in for a scope: what is defined, and templates that only name a variable."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table

    def written(self, name: str) -> Any:
        return self.table.get(name)

    def with_extra(self, extra: Mapping[str, Any]) -> Known:
        return Known({**self.table, **extra})

    def template(self, value: Any) -> Any:
        given = value.value if isinstance(value, Sourced) else value
        if isinstance(given, dict):
            return {key: self.template(one) for key, one in given.items()}
        return self.table[given[3:-3]].value if str(given).startswith("{{ ") else given


def written(data: Any, file: str = "one.yml", line: int = 1) -> Sourced:
    spans = {(key,): Span(file, line, 1, line, 2) for key in data} if isinstance(data, dict) else {}
    return Document(file, "", data, spans).root


def test_mappings_that_the_user_wrote_keep_their_places():
    scope: Any = Known({"x": written({"a": "{{ t }}", "l": [1]}, "play.yml", 3)})
    new = written({"b": 2, "l": [2]}, "two.yml", 7)
    found = merged(scope, {"x": new})["x"]
    assert found.value == {"a": "{{ t }}", "l": [2], "b": 2}
    assert (found.child("a").span.file, found.child("a").span.line) == ("play.yml", 3)
    assert found.child("l").span.file == "two.yml"


@pytest.mark.parametrize(
    ("below", "above", "value"),
    [
        (None, {"a": 1}, {"a": 1}),
        ("text", {"a": 1}, {"a": 1}),
        ("{{ other }}", {"a": 1}, {"a": 1}),
        ({"a": 1}, "text", "text"),
        ({"a": 1}, [1], [1]),
    ],
)
def test_other_values_are_replaced(below: Any, above: Any, value: Any):
    scope: Any = Known({} if below is None else {"x": written(below)})
    assert merged(scope, {"x": written(above)})["x"].value == value


def test_what_a_run_made_gives_final_values():
    scope: Any = Known({"x": {"a": "{{ not a template }}"}, "number": 5})
    new = {"x": written({"b": "{{ own }}"}), "own": written("mine"), "number": written({"a": 1})}
    found = merged(scope, new)
    assert found["x"] == {"a": "{{ not a template }}", "b": "mine"}
    assert found["number"] is new["number"]


def test_what_is_not_known_yet_stays_so():
    scope: Any = Known({"x": Unknown("`make` on a")})
    found = merged(scope, {"x": written({"a": 1})})
    assert found["x"].causes == ("`make` on a",)
