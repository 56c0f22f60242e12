from __future__ import annotations

from typing import Any

import pytest

from kplay.modules import schema
from kplay.modules.api import Arg, Module

MODULE = Module(
    "thing",
    args={
        "name": Arg(required=True, aliases=("title",)),
        "state": Arg(default="present", choices=("present", "absent")),
        "flag": Arg("bool", default=False),
        "count": Arg("int"),
        "ratio": Arg("float"),
        "items": Arg("list", elements="str"),
        "numbers": Arg("list", elements="int"),
        "kinds": Arg("list", elements="str", choices=("a", "b")),
        "table": Arg("dict"),
        "mode": Arg("mode", choices=("preserve",)),
        "body": Arg("content"),
        "any": Arg("raw"),
        "dest": Arg("path"),
        "dests": Arg("list", elements="path"),
        "secret": Arg("int", secret=True),
        "one": Arg(),
        "other": Arg(),
    },
    observe=lambda probe, args: {},
    desire=lambda args, found: {},
    kind="read",
    exclusive_args=(("one", "other"),),
)

CONVERTED = [
    ({"name": 5}, "name", "5"),
    ({"name": True}, "name", "True"),
    ({"title": "x"}, "name", "x"),
    ({}, "state", "present"),
    ({}, "flag", False),
    ({}, "count", None),
    ({"flag": "yes"}, "flag", True),
    ({"flag": "Off"}, "flag", False),
    ({"flag": 1}, "flag", True),
    ({"flag": "1"}, "flag", True),
    ({"flag": 0}, "flag", False),
    ({"count": "42"}, "count", 42),
    ({"count": " -7 "}, "count", -7),
    ({"count": 3.0}, "count", 3),
    ({"ratio": "1.5"}, "ratio", 1.5),
    ({"ratio": 2}, "ratio", 2.0),
    ({"items": "a,b"}, "items", ["a", "b"]),
    ({"items": "a"}, "items", ["a"]),
    ({"items": 5}, "items", ["5"]),
    ({"items": [1, "b"]}, "items", ["1", "b"]),
    ({"items": []}, "items", []),
    ({"numbers": "1,2"}, "numbers", [1, 2]),
    ({"table": {"a": 1}}, "table", {"a": 1}),
    ({"table": '{"a": 1}'}, "table", {"a": 1}),
    ({"table": "a=1, b=2"}, "table", {"a": "1", "b": "2"}),
    ({"mode": 0o644}, "mode", "0644"),
    ({"mode": "0644"}, "mode", "0644"),
    ({"mode": "644"}, "mode", "644"),
    ({"mode": "u=rw,g=r,o="}, "mode", "u=rw,g=r,o="),
    ({"mode": "u+rwX,go-w"}, "mode", "u+rwX,go-w"),
    ({"mode": "g=u"}, "mode", "g=u"),
    ({"mode": "+x"}, "mode", "+x"),
    ({"mode": "preserve"}, "mode", "preserve"),
    ({"body": {"a": [1]}}, "body", '{"a": [1]}'),
    ({"body": {"$blob": "x", "size": 1}}, "body", {"$blob": "x", "size": 1}),
    ({"body": 5}, "body", "5"),
    ({"any": {"x": 1}}, "any", {"x": 1}),
    ({"dest": "~/x"}, "dest", "/root/x"),
    ({"dests": "~/x,/y"}, "dests", ["/root/x", "/y"]),
    ({"one": None, "other": "x"}, "other", "x"),
]


def expand(path: str) -> str:
    return path.replace("~", "/root")


@pytest.mark.parametrize(("raw", "name", "value"), CONVERTED, ids=str)
def test_conversion(raw: dict[str, Any], name: str, value: object) -> None:
    given = raw if "title" in raw else {"name": "n", **raw}
    args, faults = schema.normalise(MODULE, given, expand=expand)
    assert not faults
    assert args[name] == value
    assert type(args[name]) is type(value)
    assert set(args) == set(MODULE.args)


