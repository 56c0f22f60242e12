from __future__ import annotations

import pytest

from kplay.modules.blockinfile import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/conf"
BEGIN, END = "# BEGIN ANSIBLE MANAGED BLOCK\n", "# END ANSIBLE MANAGED BLOCK\n"


def block(text: str) -> str:
    return BEGIN + text + END


OLD = block("old\n")
X = block("x\n")
INSERTED, REMOVED = "Block inserted", "Block removed"

CASES = [
    ({"block": "x\ny"}, "a\nb\n", "a\nb\n" + block("x\ny\n"), INSERTED),
    ({"block": "x\n"}, "a\nb", "a\nb\n" + X, INSERTED),
    ({"content": "x"}, "", X, INSERTED),
    ({"block": "new"}, f"a\n{OLD}b\n", "a\n" + block("new\n") + "b\n", INSERTED),
    ({"block": "old"}, f"a\n{OLD}b\n", f"a\n{OLD}b\n", ""),
    ({"block": ""}, f"a\n{OLD}b\n", "a\nb\n", REMOVED),
    ({"state": "absent"}, f"a\n{OLD}b\n", "a\nb\n", REMOVED),
    ({"state": "absent"}, "a\n", "a\n", ""),
    ({"block": "x", "insertafter": "^a"}, "a\nb\na\nc\n", f"a\nb\na\n{X}c\n", INSERTED),
    ({"block": "x", "insertbefore": "^a"}, "a\nb\na\nc\n", f"a\nb\n{X}a\nc\n", INSERTED),
    ({"block": "x", "insertbefore": "BOF"}, "a\n", f"{X}a\n", INSERTED),
    ({"block": "x", "insertafter": "^none"}, "a\nb\n", f"a\nb\n{X}", INSERTED),
    ({"block": "x", "insertafter": "EOF"}, "a\nb\n", f"a\nb\n{X}", INSERTED),
    (
        {"block": "x", "marker": "<!-- {mark} M -->"},
        "a\n",
        "a\n<!-- BEGIN M -->\nx\n<!-- END M -->\n",
        INSERTED,
    ),
    (
        {"block": "x", "marker_begin": "S", "marker_end": "E"},
        "a\n",
        "a\n# S ANSIBLE MANAGED BLOCK\nx\n# E ANSIBLE MANAGED BLOCK\n",
        INSERTED,
    ),
    (
        {"block": "x", "prepend_newline": True, "append_newline": True, "insertafter": "^a"},
        "a\nb\n",
        f"a\n\n{X}\nb\n",
        INSERTED,
    ),
    ({"block": "x", "prepend_newline": True}, "", X, INSERTED),
    ({"block": "x", "append_newline": True}, "a\n", f"a\n{X}", INSERTED),
    ({"block": "new", "insertafter": "^b"}, f"{OLD}b\n", block("new\n") + "b\n", INSERTED),
    ({"block": "x"}, f"a\n{END}z\n{BEGIN}q\n", f"a\n{X}q\n", INSERTED),
    ({"block": "x"}, f"a\n{OLD}b\n{OLD}", f"a\n{OLD}b\n{X}", INSERTED),
    ({"block": "  x\n\n  y\n\n"}, "a\n", "a\n" + block("  x\n\n  y\n\n"), INSERTED),
    ({"block": "x"}, "a\n" + OLD.rstrip("\n"), f"a\n{X}", INSERTED),
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
    assert not play(module, whole, there).changed


def test_a_new_file() -> None:
    there = FakeHost()
    args = {"path": "/etc/n/hosts", "block": "x", "create": True, "mode": "0600"}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert there.text("/etc/n/hosts") == X


@pytest.mark.parametrize("args", [{"state": "absent"}, {"block": ""}], ids=str)
def test_no_file_has_no_block(args: dict[str, object]) -> None:
    done = play(module, {"path": "/none", **args}, FakeHost())
    assert (done.changed, done.failed) == (False, False)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"path": "/none", "block": "x"}, "Destination /none does not exist !"),
        ({"path": "/etc", "block": "x"}, "Path /etc is a directory !"),
        ({"block": "x", "insertafter": "("}, "insertafter is not a regular expression"),
    ],
    ids=str,
)
def test_refused(args: dict[str, object], message: str) -> None:
    assert message in play(module, {"path": PATH, **args}, FakeHost(files={PATH: ""})).msg
