from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from kplay.agent.foreseen import Foreseen
from kplay.agent.host import Probe, UnknownValue
from kplay.agent.overlay import Overlay
from kplay.modules.api import UNKNOWN, ModuleFailure

if TYPE_CHECKING:
    from pathlib import Path

WRITES = ("write", "mkdir", "symlink", "remove", "rename", "chmod", "chown", "utime", "run")


def overlay(*effects: tuple[str, str, object]) -> Overlay:
    foreseen = Foreseen()
    foreseen.add(effects)
    return Overlay(foreseen)


def test_there_is_no_way_to_write() -> None:
    probe: Probe = overlay()
    for name in WRITES:
        assert not hasattr(probe, name)
    assert probe.scratch()


def test_without_effects_it_is_the_host(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    probe = overlay()
    assert probe.read(str(tmp_path / "f")) == b"x"
    assert probe.lstat(str(tmp_path / "g")) is None
    assert probe.glob(str(tmp_path / "*")) == [str(tmp_path / "f")]


def test_a_planned_file_has_its_content_and_mode(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    probe = overlay(("path", path, {"state": "file", "mode": 0o600, "content": "é"}))
    found = probe.lstat(path)
    assert found is not None
    assert (found.state, found.mode, found.size) == ("file", 0o600, 1)
    assert probe.read(path) == "é".encode("latin-1")
    assert probe.digest(path) == hashlib.sha256("é".encode("latin-1")).hexdigest()


def test_a_planned_digest_is_known_and_its_content_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    probe = overlay(("path", path, {"state": "file", "digest": "abc"}))
    assert probe.digest(path) == "abc"
    with pytest.raises(UnknownValue):
        probe.read(path)
    with pytest.raises(UnknownValue):
        probe.digest(path, "md5")


def test_unknown_content_is_unknown(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    with pytest.raises(UnknownValue, match="content of"):
        overlay(("path", path, {"state": "file", "content": UNKNOWN})).digest(path)


def test_a_change_of_mode_keeps_the_real_content(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    path = str(tmp_path / "f")
    probe = overlay(("path", path, {"state": "file", "mode": 0o400}))
    assert probe.read(path) == b"x"
    found = probe.stat(path)
    assert found is not None
    assert found.mode == 0o400


def test_later_words_are_laid_over_earlier_ones(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    probe = overlay(
        ("path", path, {"state": "file", "content": "x", "mode": 0o644}),
        ("path", path, {"state": "file", "mode": 0o600}),
    )
    assert probe.read(path) == b"x"
    found = probe.stat(path)
    assert found is not None
    assert found.mode == 0o600


def test_new_content_makes_an_old_digest_void(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    probe = overlay(
        ("path", path, {"state": "file", "digest": "abc"}),
        ("path", path, {"state": "file", "content": "x"}),
    )
    assert probe.digest(path) == hashlib.sha256(b"x").hexdigest()


def test_a_removed_directory_takes_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/f").write_text("x")
    probe = overlay(
        ("path", f"{tmp_path}/d/new", {"state": "file", "content": ""}),
        ("path", f"{tmp_path}/d", {"state": "absent"}),
    )
    assert probe.lstat(f"{tmp_path}/d/e/f") is None
    assert probe.lstat(f"{tmp_path}/d/new") is None
    assert probe.listdir(str(tmp_path)) == []
    with pytest.raises(ModuleFailure, match="No such file"):
        probe.read(f"{tmp_path}/d/e/f")


def test_a_planned_directory_lists_what_is_planned_in_it(tmp_path: Path) -> None:
    probe = overlay(
        ("path", f"{tmp_path}/d", {"state": "directory"}),
        ("path", f"{tmp_path}/d/b.conf", {"state": "file", "content": ""}),
        ("path", f"{tmp_path}/d/a.conf", {"state": "file", "content": ""}),
        ("path", f"{tmp_path}/d/deep/x", {"state": "file", "content": ""}),
    )
    assert probe.listdir(f"{tmp_path}/d") == ["a.conf", "b.conf", "deep"]
    assert probe.glob(f"{tmp_path}/d/*.conf") == [f"{tmp_path}/d/a.conf", f"{tmp_path}/d/b.conf"]


def test_links_are_followed_through_what_is_planned(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/f").write_text("x")
    probe = overlay(
        ("path", f"{tmp_path}/link", {"state": "link", "target": "real"}),
        ("path", f"{tmp_path}/abs", {"state": "link", "target": f"{tmp_path}/link/f"}),
    )
    found = probe.lstat(f"{tmp_path}/link")
    assert found is not None
    assert (found.state, found.target) == ("link", "real")
    assert probe.read(f"{tmp_path}/abs") == b"x"
    assert probe.read(f"{tmp_path}/link/../real/f") == b"x"


def test_a_circle_of_links_fails(tmp_path: Path) -> None:
    a, b = f"{tmp_path}/a", f"{tmp_path}/b"
    probe = overlay(
        ("path", a, {"state": "link", "target": b}), ("path", b, {"state": "link", "target": a})
    )
    with pytest.raises(ModuleFailure, match="too many symbolic links"):
        probe.stat(a)


def test_a_planned_program_is_found() -> None:
    probe = overlay(("path", "/usr/local/bin/kplay-x", {"state": "file", "mode": 0o755}))
    assert probe.which("kplay-x") == "/usr/local/bin/kplay-x"


def test_users_and_groups() -> None:
    probe = overlay(
        ("user", "etcd", {"uid": 64123, "gid": 998, "groups": ["b", "a"], "home": "/var/lib/etcd"}),
        ("group", "etcd", {"gid": 998}),
        ("user", "daemon", {"state": "absent"}),
    )
    user = probe.user("etcd")
    assert user is not None
    assert (user.uid, user.groups, user.home) == (64123, ("a", "b"), "/var/lib/etcd")
    assert probe.user("64123") == user
    assert probe.group("etcd") == ("etcd", 998)
    assert probe.user("daemon") is None
    assert probe.user("root") is not None


def test_other_effects_are_looked_up_by_kind_and_key() -> None:
    probe = overlay(("sysctl", "net.ipv4.ip_forward", "1"), ("package", "curl", {"version": None}))
    assert probe.effect("sysctl", "net.ipv4.ip_forward") == "1"
    assert probe.effect("package", "curl") == {"version": None}
    assert probe.effect("package", "wget") is None


def test_a_plan_sends_no_request_that_writes() -> None:
    with pytest.raises(ValueError, match="no POST"):
        overlay().http("POST", "http://127.0.0.1:9/", {}, b"", 1, True, "none")


def touched(path: str, *, removes: bool = False) -> tuple[str, str, object]:
    return ("touched", path, {"cause": "`make it`", "removes": removes})


def test_what_a_program_names_may_be_there_after_it(tmp_path: Path) -> None:
    top = str(tmp_path)
    probe = overlay(touched(f"{top}/made"))
    for path in (f"{top}/made", f"{top}/made/below"):
        with pytest.raises(UnknownValue, match="`make it`"):
            probe.stat(path)
    assert probe.stat(f"{top}/other") is None
    with pytest.raises(UnknownValue, match="what is in"):
        probe.listdir(top)
    made = overlay(touched(f"{top}/made"), ("path", f"{top}/made", {"state": "file"}))
    assert made.stat(f"{top}/made") is not None
    gone = overlay(touched(f"{top}/made"), ("path", f"{top}/made", {"state": "absent"}))
    assert gone.stat(f"{top}/made") is None


def test_what_a_program_names_is_not_as_it_was_but_is_there(tmp_path: Path) -> None:
    path = tmp_path / "conf"
    path.write_text("x")
    probe = overlay(touched(str(path)))
    assert probe.stat(str(path)) is not None
    for read in (probe.read, probe.digest):
        with pytest.raises(UnknownValue, match="`make it` may change"):
            read(str(path))
    written = overlay(touched(str(path)), ("path", str(path), {"state": "file", "content": "y"}))
    assert written.read(str(path)) == b"y"
    with pytest.raises(UnknownValue, match="leaves"):
        overlay(touched(str(path), removes=True)).stat(str(path))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("mysql/debian.cnf", True),
        ("mysql.conf", True),
        ("other/debian.cnf", False),
        ("mysqladmin", False),
    ],
)
def test_a_package_may_bring_what_is_named_after_it(
    tmp_path: Path, path: str, *, asked: bool
) -> None:
    probe = overlay(("brings", "mysql", "mysql-common"))
    if asked:
        with pytest.raises(UnknownValue, match="package mysql-common brings"):
            probe.lstat(str(tmp_path / path))
    else:
        assert probe.lstat(str(tmp_path / path)) is None
    removed = overlay(("brings", "mysql", "mysql-common"), ("brings", "mysql", ""))
    assert removed.lstat(str(tmp_path / path)) is None


def test_below_a_tree_that_nobody_has_listed_anything_may_lie(tmp_path: Path) -> None:
    tree = str(tmp_path / "tree")
    probe = overlay(("path", tree, {"state": "directory", "below": UNKNOWN}))
    assert probe.stat(tree) is not None
    for ask in (lambda: probe.stat(tree + "/f"), lambda: probe.listdir(tree)):
        with pytest.raises(UnknownValue, match="what is in"):
            ask()


def test_what_will_be_mounted_over_a_directory_hides_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "mnt").mkdir()
    (tmp_path / "mnt/old").write_text("x")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/new").write_text("y")
    mnt = str(tmp_path / "mnt")
    empty = overlay(("path", mnt, {"state": "directory", "below": "nothing"}))
    assert (empty.stat(mnt + "/old"), empty.listdir(mnt)) == (None, [])
    bound = overlay(("path", mnt, {"state": "directory", "bind": str(tmp_path / "src")}))
    assert bound.read(mnt + "/new") == b"y"
    assert bound.stat(mnt + "/old") is None


def test_a_program_that_may_come_is_not_missing_for_good(tmp_path: Path) -> None:
    probe = overlay(touched("/usr/local/bin/kplay-none"))
    with pytest.raises(UnknownValue):
        probe.which("kplay-none")
    assert probe.which("sh")


def test_facts_are_those_of_a_planned_user_that_acts(tmp_path: Path) -> None:
    foreseen = Foreseen()
    foreseen.add([("user", "planner", {"name": "planner", "uid": 64200, "home": "/srv/p"})])
    facts = Overlay(foreseen, None, "planner").facts()
    assert (facts["uid"], facts["environ"]["HOME"]) == (64200, "/srv/p")


def test_the_length_of_what_only_the_run_can_tell_is_not_known(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    stat = overlay(("path", path, {"state": "file", "content": UNKNOWN})).stat(path)
    assert stat is not None
    assert stat.size == -1
