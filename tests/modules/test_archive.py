from __future__ import annotations

import gzip

import pytest

from kplay.modules import archives
from kplay.modules.archive import module
from kplay.testing import FakeHost, plan, play


def host() -> FakeHost:
    there = FakeHost(
        files={"/srv/a/one": "1", "/srv/a/deep/two.log": "2", "/srv/b": "b"},
        links={"/srv/a/link": "one"},
    )
    there.add_dir("/out")
    return there


def names(there: FakeHost, path: str) -> list[str]:
    _, members = archives.members(there.read(path), path)
    return sorted(one.name.rstrip("/") for one in members)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "tar", "zip"])
def test_a_tree_is_packed_once(kind: str) -> None:
    there = host()
    args = {"path": "/srv/a", "dest": "/out/a", "format": kind}
    planned = plan(module, args, there)
    assert planned.action == "create"
    done = play(module, args, there)
    assert (done.changed, done["state"], done["dest_state"]) == (True, "file", "archive")
    assert done["archived"] == [f"/srv/a/{n}" for n in ("deep", "link", "one", "deep/two.log")]
    assert (done["arcroot"], done["missing"]) == ("/srv/", [])
    assert names(there, "/out/a") == ["a/deep", "a/deep/two.log", "a/link", "a/one"]
    assert plan(module, args, there).action == "none"
    assert not play(module, args, there).changed
    there.add_file("/srv/a/one", "changed")
    assert plan(module, args, there).action == "update"


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_one_file_is_compressed_alone(kind: str) -> None:
    there = host()
    there.add_user("app")
    own = {"mode": "0600", "owner": "app", "group": "app", "unsafe_writes": False}
    args = {"path": "/srv/b", "format": kind, **own}
    done = play(module, args, there)
    assert (done["dest_state"], done["dest"], done["mode"]) == (
        "compress", f"/srv/b.{kind}", "0600",
    )  # fmt: skip
    assert done["owner"] == "app"
    assert archives.decompressed(there.read(f"/srv/b.{kind}")) == b"b"
    assert not play(module, args, there).changed


def test_one_file_as_an_archive() -> None:
    there = host()
    assert play(module, {"path": "/srv/b", "force_archive": True}, there).changed
    assert names(there, "/srv/b.tar.gz") == ["b"]
    assert play(module, {"path": "/srv/b", "format": "zip"}, there).changed
    assert names(there, "/srv/b.zip") == ["b"]


def test_what_is_left_out() -> None:
    there = host()
    args = {
        "path": ["/srv/*"],
        "dest": "/out/all.tgz",
        "exclude_path": "/srv/b",
        "exclusion_patterns": ["*.log"],
    }
    done = play(module, args, there)
    assert (done["expanded_paths"], done["expanded_exclude_paths"]) == (
        ["/srv/a", "/srv/b"], ["/srv/b"],
    )  # fmt: skip
    assert names(there, "/out/all.tgz") == ["a/deep", "a/link", "a/one"]
    assert not play(module, args, there).changed


def test_what_is_missing_is_told() -> None:
    there = host()
    args = {"path": ["/srv/a", "/srv/none"], "dest": "/out/x.tgz"}
    done = play(module, args, there)
    assert (done["missing"], done["dest_state"]) == (["/srv/none"], "incomplete")
    done = play(module, {"path": "/none", "dest": "/out/y"}, there)
    assert (done.changed, done["dest_state"], done["missing"]) == (False, "absent", ["/none"])
    assert plan(module, {"path": "/none", "dest": "/out/y"}, there).unknown == (
        "no /none on the host yet"
    )
    assert 'must specify "dest"' in play(module, {"path": "/srv/a"}, there).msg


def test_sources_go() -> None:
    there = host()
    args = {"path": "/srv/a", "dest": "/srv/a.tgz", "remove": True}
    assert ("path", "/srv/a", {"state": "absent"}) in plan(module, args, there).effects
    done = play(module, args, there)
    assert done.changed
    assert there.stat("/srv/a") is None
    assert not play(module, args, there).changed


def test_a_file_that_is_no_archive_is_replaced() -> None:
    there = host()
    there.add_file("/out/a.tgz", "nonsense")
    assert play(module, {"path": "/srv/a", "dest": "/out/a.tgz"}, there).changed
    there.add_file("/srv/b.gz", gzip.compress(b"other"))
    assert play(module, {"path": "/srv/b"}, there).changed


def test_a_tree_that_a_step_before_will_bring_is_not_known() -> None:
    there = host()
    there.effects["git", "/srv/a"] = {"version": "x", "url": "y"}
    told = plan(module, {"path": "/srv/a", "dest": "/out/a.tgz"}, there).unknown
    assert told == "what /srv/a holds once it is cloned or fetched"
