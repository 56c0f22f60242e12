from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from kplay.modules.api import UNKNOWN
from kplay.modules.copy import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

SHA1 = hashlib.new("sha1", b"alpha\n").hexdigest()  # noqa: S324 - a return field


def host() -> FakeHost:
    made = FakeHost(
        files={
            "/etc/same": "alpha\n",
            "/etc/other": "beta\n",
            "/src/one": "1",
            "/src/deep/two": "2",
        },
        links={"/etc/link": "/etc/other", "/src/lnk": "one"},
        users={"etcd": {"uid": 900}},
    )
    made.add_file("/src/run.sh", "#!/bin/sh\n", mode=0o750)
    return made


CASES = [
    ({"dest": "/etc/new"}, "create", 0o644),
    ({"dest": "/etc/new", "mode": "0600"}, "create", 0o600),
    ({"dest": "/etc/new", "mode": "u=rw,g=,o="}, "create", 0o600),
    ({"dest": "/etc/new", "owner": "etcd", "group": "etcd"}, "create", 0o644),
    ({"dest": "/etc/same"}, "none", 0o644),
    ({"dest": "/etc/same", "mode": "0600"}, "update", 0o600),
    ({"dest": "/etc/other"}, "update", 0o644),
    ({"dest": "/etc/link", "follow": True}, "update", 0o644),
    ({"dest": "/etc/link"}, "update", 0o644),
    ({"dest": "/etc/other", "force": False}, "none", 0o644),
    ({"dest": "/etc/new", "force": False}, "create", 0o644),
]


@pytest.mark.parametrize(("args", "action", "mode"), CASES, ids=str)
def test_content_given(args: dict[str, object], action: str, mode: int) -> None:
    there = host()
    whole = {"content": "alpha\n", **args}
    planned = plan(module, whole, there)
    assert planned.action == action, planned.msg
    done = play(module, whole, there)
    assert (done.action, done.failed) == (action, False), done.msg
    stat = there.stat(str(args["dest"]))
    assert stat is not None
    assert stat.mode == mode
    if args.get("force", True):
        assert there.text(str(args["dest"])) == "alpha\n"
    for name in ("dest", "checksum", "mode", "owner", "group", "uid", "gid", "size", "state"):
        assert planned.fields[name] == done.fields[name], name
    assert play(module, whole, there).action == "none"


def test_the_diff_is_of_text() -> None:
    planned = plan(module, {"content": "alpha\n", "dest": "/etc/other"}, host())
    assert planned.before == {"content": "beta\n"}
    assert planned.after == {"content": "alpha\n"}


def test_what_is_not_text_is_told_apart_by_digest() -> None:
    there = host()
    there.add_file("/etc/raw", b"\xff\xfe")
    planned = plan(module, {"content": "alpha\n", "dest": "/etc/raw"}, there)
    assert set(planned.before) == {"digest"}
    assert play(module, {"content": "alpha\n", "dest": "/etc/raw"}, there).changed


def test_a_blob_is_compared_without_fetching_it() -> None:
    there = host()
    args = {"content": there.blob(b"alpha\n"), "dest": "/etc/same"}
    assert plan(module, args, there).action == "none"
    assert play(module, args, there)["checksum"] == SHA1
    assert there.fetched == []


def test_a_blob_is_fetched_to_be_written() -> None:
    there = host()
    reference = there.blob(b"\x00\x01")
    args = {"content": reference, "dest": "/etc/new", "_checksum": "abc"}
    planned = plan(module, args, there)
    assert planned["checksum"] == "abc"
    assert set(planned.after) == {"state", "digest"}
    assert not play(module, args, there).failed
    assert there.fetched == [reference["$blob"]]


@pytest.mark.parametrize(
    ("dest", "made"),
    [("/etc", []), ("/etc/", []), ("/n/", ["/n"]), ("/n/m/", ["/n", "/n/m"])],
)
def test_a_directory_takes_the_name_of_the_source(dest: str, made: Sequence[str]) -> None:
    there = host()
    args = {
        "content": "x",
        "dest": dest,
        "_original_basename": "conf",
        "directory_mode": "0700",
        "mode": "0640",
    }
    planned = plan(module, args, there)
    path = dest.rstrip("/") + "/conf"
    assert [key for _, key, _ in planned.effects] == [*made, path]
    assert play(module, args, there)["dest"] == path
    for directory in made:
        stat = there.stat(directory)
        assert stat is not None
        assert stat.mode == 0o700


