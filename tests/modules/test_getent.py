from __future__ import annotations

import pytest

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
