from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.resolve.faults import TemplateError
from kplay.source import load_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

VARIABLES = 'plain: "a b"\nno_text: "no"\nempty: ""\nitems_: []\nnull_: null\ntext: "1\\n2"\n'

CASES = [
    (True, True),
    (False, False),
    (1, True),
    (0, False),
    ("", True),
    (None, False),
    ([], True),
    ("plain == 'a b'", True),
    ("plain", True),
    ("empty", False),
    ("items_", False),
    ("null_", False),
    ("[1]", True),
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


@pytest.mark.parametrize(("condition", "value"), CASES)
def test_holds(scope_of: Callable[..., Scope], condition: Any, value: Any) -> None:
    assert scope_of(VARIABLES).evaluate(condition) is value


def test_a_text_that_reads_as_false_is_refused(scope_of: Callable[..., Scope]) -> None:
    with pytest.raises(TemplateError) as caught:
        scope_of(VARIABLES).evaluate("no_text")
    assert caught.value.code == "condition-not-boolean"
    assert caught.value.diagnostic.help == ("add `| bool` to read the text as a boolean",)


def test_a_fault_points_at_its_item(scope_of: Callable[..., Scope]) -> None:
    when = load_text("when:\n  - plain is defined\n  - absent == 1\n", "tasks.yml").root
    with pytest.raises(TemplateError) as caught:
        scope_of(VARIABLES).evaluate(when.child("when"))
    assert str(caught.value.diagnostic.span) == "tasks.yml:3:5"
    assert caught.value.diagnostic.message == "`absent` is undefined"
