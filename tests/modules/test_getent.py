from __future__ import annotations

import pytest

from kplay.agent.foreseen import Foreseen
from kplay.agent.host import UnknownValue
from kplay.agent.overlay import Overlay
from kplay.modules.api import UNKNOWN
from kplay.modules.getent import module
from kplay.testing import FakeHost, play

ROOT = "root:x:0:0:root:/root:/bin/bash\n"


def facts(args: dict[str, object], there: FakeHost) -> object:
    return play(module, args, there)["ansible_facts"]


def test_an_entry_of_passwd() -> None:
    there = FakeHost().when("getent passwd root", stdout=ROOT)
    entry = ["x", "0", "0", "root", "/root", "/bin/bash"]
    args = {"database": "passwd", "key": "root"}
    assert facts(args, there) == {"getent_passwd": {"root": entry}}
    assert not play(module, args, there).changed


def test_a_whole_database() -> None:
    text = "127.0.0.1       localhost\n::1             localhost ip6-localhost\n"
    there = FakeHost().when("getent hosts", stdout=text)
    found = {"127.0.0.1": ["localhost"], "::1": ["localhost", "ip6-localhost"]}
    assert facts({"database": "hosts"}, there) == {"getent_hosts": found}


def test_service_and_separator() -> None:
    there = FakeHost().when("getent -s files x", stdout="a|b|c\n")
    args = {"database": "x", "service": "files", "split": "|"}
    assert facts(args, there) == {"getent_x": {"a": ["b", "c"]}}


def test_a_key_that_is_not_there() -> None:
    there = FakeHost().when("getent group none", rc=2)
    args = {"database": "group", "key": "none"}
    message = "One or more supplied key could not be found in the database."
    assert play(module, args, there).msg == message
    assert facts({**args, "fail_key": False}, there) == {"getent_group": {"none": None}}


@pytest.mark.parametrize(("rc", "message"), [(1, "Missing"), (3, "Enumeration"), (9, "Unexpected")])
def test_other_failures(rc: int, message: str) -> None:
    failed = play(module, {"database": "x"}, FakeHost().when("getent", rc=rc))
    assert failed.msg.startswith(message)


def planned(*effects: tuple[str, str, object]) -> Overlay:
    foreseen = Foreseen()
    foreseen.add(effects)
    return Overlay(foreseen)


def test_accounts_that_a_plan_makes() -> None:
    user = {"name": "kp", "uid": UNKNOWN, "gid": 64300, "home": "/srv/kp", "shell": "/bin/sh"}
    probe = planned(("user", "kp", user), ("group", "kg", {"name": "kg", "gid": 64301}))
    args = {"database": "passwd", "key": "kp", "service": None, "split": None, "fail_key": True}
    entry = module.observe(probe, args)["entries"]["kp"]
    assert entry == ["x", UNKNOWN, "64300", "", "/srv/kp", "/bin/sh"]
    group = {**args, "database": "group", "key": "kg"}
    assert module.observe(probe, group)["entries"]["kg"][:2] == ["x", "64301"]
    with pytest.raises(UnknownValue, match="the entries of passwd"):
        module.observe(probe, {**args, "key": None})


def test_accounts_that_a_plan_removes() -> None:
    probe = planned(("user", "kp", {"state": "absent"}))
    args = {"database": "passwd", "key": "kp", "service": None, "split": None, "fail_key": False}
    assert module.observe(probe, args)["entries"] == {"kp": None}
    with pytest.raises(UnknownValue, match="whether there is a user kp"):
        module.observe(probe, {**args, "fail_key": True})
