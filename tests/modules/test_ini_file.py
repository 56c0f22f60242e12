from __future__ import annotations

import pytest

from kplay.modules import schema
from kplay.modules.ini_file import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/a.conf"
A = "[main]\nx = 1\ny=2\n\n[other]\nx = 9\n"

CASES = [
    ({"section": "main", "option": "x", "value": "1"}, A, A, "OK"),
    (
        {"section": "main", "option": "x", "value": "3"},
        A,
        A.replace("x = 1", "x = 3"),
        "option changed",
    ),
    (
        {"section": "main", "option": "z", "value": "3"},
        A,
        A.replace("y=2\n", "y=2\nz = 3\n"),
        "option added",
    ),
    (
        {"section": "main", "option": "z", "value": "3", "no_extra_spaces": True},
        A,
        A.replace("y=2\n", "y=2\nz=3\n"),
        "option added",
    ),
    (
        {"section": "main", "option": "y", "value": "2"},
        A,
        A.replace("y=2", "y = 2"),
        "option changed",
    ),
    ({"section": "main", "option": "y", "value": "2", "ignore_spaces": True}, A, A, "OK"),
    (
        {"section": "new", "option": "x", "value": "1"},
        A,
        A + "[new]\nx = 1\n",
        "section and option added",
    ),
    ({"section": "new", "allow_no_value": True}, A, A + "[new]\n", "only section added"),
    (
        {"section": "main", "option": "x", "state": "absent"},
        A,
        A.replace("x = 1\n", ""),
        "option changed",
    ),
    ({"section": "main", "option": "q", "state": "absent"}, A, A, "OK"),
    ({"section": "other", "state": "absent"}, A, "[main]\nx = 1\ny=2\n\n", "section removed"),
    ({"section": "nowhere", "state": "absent"}, A, A, "OK"),
    ({"option": "top", "value": "1"}, A, "top = 1\n" + A, "option added"),
    (
        {"section": "main", "option": "flag", "allow_no_value": True},
        A,
        A.replace("y=2\n", "y=2\nflag\n"),
        "option added",
    ),
    (
        {"section": "m", "option": "x", "value": "2"},
        "[m]\n#x = 1\n",
        "[m]\nx = 2\n",
        "option changed",
    ),
    (
        {"section": "m", "option": "x", "value": "2", "modify_inactive_option": False},
        "[m]\n#x = 1\n",
        "[m]\nx = 2\n#x = 1\n",
        "option added",
    ),
    (
        {"section": "m", "option": "x", "values": ["1", "2"]},
        "[m]\nx = 1\nx = 3\n",
        "[m]\nx = 1\nx = 2\n",
        "option changed",
    ),
    (
        {"section": "m", "option": "x", "values": ["4"], "exclusive": False},
        "[m]\nx = 1\n",
        "[m]\nx = 1\nx = 4\n",
        "option added",
    ),
    (
        {"section": "m", "option": "x", "value": "1", "exclusive": False, "state": "absent"},
        "[m]\nx = 1\nx = 4\n",
        "[m]\nx = 4\n",
        "option changed",
    ),
]


@pytest.mark.parametrize(("args", "before", "after", "message"), CASES, ids=str)
def test_edits(args: dict[str, object], before: str, after: str, message: str) -> None:
    there = FakeHost(files={PATH: before})
    whole = {"path": PATH, **args}
    planned = plan(module, whole, there)
    done = play(module, whole, there)
    assert there.text(PATH) == after
    assert (planned.action, done.changed) == (
        ("update", True) if before != after else ("none", False)
    )
    assert done["msg"] == message
    assert not play(module, whole, there).changed


def test_a_file_is_made_with_its_mode() -> None:
    there = FakeHost(dirs=["/etc"])
    args = {"dest": PATH, "section": "main", "option": "x", "value": "1", "mode": "0640"}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there)["msg"] == "section and option added"
    assert there.text(PATH) == "[main]\nx = 1\n"
    assert oct(there.files.need(PATH).mode) == "0o640"


def test_a_file_that_may_not_be_made_fails() -> None:
    args = {"path": PATH, "section": "main", "option": "x", "value": "1", "create": False}
    assert "does not exist" in play(module, args, FakeHost(dirs=["/etc"])).msg


def test_a_copy_is_kept() -> None:
    there = FakeHost(files={PATH: A})
    args = {"path": PATH, "section": "main", "option": "x", "value": "7", "backup": True}
    assert there.text(play(module, args, there)["backup_file"]) == A


def test_an_option_without_a_value_is_refused() -> None:
    there = FakeHost(files={PATH: A})
    message = "Parameter 'value(s)' must be defined if state=present and allow_no_value=False."
    assert play(module, {"path": PATH, "section": "main", "option": "x"}, there).msg == message


def test_a_link_is_followed_when_asked() -> None:
    there = FakeHost(files={"/real.ini": A}, links={PATH: "/real.ini"})
    args = {"path": PATH, "section": "main", "option": "x", "value": "9"}
    assert play(module, {**args, "follow": True}, there).changed
    assert "x = 9" in there.text("/real.ini")
    assert play(module, {**args, "value": "8"}, there).changed
    assert "x = 9" in there.text("/real.ini")
    assert "x = 8" in there.text(PATH)


def test_sections_of_one_name_are_not_told_apart() -> None:
    values = [{"option": "x", "value": "1"}]
    args = {"path": PATH, "section": "m", "option": "x", "value": "1", "section_has_values": values}
    assert "not told apart" in schema.normalise(module, args)[1][0].message


def test_owner_and_group() -> None:
    there = FakeHost(files={PATH: A}, groups={"web": 900}, users={"bob": {"uid": 1000}})
    args = {"path": PATH, "section": "main", "option": "x", "value": "1"}
    owned = {**args, "owner": "bob", "group": "web"}
    assert plan(module, owned, there).after == {"owner": "bob", "group": "web"}
    assert play(module, owned, there).msg == "OK and ownership, perms or SE linux context changed"
    stat = there.stat(PATH)
    assert stat is not None
    assert (stat.uid, stat.gid) == (1000, 900)
    assert not play(module, owned, there).changed


@pytest.mark.parametrize(("rc", "text"), [(0, A.replace("x = 1", "x = 3")), (1, A)])
def test_a_program_may_refuse_the_content(rc: int, text: str) -> None:
    there = FakeHost(files={PATH: A}).when("conf-check", rc=rc, stderr="bad value")
    args = {"path": PATH, "section": "main", "option": "x", "value": "3"}
    done = play(module, {**args, "validate": "conf-check %s"}, there)
    assert done.failed == bool(rc)
    assert there.text(PATH) == text
    if rc:
        assert done.msg == "failed to validate: rc:1 error:bad value"


def test_validate_says_where_the_file_goes() -> None:
    there = FakeHost(files={PATH: A})
    args = {"path": PATH, "section": "main", "option": "x", "value": "3"}
    failed = play(module, {**args, "validate": "conf-check"}, there)
    assert failed.msg == "validate must contain %s: conf-check"
    assert there.text(PATH) == A
