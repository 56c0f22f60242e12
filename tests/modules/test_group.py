from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.modules import schema
from kplay.modules.api import UNKNOWN
from kplay.modules.group import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence


def groupadd(on: FakeHost, argv: Sequence[str]) -> None:
    number = int(argv[argv.index("-g") + 1]) if "-g" in argv else None
    on.add_group(argv[-1], number)


def host() -> FakeHost:
    made = FakeHost(groups={"docker": 998})
    made.when("groupadd", does=groupadd).when("groupmod", does=groupadd)
    return made.when("groupdel", does=lambda on, argv: on.remove_group(argv[-1]))


CASES = [
    ({"name": "etcd"}, "create", ["groupadd", "etcd"]),
    ({"name": "etcd", "gid": 900}, "create", ["groupadd", "-g", "900", "etcd"]),
    ({"name": "etcd", "system": True}, "create", ["groupadd", "-r", "etcd"]),
    (
        {"name": "etcd", "gid": 900, "non_unique": True},
        "create",
        ["groupadd", "-g", "900", "-o", "etcd"],
    ),
    ({"name": "etcd", "gid_min": 500}, "create", ["groupadd", "-K", "GID_MIN=500", "etcd"]),
    ({"name": "docker"}, "none", None),
    ({"name": "docker", "gid": 998}, "none", None),
    ({"name": "docker", "gid": 997}, "update", ["groupmod", "-g", "997", "docker"]),
    ({"name": "docker", "state": "absent"}, "remove", ["groupdel", "docker"]),
    (
        {"name": "docker", "state": "absent", "force": True},
        "remove",
        ["groupdel", "-f", "docker"],
    ),
    ({"name": "etcd", "state": "absent"}, "none", None),
    ({"name": "998"}, "create", ["groupadd", "998"]),
]


@pytest.mark.parametrize(("args", "action", "argv"), CASES, ids=str)
def test_groups(args: dict[str, object], action: str, argv: list[str] | None) -> None:
    there = host()
    planned = plan(module, args, there)
    assert planned.action == action
    done = play(module, args, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert [list(run.argv) for run in there.runs] == ([argv] if argv else [])
    for name, value in planned.fields.items():
        assert done.fields[name] == value, name
    assert play(module, args, there).action == "none"


@pytest.mark.parametrize(
    ("args", "value"),
    [
        ({"name": "etcd"}, {"name": "etcd", "gid": UNKNOWN}),
        ({"name": "etcd", "gid": 9}, {"name": "etcd", "gid": 9}),
        ({"name": "docker", "state": "absent"}, {"state": "absent"}),
    ],
    ids=str,
)
def test_later_steps_see_the_group(args: dict[str, object], value: dict[str, object]) -> None:
    assert plan(module, args, host()).effects == [("group", args["name"], value)]


def test_a_failing_program() -> None:
    done = play(module, {"name": "x"}, host().when("groupadd", rc=4, stderr="GID not unique"))
    assert done.failed
    assert done.msg == "GID not unique"


def test_libusers_programs_are_not_used() -> None:
    given = {"name": "g", "local": True}
    assert "libuser's programs are not used" in schema.normalise(module, given)[1][0].message
    assert schema.normalise(module, {"name": "g", "local": False})[1] == []


def test_the_range_of_a_new_number() -> None:
    there = host()
    play(module, {"name": "etcd", "gid_min": 500, "gid_max": 600}, there)
    assert [list(run.argv) for run in there.runs] == [
        ["groupadd", "-K", "GID_MIN=500", "-K", "GID_MAX=600", "etcd"]
    ]
