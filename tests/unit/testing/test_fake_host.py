from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.blobs import Blobs
from kplay.agent.host import Completed, Host
from kplay.agent.local import LocalHost
from kplay.modules.api import Arg, Effect, Module, ModuleFailure
from kplay.testing import FakeHost, Unscripted, plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["in memory", "on this machine"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Host, str]]:
    """The same directory on a FakeHost and on the real one: both must behave alike."""
    if request.param == "in memory":
        yield FakeHost(dirs=[str(tmp_path)]), str(tmp_path)
        return
    host = LocalHost(Blobs(str(tmp_path), lambda digest: None))
    yield host, str(tmp_path)
    host.close()


def test_a_file_is_written_read_and_replaced(pair: tuple[Host, str]) -> None:
    host, top = pair
    host.write(f"{top}/f", b"one", mode=0o640)
    host.write(f"{top}/f", b"two")
    stat = host.stat(f"{top}/f")
    assert stat is not None
    assert (stat.state, stat.mode, stat.size, stat.nlink) == ("file", 0o640, 3, 1)
    assert (host.read(f"{top}/f"), host.read(f"{top}/f", 1)) == (b"two", b"t")
    assert host.digest(f"{top}/f", "md5") == "b8a9f715dbb64fd5c56e7783c6820a61"


def test_links_are_told_apart_and_followed(pair: tuple[Host, str]) -> None:
    host, top = pair
    host.mkdir(f"{top}/d", 0o755)
    host.write(f"{top}/d/f", b"x")
    host.symlink("d", f"{top}/l")
    host.symlink("nowhere", f"{top}/broken")
    link, target = host.lstat(f"{top}/l"), host.stat(f"{top}/l")
    assert link is not None
    assert target is not None
    assert (link.state, link.target, target.state) == ("link", "d", "directory")
    assert host.stat(f"{top}/broken") is None
    assert host.read(f"{top}/l/f") == b"x"
    assert host.listdir(top) == ["broken", "d", "l"]
    host.symlink("d/f", f"{top}/l")
    assert host.read(f"{top}/l") == b"x"


def test_hard_links_share_what_they_name(pair: tuple[Host, str]) -> None:
    host, top = pair
    host.write(f"{top}/a", b"x")
    host.link(f"{top}/a", f"{top}/b")
    one, two = host.stat(f"{top}/a"), host.stat(f"{top}/b")
    assert one is not None
    assert two is not None
    assert (one.ino, one.nlink) == (two.ino, 2)


def test_removing_a_directory_spares_what_its_links_lead_to(pair: tuple[Host, str]) -> None:
    host, top = pair
    host.mkdir(f"{top}/d")
    host.write(f"{top}/keep", b"x")
    host.symlink(f"{top}/keep", f"{top}/d/l")
    host.remove(f"{top}/d")
    assert host.listdir(top) == ["keep"]


def test_renaming_and_times(pair: tuple[Host, str]) -> None:
    host, top = pair
    host.write(f"{top}/a", b"x")
    host.rename(f"{top}/a", f"{top}/b")
    host.utime(f"{top}/b", 1.0, 2.0)
    host.chmod(f"{top}/b", 0o4755)
    stat = host.stat(f"{top}/b")
    assert stat is not None
    assert (stat.atime, stat.mtime, stat.mode) == (1.0, 2.0, 0o4755)
    assert host.glob(f"{top}/*") == [f"{top}/b"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda host, top: host.read(f"{top}/none"),
        lambda host, top: host.read(top),
        lambda host, top: host.write(f"{top}/none/f", b""),
        lambda host, top: host.mkdir(f"{top}/none/d"),
        lambda host, top: host.mkdir(top),
        lambda host, top: host.chmod(f"{top}/none", 0o600),
        lambda host, top: host.rename(f"{top}/none", f"{top}/x"),
        lambda host, top: host.chown(top, "no-such-user", ""),
    ],
)
def test_what_cannot_be_done_is_a_failure_of_the_module(pair: tuple[Host, str], deed: Any) -> None:
    with pytest.raises(ModuleFailure):
        deed(*pair)


def test_programs_answer_as_told_the_longest_prefix_first() -> None:
    host = FakeHost().when("systemctl", stdout="any").when("systemctl show", rc=3, stderr="bad")
    host.when("id", does=lambda on, argv: Completed(1, "", argv[-1]))
    host.when("date", does=lambda on, argv: "today")
    assert host.run(["systemctl", "stop", "x"]).stdout == "any"
    assert host.query(["systemctl", "show", "x"]) == Completed(3, "", "bad")
    assert host.run(["id", "bob"]).stderr == "bob"
    assert host.run(["date"], stdin="x", env={"TZ": "UTC"}).stdout == "today"
    assert [run.argv[0] for run in host.runs] == ["systemctl", "id", "date"]
    assert host.runs[-1].env == {"TZ": "UTC"}
    with pytest.raises(Unscripted):
        host.run(["unheard"])


def test_users_and_groups_by_name_and_number() -> None:
    host = FakeHost(users={"bob": {"uid": 1000, "groups": ["b", "a"]}}, groups={"staff": 50})
    user = host.user("1000")
    assert user is not None
    assert (user.name, user.groups, user.home) == ("bob", ("a", "b"), "/home/bob")
    assert host.group("50") == ("staff", 50)
    assert (host.user("x"), host.group("x")) == (None, None)


def thing(**options: Any) -> Module:
    return Module(
        "thing",
        args={"path": Arg("path", required=True)},
        observe=lambda probe, args: {"state": "file" if probe.stat(args["path"]) else "absent"},
        desire=lambda args, found: {"state": "file"},
        apply=lambda host, args, found, wanted: {"path": args["path"]},
        foresee=lambda args, found, wanted: [Effect("path", args["path"], {"state": "file"})],
        **options,
    )


def test_a_plan_has_action_fields_and_effects() -> None:
    planned = plan(thing(complete=True), {"path": "/f"}, FakeHost())
    assert (planned.action, planned.changed, planned.known) == ("create", True, True)
    assert planned.effects == [("path", "/f", {"state": "file"})]
    assert not plan(thing(), {"path": "/f"}, FakeHost()).known


def test_what_was_not_done_is_found_by_looking_again() -> None:
    done = play(thing(verify=("state",)), {"path": "/f"}, FakeHost())
    assert done.failed
    assert done.msg == "after applying, state is 'absent', not 'file'"


def test_arguments_that_are_not_valid_fail_the_test() -> None:
    with pytest.raises(AssertionError, match="needs the argument `path`"):
        plan(thing(), {}, FakeHost())
