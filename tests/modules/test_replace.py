from __future__ import annotations

import pytest

from kplay.modules.replace import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/conf"
MISSED = "Pattern for before/after params did not match the given file: NONE(?P<subsection>.*)"

CASES = [
    ({"regexp": "b", "replace": "x"}, "abc\nb\n", "axc\nx\n", "2 replacements made"),
    ({"regexp": "^b$", "replace": "x"}, "abc\nb\n", "abc\nx\n", "1 replacements made"),
    ({"regexp": "z"}, "abc\n", "abc\n", ""),
    ({"regexp": "b"}, "abc\nb\n", "ac\n\n", "2 replacements made"),
    ({"regexp": "(a)(b)", "replace": r"\2\1"}, "ab\n", "ba\n", "1 replacements made"),
    ({"regexp": "b", "replace": "b"}, "b\n", "b\n", ""),
    (
        {"regexp": "b", "replace": "x", "after": "S"},
        "b\nS\nb\n",
        "b\nS\nx\n",
        "1 replacements made",
    ),
    (
        {"regexp": "b", "replace": "x", "before": "E"},
        "b\nE\nb\n",
        "x\nE\nb\n",
        "1 replacements made",
    ),
    (
        {"regexp": "b", "replace": "x", "after": "S", "before": "E"},
        "b\nS\nb\nE\nb\n",
        "b\nS\nx\nE\nb\n",
        "1 replacements made",
    ),
    ({"regexp": "b", "replace": "x", "after": "NONE"}, "b\n", "b\n", MISSED),
    (
        {"regexp": r"^(.*\sswap\s.*)$", "replace": r"# \1"},
        "/dev/sda2 none swap sw 0 0\n",
        "# /dev/sda2 none swap sw 0 0\n",
        "1 replacements made",
    ),
    ({"regexp": "(?i)A", "replace": "z"}, "aA\n", "zz\n", "2 replacements made"),
]


@pytest.mark.parametrize(("args", "before", "after", "message"), CASES, ids=str)
def test_edits(args: dict[str, object], before: str, after: str, message: str) -> None:
    there = FakeHost(files={PATH: before})
    whole = {"path": PATH, **args}
    assert plan(module, whole, there).changed == (before != after)
    done = play(module, whole, there)
    assert not done.failed, done.msg
    assert there.text(PATH) == after
    assert (done.changed, done["msg"]) == (before != after, message)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"path": "/none", "regexp": "x"}, "Destination /none does not exist !"),
        ({"regexp": "("}, "regexp is not a regular expression"),
        ({"regexp": "a", "after": "["}, "after is not a regular expression"),
    ],
    ids=str,
)
def test_refused(args: dict[str, object], message: str) -> None:
    assert message in play(module, {"path": PATH, **args}, FakeHost(files={PATH: ""})).msg


def test_backup_and_validation() -> None:
    there = FakeHost(files={PATH: "a\n"}).when("check")
    args = {"path": PATH, "regexp": "a", "replace": "b", "backup": True, "validate": "check %s"}
    done = play(module, args, there)
    assert there.text(done["backup_file"]) == "a\n"
    assert there.runs[0].argv[0] == "check"
