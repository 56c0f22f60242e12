"""Programs in any language, as a library may hold them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kplay.modules.foreign_program import module
from kplay.testing import FakeHost, plan, play

ARGS = {
    "name": "own",
    "file": "own.sh",
    "content": "#!/bin/sh\n",
    "shebang": "/bin/sh -e",
    "parameters": {"say": "hello you", "count": 2},
    "told": {"diff": False},
}


def answering(text: str, *prefix: str) -> FakeHost:
    return FakeHost(facts={"executable": "/usr/bin/python3"}).when(list(prefix), stdout=text)


def files(host: FakeHost) -> dict[str, str]:
    argv = host.runs[-1].argv
    return {path: host.text(path) for path in argv if path.startswith("/tmp/kplay-")}


def test_words_stand_in_a_file_that_it_is_given() -> None:
    host = answering('{"changed": true, "said": "x"}', "/bin/sh", "-e")
    done = play(module, ARGS, host)
    assert (done.changed, done["said"]) == (True, "x")
    program, arguments = files(host).values()
    assert program == "#!/bin/sh\n"
    assert arguments == ("say='hello you' count=2 _ansible_diff=False _ansible_check_mode=False ")
    assert {host.stat(path).mode for path in files(host)} == {0o700, 0o600}


def test_json_for_one_that_wants_it() -> None:
    host = answering('{"changed": false}', "perl")
    play(module, {**ARGS, "format": "json", "shebang": "/usr/bin/env perl"}, host)
    assert json.loads(list(files(host).values())[1])["say"] == "hello you"


@pytest.mark.parametrize(
    ("shebang", "expected"),
    [
        ("/usr/bin/python3 -s", ["/usr/bin/python3", "-s"]),
        ("/usr/bin/env python", ["/usr/bin/python3"]),
        ("/usr/bin/env -S ruby -w", ["ruby", "-w"]),
        ("", []),
    ],
)
def test_what_its_first_line_names_runs_it(shebang: str, expected: list[str]) -> None:
    host = answering("{}")
    play(module, {**ARGS, "shebang": shebang}, host)
    assert list(host.runs[-1].argv[:-2]) == expected


def test_its_failure_is_the_step_s() -> None:
    done = play(module, ARGS, answering('{"failed": true, "msg": "no", "rc": 4}'))
    assert (done.failed, done.msg, done["rc"]) == (True, "no", 4)


def test_a_plan_never_runs_it() -> None:
    host = answering("{}")
    done: Any = plan(module, ARGS, host)
    assert (done.action, done.after) == ("run", {"module": "own"})
