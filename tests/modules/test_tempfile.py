from __future__ import annotations

import pytest

from kplay.modules.tempfile import module
from kplay.testing import FakeHost, plan, play


@pytest.mark.parametrize(
    ("args", "argv"),
    [
        ({}, ["mktemp", "--tmpdir=/tmp", "ansible.XXXXXXXX"]),
        (
            {"state": "directory", "path": "/var/tmp", "prefix": "a-", "suffix": ".d"},
            ["mktemp", "-d", "--tmpdir=/var/tmp", "a-XXXXXXXX.d"],
        ),
    ],
)
def test_a_new_one_every_time(args: dict[str, object], argv: list[str]) -> None:
    def makes(on: FakeHost, _argv: object) -> str:
        on.add_file("/tmp/ansible.abc", "", mode=0o600)
        return "/tmp/ansible.abc\n"

    there = FakeHost(dirs=["/tmp", "/var/tmp"]).when("mktemp", does=makes)
    assert plan(module, args, there).action == "run"
    done = play(module, args, there)
    assert list(there.runs[0].argv) == argv
    assert (done.changed, done["path"], done["mode"]) == (True, "/tmp/ansible.abc", "0600")


def test_a_directory_that_is_not_there_fails() -> None:
    assert play(module, {"path": "/nowhere"}, FakeHost()).msg == "no directory /nowhere"


def test_a_refusal_fails() -> None:
    there = FakeHost(dirs=["/tmp"]).when("mktemp", rc=1, stderr="full\n")
    assert play(module, {}, there).msg == "mktemp failed: full"
