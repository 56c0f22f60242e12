from __future__ import annotations

from typing import Any

import pytest

from kplay.resolve.argument_specs import check, secrets

NESTED = {
    "type": "dict",
    "options": {
        "a": {"type": "int"},
        "b": {},
        "c": {"default": "x"},
        "d": {"type": "list", "elements": "dict", "options": {"e": {"required": True}}},
    },
}


def nested(**rules: Any) -> dict[str, Any]:
    return {"n": {**NESTED, **rules}}


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ({}, {}),
        ({"a": {"required": True}}, {"a": 1}),
        ({"a": {"type": "int"}}, {"a": "7"}),
        ({"a": {"type": "int"}}, {"a": None}),
        ({"a": {"type": "bool"}}, {"a": "no"}),
        ({"a": {"type": "float"}}, {"a": "1.5"}),
        ({"a": {"type": "list", "elements": "int"}}, {"a": "1,2"}),
        ({"a": {"type": "list", "choices": [1, 2]}}, {"a": [1]}),
        ({"a": {"type": "dict"}}, {"a": "x=1,y=2"}),
        ({"a": {"type": "bytes"}}, {"a": "1K"}),
        ({"a": {"type": "json"}}, {"a": {"b": 1}}),
        ({"a": {"type": "raw", "choices": ["b"]}}, {"a": "b"}),
        ({"a": {"aliases": ["b"], "required": True}}, {"b": "x"}),
        (nested(), {"n": {"a": 1, "d": [{"e": 1}]}}),
        (nested(required_together=[["a", "b"]]), {"n": {"a": 1, "b": 2}}),
        (nested(mutually_exclusive=["a", "b"]), {"n": {"a": 1}}),
        (nested(required_if=[["c", "y", ["a"]]]), {"n": {}}),
        (nested(required_if=[["c", "x", ["a", "b"], True]]), {"n": {"b": 1}}),
    ],
)
def test_what_fits(spec: dict[str, Any], values: dict[str, Any]) -> None:
    assert check(spec, values) == []


@pytest.mark.parametrize(
    ("spec", "values", "message", "path"),
    [
        ({"a": {"required": True}}, {}, "missing required arguments: a", ("a",)),
        ({"a": {}}, {"b": 1}, "b. Supported parameters include: a.", ("b",)),
        ({"a": {"type": "int"}}, {"a": "x"}, "of type str and we were unable to convert to int",
         ("a",)),
        ({"a": {"type": "bool"}}, {"a": [1]}, "of type list and we were unable", ("a",)),
        ({"a": {"type": "what"}}, {"a": 1}, "there is no type `what`", ("a",)),
        ({"a": {"type": "bytes"}}, {"a": "much"}, "unable to convert to bytes", ("a",)),
        ({"a": {"type": "list", "elements": "int"}}, {"a": [1, "x"]},
         "Elements value for option 'a' is of type str", ("a",)),
        ({"a": {"choices": ["x", "y"]}}, {"a": "z"}, "value of a must be one of: x, y, got: z",
         ("a",)),
        ({"a": {"type": "list", "choices": [1]}}, {"a": [1, 2]},
         "must be one or more of: 1. Got no match for: 2", ("a",)),
        (nested(), {"n": {"d": [{}]}}, "missing required arguments: e found in n -> d",
         ("n", "d", "e")),
        (nested(), {"n": {"z": 1}}, "n.z. Supported parameters include: a, b, c, d.", ("n", "z")),
        (nested(required_together=[["a", "b"]]), {"n": {"a": 1}},
         "parameters are required together: a, b found in n", ("n",)),
        (nested(mutually_exclusive=["a", "b"]), {"n": {"a": 1, "b": 1}},
         "parameters are mutually exclusive: a|b found in n", ("n",)),
        (nested(required_one_of=[["a", "b"]]), {"n": {"c": 1}},
         "one of the following is required: a, b found in n", ("n",)),
        (nested(required_if=[["c", "x", ["a", "b"]]]), {"n": {"a": 1}},
         "c is x but all of the following are missing: b found in n", ("n",)),
        (nested(required_if=[["c", "x", ["a", "b"], True]]), {"n": {}},
         "c is x but any of the following are missing: a, b found in n", ("n",)),
        (nested(required_by={"a": "b"}), {"n": {"a": 1}},
         "missing parameter(s) required by 'a': b found in n", ("n",)),
    ],
)  # fmt: skip
def test_what_does_not(
    spec: dict[str, Any], values: dict[str, Any], message: str, path: tuple[str, ...]
) -> None:
    (found,) = check(spec, values)
    assert message in found.message
    assert found.path == path


def test_every_fault_is_told() -> None:
    spec = {"a": {"type": "int"}, "b": {"required": True}, "c": {"choices": [1]}}
    assert len(check(spec, {"a": "x", "c": 2, "d": 3})) == 4


def test_values_that_are_not_to_be_logged() -> None:
    spec = {
        "a": {"no_log": True},
        "b": {},
        "n": {"type": "list", "options": {"pin": {"no_log": "yes"}}},
    }
    assert set(secrets(spec, {"a": "x", "b": "y", "n": [{"pin": 12}, 3]})) == {"x", "12"}
