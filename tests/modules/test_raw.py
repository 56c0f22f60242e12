from __future__ import annotations

from kplay.modules.raw import module
from kplay.testing import FakeHost, plan, play


def test_a_text_goes_to_the_shell_as_it_is() -> None:
    there = FakeHost().when(["cat < /etc/x | wc"], stdout="1\n")
    args = {"cmd": "cat < /etc/x | wc"}
    assert plan(module, args, there).action == "run"
    done = play(module, args, there)
    assert (done.changed, done["rc"], done["stdout"], done["stdout_lines"]) == (
        True,
        0,
        "1\n",
        ["1"],
    )
    assert there.runs[0].shell == "/bin/sh"


def test_another_shell_and_a_failure() -> None:
    there = FakeHost().when(["exit 3"], rc=3, stderr="no\n")
    failed = play(module, {"cmd": "exit 3", "executable": "/bin/bash"}, there)
    assert (failed.failed, failed.msg, failed["rc"]) == (True, "non-zero return code", 3)
    assert there.runs[0].shell == "/bin/bash"
