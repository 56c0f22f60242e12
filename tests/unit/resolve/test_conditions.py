from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.resolve.faults import TemplateError
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

VARIABLES = 'plain: "a b"\nno_text: "no"\nempty: ""\nitems_: []\nnull_: null\ntext: "1\\n2"\n'

CASES = [
    (True, True),
    (False, False),
    (None, True),
    ([], True),
    ("plain == 'a b'", True),
    ("not items_", True),
    ("{{ plain == 'a b' }}", True),
    ("'{{ plain }}' == 'a b'", True),
    ("no_text | bool", False),
    (r"plain is match('^\w+\s\w+$')", True),
    (r"text.split('\n') | length == 2", True),
    (["plain is defined", "absent is not defined"], True),
    (["plain is defined", "false", "absent"], False),
    ("absent | default(false)", False),
]
NO_BOOLEANS = [
    (1, "an integer", True),
    (0, "an integer", False),
    ("", "a text", False),
    ("plain", "a text", True),
    ("empty", "a text", False),
    ("no_text", "a text", True),
    ("items_", "a list", False),
    ("[1]", "a list", True),
    ("null_", "none", False),
    ("plain is defined and items_", "a list", False),
    (["plain is defined", "items_"], "a list", False),
]


@pytest.mark.parametrize(("condition", "value"), CASES)
def test_holds(scope_of: Callable[..., Scope], condition: Any, value: Any) -> None:
    assert scope_of(VARIABLES).evaluate(condition) is value


@pytest.mark.parametrize(("condition", "kind", "truth"), NO_BOOLEANS)
def test_other_values_are_refused_or_read_as_earlier_versions_did(
    scope_of: Callable[..., Scope], condition: Any, kind: str, truth: Any
) -> None:
    scope = scope_of(VARIABLES)
    with pytest.raises(TemplateError, match=f"the condition gives {kind}, not true") as caught:
        scope.evaluate(condition)
    assert caught.value.code == "condition-not-boolean"
    assert "allow_broken_conditionals" in caught.value.diagnostic.help[-1]
    scope.store.lenient_conditions = True
    assert scope.evaluate(condition) is truth


def test_a_fault_points_at_its_item(scope_of: Callable[..., Scope]) -> None:
    when = load_text("when:\n  - plain is defined\n  - absent == 1\n", "tasks.yml").root
    with pytest.raises(TemplateError) as caught:
        scope_of(VARIABLES).evaluate(when.child("when"))
    assert str(caught.value.diagnostic.span) == "tasks.yml:3:5"
    assert caught.value.diagnostic.message == "`absent` is undefined"
