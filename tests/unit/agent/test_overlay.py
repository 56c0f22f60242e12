from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from kplay.agent.host import Probe, UnknownValue
from kplay.agent.overlay import Foreseen, Overlay
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
        ("user", "etcd", {"uid": 999, "gid": 998, "groups": ["b", "a"], "home": "/var/lib/etcd"}),
        ("group", "etcd", {"gid": 998}),
        ("user", "daemon", {"state": "absent"}),
    )
    user = probe.user("etcd")
    assert user is not None
    assert (user.uid, user.groups, user.home) == (999, ("a", "b"), "/var/lib/etcd")
    assert probe.user("999") == user
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