REFUSED = [
    ({"content": "x", "dest": "/none/conf"}, "Destination directory /none does not exist"),
    ({"content": "x", "dest": "/etc"}, "can not use content with a dir as dest"),
    ({"content": "x", "dest": "/etc/new", "owner": "nobody"}, "failed to look up user nobody"),
    ({"src": "/none", "remote_src": True, "dest": "/etc/x"}, "Source /none not found"),
    ({"src": "/none", "dest": "/etc/x"}, "src (or content) is required"),
]


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=str)
def test_refused(args: dict[str, object], message: str) -> None:
    there = host()
    planned, done = plan(module, args, there), play(module, args, there)
    assert done.failed
    assert message in done.msg
    assert planned.action == "unknown" or planned.msg == done.msg


def test_validation_judges_the_new_content() -> None:
    there = host().when("visudo -cf", does=lambda on, argv: on.read(argv[-1]).decode())
    args = {"content": "alpha\n", "dest": "/etc/sudoers.d/x", "validate": "visudo -cf %s"}
    there.add_dir("/etc/sudoers.d")
    assert not play(module, args, there).failed
    assert there.runs[0].argv[:2] == ("visudo", "-cf")
    there.when("visudo", rc=1, stderr="syntax error")
    there.when("visudo -cf", rc=1, stderr="syntax error")
    done = play(module, {**args, "content": "bad"}, there)
    assert done.failed
    assert done.msg == "failed to validate: rc:1 error:syntax error"
    assert there.text("/etc/sudoers.d/x") == "alpha\n"


def test_validation_without_a_place_for_the_file() -> None:
    done = play(module, {"content": "a", "dest": "/etc/x", "validate": "true"}, host())
    assert "validate must contain %s" in done.msg


def test_the_backup_keeps_content_and_mode() -> None:
    there = host()
    there.chmod("/etc/other", 0o600)
    done = play(module, {"content": "alpha\n", "dest": "/etc/other", "backup": True}, there)
    kept = there.stat(done["backup_file"])
    assert kept is not None
    assert kept.mode == 0o600
    assert there.text(done["backup_file"]) == "beta\n"


def test_a_wrong_checksum_is_a_failure() -> None:
    done = play(module, {"content": "a", "dest": "/etc/x", "checksum": "0" * 40}, host())
    assert done.failed
    assert "does not match the expected checksum" in done.msg


def test_a_file_of_the_host_with_its_mode() -> None:
    there = host()
    args = {"src": "/src/run.sh", "dest": "/etc/", "remote_src": True, "mode": "preserve"}
    planned = plan(module, args, there)
    assert (planned.action, planned["mode"]) == ("create", "0750")
    play(module, args, there)
    assert there.text("/etc/run.sh") == "#!/bin/sh\n"
    assert play(module, args, there).action == "none"


@pytest.mark.parametrize(
    ("src", "dest", "top"),
    [("/src/", "/dst", "/dst"), ("/src", "/dst", "/dst/src"), ("/src", "/etc", "/etc/src")],
)
def test_a_directory_of_the_host(src: str, dest: str, top: str) -> None:
    there = host()
    args = {"src": src, "dest": dest, "remote_src": True, "mode": "preserve"}
    planned = plan(module, args, there)
    assert planned.action in {"create", "update"}
    done = play(module, args, there)
    assert not done.failed, done.msg
    assert there.text(f"{top}/deep/two") == "2"
    link = there.lstat(f"{top}/lnk")
    assert link is not None
    assert link.target == "one"
    run = there.stat(f"{top}/run.sh")
    assert run is not None
    assert run.mode == 0o750
    assert play(module, args, there).action == "none"
    assert plan(module, args, there).action == "none"


@pytest.mark.parametrize(("dest", "action"), [("/etc/new", "create"), ("/etc/same", "unknown")])
def test_content_that_only_the_run_can_tell(dest: str, action: str) -> None:
    planned = plan(module, {"content": UNKNOWN, "dest": dest, "mode": "0600"}, host())
    assert (planned.action, planned.known) == (action, False)
    assert planned["mode"] == "0600"
    kind, key, value = planned.effects[0]
    assert (kind, key, value["content"], value["mode"]) == ("path", dest, UNKNOWN, "0600")
    assert "digest" not in value


def test_labels_of_selinux_mean_nothing_without_it() -> None:
    args = {"content": "x\n", "dest": "/n", "setype": "etc_t", "seuser": "system_u"}
    host = FakeHost()
    assert play(module, args, host).changed
    assert host.text("/n") == "x\n"