FAULTS = [
    ({}, "", "`thing` needs the argument `name`", ()),
    ({"name": "n", "stat": 1}, "stat", "`thing` has no argument `stat`", ("state",)),
    (
        {"name": "n", "state": "presnt"},
        "state",
        "`state` of `thing` must be one of `present`, `absent`, not `presnt`",
        ("present",),
    ),
    ({"name": "n", "flag": "x"}, "flag", "`flag` of `thing` wants true or false, not `x`", ()),
    ({"name": "n", "count": "x"}, "count", "`count` of `thing` wants a whole number, not `x`", ()),
    (
        {"name": "n", "count": 1.5},
        "count",
        "`count` of `thing` wants a whole number, not `1.5`",
        (),
    ),
    ({"name": {}}, "name", "`name` of `thing` wants text, not a mapping", ()),
    ({"name": "n", "items": {}}, "items", "`items` of `thing` wants a list, not a mapping", ()),
    ({"name": "n", "table": [1]}, "table", "`table` of `thing` wants a mapping, not a list", ()),
    ({"name": "n", "table": "x"}, "table", "`table` of `thing` wants a mapping, not `x`", ()),
    (
        {"name": "n", "mode": "rwx"},
        "mode",
        "`mode` of `thing` wants a file mode such as '0644' or 'u=rw,g=r', not `rwx`",
        (),
    ),
    ({"name": "n", "mode": "0888"}, "mode", None, ()),
    ({"name": "n", "secret": "hunter2"}, "secret", "`secret` of `thing` wants a whole number", ()),
    (
        {"name": "n", "title": "m"},
        "title",
        "`name` and `title` are the same argument of `thing`",
        (),
    ),
    (
        {"name": "n", "one": "1", "other": "2"},
        "other",
        "`thing` takes only one of `one`, `other`",
        (),
    ),
    (
        {"name": "n", "kinds": ["a", "c"]},
        "kinds",
        "`kinds` of `thing` must be one of `a`, `b`, not `c`",
        (),
    ),
]


@pytest.mark.parametrize(("raw", "argument", "message", "suggestions"), FAULTS, ids=str)
def test_faults(
    raw: dict[str, Any], argument: str, message: str | None, suggestions: tuple[str, ...]
) -> None:
    _, faults = schema.normalise(MODULE, raw)
    assert len(faults) == 1
    assert faults[0].argument == argument
    assert message is None or faults[0].message == message
    assert faults[0].suggestions == suggestions


def test_all_faults_at_once() -> None:
    _, faults = schema.normalise(MODULE, {"nmae": "x", "count": "y", "flag": "z"})
    assert [fault.argument for fault in faults] == ["nmae", "flag", "count", ""]


def test_what_is_not_known_yet_counts_as_given_and_is_not_judged() -> None:
    raw = {"name": "{{ x }}", "count": "{{ y }}", "state": "{{ z }}"}
    args, faults = schema.normalise(MODULE, raw, deferred=lambda value: "{{" in str(value))
    assert not faults
    assert args["count"] == "{{ y }}"


def test_one_of_several_is_needed() -> None:
    module = Module(
        "thing",
        args={"a": Arg(), "b": Arg()},
        observe=lambda probe, args: {},
        desire=lambda args, found: {},
        requires_one_of=(("a", "b"),),
    )
    _, faults = schema.normalise(module, {})
    assert [fault.message for fault in faults] == [
        "`thing` needs one of the arguments `a`, `b`",
    ]


def test_defaults_are_not_shared() -> None:
    module = Module(
        "thing",
        args={"a": Arg("list", default=[])},
        observe=lambda probe, args: {},
        desire=lambda args, found: {},
    )
    schema.normalise(module, {})[0]["a"].append("x")
    assert schema.normalise(module, {})[0]["a"] == []
