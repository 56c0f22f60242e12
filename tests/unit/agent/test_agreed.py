"""What was agreed on for a step against what is found before it is applied."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kplay.agent.agreed import compare, digest, stops

KEY = b"salt" * 8


def found(action: str = "update", before: Any = None, after: Any = None, **more: Any) -> Any:
    given = {"before": before or {"mode": "0600"}, "after": after or {"mode": "0640"}}
    if action == "none":
        given = {"before": {}, "after": {}}
    return {"action": action, "failed": False, "diff": [], "msg": "", **given, **more}


def agreed(action: str = "update", *, hidden: bool = False, **more: Any) -> Any:
    one = found()
    sides = {
        side: {name: digest([name, value], KEY) for name, value in one[side].items()}
        for side in ("before", "after")
    }
    if hidden:
        sides = {"hidden": digest([one["before"], one["after"]], KEY, slow=True)}
    return {"action": action, "key": base64.b64encode(KEY).decode(), **sides, **more}


@pytest.mark.parametrize("hidden", [False, True])
def test_the_same_is_no_drift(hidden: bool) -> None:
    assert compare(agreed(hidden=hidden), found()) is None
    assert compare({"action": "none", "key": ""}, found("none")) is None


@pytest.mark.parametrize(
    ("agreed_on", "now", "differ"),
    [
        (agreed(), found(before={"mode": "0601"}), [["before", "mode"]]),
        (agreed(), found(after={"mode": "0641"}), [["after", "mode"]]),
        (agreed(), found(after={"mode": "0640", "owner": "x"}), [["after", "owner"]]),
        (agreed(hidden=True), found(before={"mode": "0601"}), [["before", ""]]),
        (agreed(), found("create"), []),
        (agreed(), found("none"), []),
        (agreed(), found("none", failed=True), []),
        ({"action": "none", "key": ""}, found(), []),
        (agreed(settled=True), found(before={"mode": "0601"}), [["before", "mode"]]),
    ],
)
def test_anything_else_stops_unless_it_is_accepted(agreed_on: Any, now: Any, differ: Any) -> None:
    drift = compare(agreed_on, now)
    assert drift is not None
    assert (drift["stops"], drift["differ"]) == (True, differ)
    assert stops({"drift": drift})
    accepted = compare({**agreed_on, "accept": True}, now)
    assert accepted is not None
    assert not stops({"drift": accepted})


def test_nothing_is_left_to_do_behind_what_no_plan_looks_into() -> None:
    drift = compare(agreed(settled=True), found("none"))
    assert drift is not None
    assert not drift["stops"]


def test_of_a_step_that_had_begun_only_what_is_wanted_counts() -> None:
    assert compare(agreed(begun=True), found("none")) is None
    assert compare(agreed(begun=True), found(before={"mode": "0777"})) is None
    assert compare(agreed("create", begun=True), found()) is None
    assert compare(agreed(begun=True), found(after={"mode": "0777"})) is not None
    assert compare({"action": "none", "key": "", "begun": True}, found()) is not None


def test_what_a_plan_could_not_tell_is_not_compared() -> None:
    one = agreed()
    one["after"]["mode"] = None
    assert compare(one, found(after={"mode": "0777"})) is None
    assert compare({"action": "update", "untold": True, "key": one["key"]}, found()) is None


def test_a_digest_is_of_what_json_carries() -> None:
    assert digest({"b": (1, 2), "a": None}, KEY) == digest({"a": None, "b": [1, 2]}, KEY)
    assert digest("x", KEY) != digest("x", b"other")
    assert digest("x", KEY) != digest("x", KEY, slow=True)


def test_what_counts_as_no_change_is_no_drift() -> None:
    now = found(before={"mode": "0600", "unit_files": "read"})
    assert compare(agreed(), now) is not None
    assert compare(agreed(), now, ("unit_files",)) is None
