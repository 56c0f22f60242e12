from __future__ import annotations

import pytest

from kplay.modules.api import UNKNOWN
from kplay.modules.file import module
from kplay.testing import FakeHost, plan, play


def host() -> FakeHost:
    made = FakeHost(
        files={"/d/a": "alpha", "/d/sub/b": "beta", "/other": "x"},
        links={"/l": "/d/a", "/ld": "/d", "/broken": "/none", "/d/up": "/other"},
        users={"etcd": {"uid": 900, "gid": 900}},
        groups={"etcd": 900},
    )
    made.add_dir("/empty", mode=0o750)
    return made


CASES = [
    # args, action, mode afterwards of path
    ({"path": "/n", "state": "directory"}, "create", 0o755),
    ({"path": "/n", "state": "directory", "mode": "0700"}, "create", 0o700),
    ({"path": "/n/", "state": "directory"}, "create", 0o755),
    ({"path": "/n", "state": "directory", "mode": 0o2750}, "create", 0o2750),
    ({"path": "/n", "state": "directory", "mode": "u=rwx,g=rx,o="}, "create", 0o750),
    ({"path": "/d", "state": "directory"}, "none", 0o755),
    ({"path": "/ld", "state": "directory"}, "none", None),
    ({"path": "/d", "state": "directory", "mode": "0755"}, "none", 0o755),
    ({"path": "/d", "state": "directory", "mode": "g-rx"}, "update", 0o745 - 0o40),
    ({"path": "/d/a", "mode": "0600"}, "update", 0o600),
    ({"path": "/d/a", "mode": "u+x"}, "update", 0o744),
    ({"path": "/d/a", "mode": "+x"}, "update", 0o755),
    ({"path": "/d/a", "mode": "a+X"}, "none", 0o644),
    ({"path": "/d/a", "mode": "g=u"}, "update", 0o664),
    ({"path": "/d/a", "state": "file"}, "none", 0o644),
    ({"path": "/l", "state": "file", "mode": "0600"}, "update", None),
    ({"path": "/n", "state": "touch"}, "create", 0o644),
    ({"path": "/n", "state": "touch", "mode": "0600"}, "create", 0o600),
    ({"path": "/n", "state": "touch", "mode": "u+rw,g-wx,o-rwx"}, "create", 0o640),
    ({"path": "/d/a", "state": "touch"}, "update", 0o644),
    ({"path": "/d", "state": "touch"}, "update", 0o755),
    (
        {
            "path": "/d/a",
            "state": "touch",
            "access_time": "preserve",
            "modification_time": "preserve",
        },
        "none",
        0o644,
    ),
    ({"path": "/n", "state": "link", "src": "/d/a"}, "create", None),
    ({"path": "/d/n", "state": "link", "src": "a"}, "create", None),
    ({"path": "/l", "state": "link", "src": "/d/a"}, "none", None),
    ({"path": "/l", "state": "link", "src": "/other"}, "update", None),
    ({"path": "/n", "state": "link", "src": "/none", "force": True}, "create", None),
    ({"path": "/other", "state": "link", "src": "/d/a", "force": True}, "update", None),
    ({"path": "/empty", "state": "link", "src": "/d/a", "force": True}, "update", None),
    ({"path": "/n", "state": "hard", "src": "/d/a"}, "create", 0o644),
    ({"path": "/other", "state": "hard", "src": "/d/a", "force": True}, "update", 0o644),
    ({"path": "/d", "state": "absent"}, "remove", None),
    ({"path": "/l", "state": "absent"}, "remove", None),
    ({"path": "/none", "state": "absent"}, "none", None),
    ({"path": "/d", "owner": "etcd", "group": "etcd"}, "update", 0o755),
    ({"path": "/d", "owner": "0"}, "none", 0o755),
    ({"path": "/d", "owner": "root", "group": "root"}, "none", 0o755),
    ({"path": "/d", "state": "directory", "recurse": True, "mode": "0700"}, "update", 0o700),
    ({"path": "/d", "state": "directory", "recurse": True, "owner": "root"}, "none", 0o755),
]


@pytest.mark.parametrize(("args", "action", "mode"), CASES, ids=str)
def test_what_is_planned_is_done_and_then_nothing_is_left(
    args: dict[str, object], action: str, mode: int | None
) -> None:
    there = host()
    planned = plan(module, args, there)
    assert (planned.action, planned.failed) == (action, False)
    done = play(module, args, there)
    assert not done.failed, done.msg
    assert done.action == action
    assert done.changed == (action != "none")
    if mode is not None:
        stat = there.stat(str(args["path"]))
        assert stat is not None
        assert stat.mode == mode
    for name, value in planned.fields.items():
        assert done.fields[name] == value, name
    if args.get("state") != "touch":
        assert play(module, args, there).action == "none"


