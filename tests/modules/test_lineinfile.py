from __future__ import annotations

import pytest

from kplay.modules.api import UNKNOWN
from kplay.modules.lineinfile import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/conf"
BASE = "a=1\nb=2\nc=3\na=4\n"

CASES = [
    # args, text before, text after, message
    ({"line": "d=5"}, BASE, BASE + "d=5\n", "line added"),
    ({"line": "d=5"}, "", "d=5\n", "line added"),
    ({"line": "d=5"}, "x", "x\nd=5\n", "line added"),
    ({"line": "b=2"}, BASE, BASE, ""),
    ({"line": "b=9", "regexp": "^b="}, BASE, "a=1\nb=9\nc=3\na=4\n", "line replaced"),
    ({"line": "b=2", "regex": "^b="}, BASE, BASE, ""),
    ({"line": "a=9", "regexp": "^a="}, BASE, "a=1\nb=2\nc=3\na=9\n", "line replaced"),
    (
        {"line": "a=9", "regexp": "^a=", "firstmatch": True},
        BASE,
        "a=9\nb=2\nc=3\na=4\n",
        "line replaced",
    ),
    ({"line": "z=1", "regexp": "^z="}, BASE, BASE + "z=1\n", "line added"),
    ({"line": "b=9", "search_string": "b="}, BASE, "a=1\nb=9\nc=3\na=4\n", "line replaced"),
    ({"line": "b.", "search_string": "."}, BASE, BASE + "b.\n", "line added"),
    ({"line": "n", "insertafter": "^b="}, BASE, "a=1\nb=2\nn\nc=3\na=4\n", "line added"),
    ({"line": "n", "insertafter": "^a="}, BASE, BASE + "n\n", "line added"),
    (
        {"line": "n", "insertafter": "^a=", "firstmatch": True},
        BASE,
        "a=1\nn\nb=2\nc=3\na=4\n",
        "line added",
    ),
    ({"line": "n", "insertafter": "EOF"}, BASE, BASE + "n\n", "line added"),
    ({"line": "n", "insertafter": "^none"}, BASE, BASE + "n\n", "line added"),
    ({"line": "n", "insertbefore": "^b="}, BASE, "a=1\nn\nb=2\nc=3\na=4\n", "line added"),
    ({"line": "n", "insertbefore": "BOF"}, BASE, "n\n" + BASE, "line added"),
    ({"line": "n", "insertbefore": "^none"}, BASE, BASE + "n\n", "line added"),
    ({"line": "b=2", "insertbefore": "^a="}, BASE, BASE, ""),
    ({"line": "a=1", "regexp": "^q", "insertbefore": "^b="}, BASE, BASE, ""),
    ({"line": "c=3", "regexp": "^q", "insertafter": "^b="}, BASE, BASE, ""),
    (
        {"line": r"\1=x", "regexp": "^(b)=.*", "backrefs": True},
        BASE,
        "a=1\nb=x\nc=3\na=4\n",
        "line replaced",
    ),
    ({"line": r"\1=x", "regexp": "^(q)=", "backrefs": True}, BASE, BASE, ""),
    ({"state": "absent", "regexp": "^a="}, BASE, "b=2\nc=3\n", "2 line(s) removed"),
    ({"state": "absent", "line": "b=2"}, BASE, "a=1\nc=3\na=4\n", "1 line(s) removed"),
    ({"state": "absent", "search_string": "="}, BASE, "", "4 line(s) removed"),
    ({"state": "absent", "line": "b"}, BASE, BASE, ""),
    ({"line": "b=2", "regexp": "^q", "insertafter": "EOF"}, BASE, BASE, ""),
    ({"line": "b=2", "regexp": "^q", "insertbefore": "BOF"}, BASE, BASE, ""),
    ({"line": "b=2", "search_string": "q", "insertafter": "^c="}, BASE, BASE, ""),
    ({"line": "n", "insertafter": "BOF"}, BASE, "n\n" + BASE, "line added"),
    ({"line": "n", "insertafter": "^a"}, "a", "a\nn\n", "line added"),
    ({"line": "", "regexp": "^b"}, "a\nb\nc\n", "a\n\nc\n", "line replaced"),
    ({"line": "b=9", "regexp": "^b"}, "a\r\nb=2\r\n", "a\r\nb=9\n", "line replaced"),
    ({"line": "é=1"}, "à\n", "à\né=1\n", "line added"),
    ({"line": "\ttab"}, "form\x0cfeed\n", "form\x0cfeed\n\ttab\n", "line added"),
]


@pytest.mark.parametrize(("args", "before", "after", "message"), CASES, ids=str)
def test_edits(args: dict[str, object], before: str, after: str, message: str) -> None:
    there = FakeHost(files={PATH: before})
    whole = {"path": PATH, **args}
    planned = plan(module, whole, there)
    assert planned.changed == (before != after)
    done = play(module, whole, there)
    assert not done.failed, done.msg
    assert there.text(PATH) == after
    assert done.changed == (before != after)
    assert done["msg"] == message == planned["msg"]
    if not args.get("backrefs"):
        assert not play(module, whole, there).changed


REFUSED = [
    ({"line": "x", "path": "/none"}, "Destination /none does not exist !"),
    ({"line": "x", "path": "/etc"}, "Path /etc is a directory !"),
    ({"regexp": "x"}, "line is required with state=present"),
    ({"line": "x", "backrefs": True}, "regexp is required with backrefs=true"),
    ({"state": "absent"}, "one of line, search_string, or regexp is required"),
    ({"line": "x", "regexp": "("}, "regexp is not a regular expression"),
]


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=str)
def test_refused(args: dict[str, object], message: str) -> None:
    there = FakeHost(files={PATH: BASE})
    assert message in play(module, {"path": PATH, **args}, there).msg


def test_a_new_file_gets_directories_and_attributes() -> None:
    there = FakeHost()
    args = {"path": "/etc/n/conf", "line": "x", "create": True, "mode": "0600"}
    planned = plan(module, args, there)
    assert planned.action == "create"
    assert planned.after == {"state": "file", "content": "x\n", "mode": "0600"}
    assert [key for _, key, _ in planned.effects] == ["/etc/n", "/etc/n/conf"]
    assert planned.effects[1][2]["content"] == "x\n"
    play(module, args, there)
    assert there.text("/etc/n/conf") == "x\n"
    assert not play(module, args, there).changed


def test_no_file_has_no_line() -> None:
    done = play(module, {"path": "/none", "line": "x", "state": "absent"}, FakeHost())
    assert (done.changed, done.failed, done["msg"]) == (False, False, "file not present")


def test_attributes_alone() -> None:
    there = FakeHost(files={PATH: "x\n"})
    done = play(module, {"path": PATH, "line": "x", "mode": "0600"}, there)
    assert done.changed
    assert done["msg"] == "ownership, perms or SE linux context changed"


def test_a_link_is_followed_and_kept() -> None:
    there = FakeHost(files={PATH: "x\n"}, links={"/etc/l": "conf"})
    play(module, {"path": "/etc/l", "line": "y"}, there)
    link = there.lstat("/etc/l")
    assert link is not None
    assert link.state == "link"
    assert there.text(PATH) == "x\ny\n"


def test_backup() -> None:
    there = FakeHost(files={PATH: "x\n"})
    done = play(module, {"path": PATH, "line": "y", "backup": True}, there)
    assert there.text(done["backup"]) == "x\n"


def test_bytes_that_are_no_text_survive() -> None:
    there = FakeHost(files={PATH: b"\xff\n"})
    planned = plan(module, {"path": PATH, "line": "y"}, there)
    assert set(planned.after) == {"digest"}
    assert not play(module, {"path": PATH, "line": "y"}, there).failed
    assert there.read(PATH) == b"\xff\ny\n"


@pytest.mark.parametrize("name", ["line", "regexp"])
def test_a_line_that_only_the_run_can_tell(name: str) -> None:
    there = FakeHost(files={PATH: BASE})
    planned = plan(module, {"path": PATH, "line": "x", name: UNKNOWN}, there)
    assert (planned.action, planned.known) == ("unknown", False)
    assert planned.effects[0][2]["content"] == UNKNOWN