REFUSED = [
    ({"path": "/none"}, "file (/none) is absent, cannot continue"),
    ({"path": "/d", "state": "file"}, "file (/d) is directory, cannot continue"),
    ({"path": "/d/a", "state": "directory"}, "/d/a already exists as a file"),
    ({"path": "/n", "state": "link"}, "src is required for creating new symlinks"),
    ({"path": "/n", "state": "link", "src": "none"}, "src file does not exist, use 'force=yes'"),
    (
        {"path": "/d/a", "state": "link", "src": "/other"},
        "refusing to convert from file to symlink",
    ),
    (
        {"path": "/d", "state": "link", "src": "/other", "force": True},
        "the directory /d is not empty",
    ),
    ({"path": "/n", "state": "hard"}, "src is required for creating new hardlinks"),
    ({"path": "/n", "state": "hard", "src": "/none"}, "src does not exist"),
    ({"path": "/other", "state": "hard", "src": "/d/a"}, "Cannot link, different hard link"),
    ({"path": "/x/y", "state": "touch"}, "/x does not exist"),
    ({"path": "/d/a", "owner": "nobody"}, "failed to look up user nobody"),
    ({"path": "/d/a", "group": "nobody"}, "failed to look up group nobody"),
    ({"path": "/d/a", "recurse": True}, "recurse option requires state to be 'directory'"),
    ({"path": "/d/a", "src": "/other"}, "src option requires state to be 'link' or 'hard'"),
]


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=str)
def test_what_cannot_be_done_is_refused_in_plan_and_in_run(
    args: dict[str, object], message: str
) -> None:
    there = host()
    planned = plan(module, args, there)
    done = play(module, args, there)
    assert done.failed
    assert message in done.msg
    assert planned.action == "unknown" or planned.msg == done.msg


def test_what_is_missing_may_still_come_and_is_unknown_in_a_plan() -> None:
    planned = plan(module, {"path": "/n", "state": "link", "src": "/none"}, host())
    assert (planned.action, planned.failed) == ("unknown", False)
    assert planned.unknown == "no path /none on the host yet"


def test_every_new_parent_gets_the_attributes() -> None:
    there = host()
    args = {"path": "/n/m/o", "state": "directory", "mode": "0711", "owner": "etcd"}
    planned = plan(module, args, there)
    play(module, args, there)
    for path in ("/n", "/n/m", "/n/m/o"):
        stat = there.stat(path)
        assert stat is not None
        assert (stat.mode, stat.owner) == (0o711, "etcd")
    assert [key for _, key, _ in planned.effects] == ["/n", "/n/m", "/n/m/o"]
    assert planned.effects[0][2] == {
        "state": "directory",
        "mode": "0711",
        "owner": "etcd",
        "group": "root",
    }


def test_recursion_goes_through_links_to_what_they_lead_to() -> None:
    there = host()
    play(module, {"path": "/d", "state": "directory", "recurse": True, "mode": "0700"}, there)
    stats = [there.stat(path) for path in ("/d", "/d/a", "/d/sub", "/d/sub/b", "/other")]
    assert [stat.mode for stat in stats if stat] == [0o700] * 5


def test_recursion_owns_links_and_what_they_lead_to() -> None:
    there = host()
    args = {"path": "/d", "state": "directory", "recurse": True, "owner": "etcd"}
    play(module, args, there)
    stats = [there.lstat(path) for path in ("/d", "/d/up", "/other", "/d/sub/b")]
    assert [stat.owner for stat in stats if stat] == ["etcd"] * 4
    assert not play(module, args, there).changed


def test_recursion_without_follow_leaves_targets_alone() -> None:
    there = host()
    args = {"path": "/d", "state": "directory", "recurse": True, "mode": "0700", "follow": False}
    play(module, args, there)
    stat = there.stat("/other")
    assert stat is not None
    assert stat.mode == 0o644


def test_times_are_set_and_then_kept() -> None:
    there = host()
    args = {"path": "/d/a", "modification_time": "202001020304.05", "state": "file"}
    assert play(module, args, there).changed
    stat = there.stat("/d/a")
    assert stat is not None
    assert stat.mtime == 1577934245
    assert not play(module, args, there).changed


def test_a_link_reports_itself() -> None:
    done = play(module, {"path": "/n", "state": "link", "src": "/d/a"}, host())
    assert (done["dest"], done["src"], done["state"]) == ("/n", "/d/a", "link")


def test_a_path_that_only_the_run_can_tell_is_unknown() -> None:
    change = plan(module, {"path": UNKNOWN, "state": "absent"}, host())
    assert change.action == "unknown"
