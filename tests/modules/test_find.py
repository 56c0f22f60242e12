from __future__ import annotations

import pytest

from kplay.modules.find import module
from kplay.testing import FakeHost, plan, play


def host() -> FakeHost:
    made = FakeHost(
        files={
            "/d/a.conf": "one\ntwo\n",
            "/d/b.txt": "x" * 2048,
            "/d/.hid": "",
            "/d/sub/c.conf": "three",
            "/d/sub/deep/e.conf": "",
            "/d/.git/f.conf": "",
        },
        links={"/d/l": "/d/a.conf", "/d/ld": "/d/sub"},
    )
    made.chmod("/d/b.txt", 0o600)
    made.utime("/d/a.conf", made.now, made.now - 3 * 86400)
    return made


CASES = [
    ({}, ["a.conf", "b.txt"]),
    ({"hidden": True}, [".hid", "a.conf", "b.txt"]),
    ({"patterns": "*.conf"}, ["a.conf"]),
    ({"pattern": "*.conf,*.txt"}, ["a.conf", "b.txt"]),
    ({"patterns": [r".*\.conf"], "use_regex": True}, ["a.conf"]),
    ({"patterns": ["conf"], "use_regex": True}, []),
    ({"patterns": "*.conf", "recurse": True}, [
        "a.conf", ".git/f.conf", "sub/c.conf", "sub/deep/e.conf"
    ]),
    ({"patterns": "*.conf", "recurse": True, "depth": 2}, [
        "a.conf", ".git/f.conf", "sub/c.conf"
    ]),
    ({"patterns": "*.conf", "recurse": True, "limit": 1}, ["a.conf"]),
    ({"excludes": "*.txt"}, ["a.conf"]),
    ({"file_type": "directory"}, ["sub"]),
    ({"file_type": "link"}, ["l", "ld"]),
    ({"file_type": "any"}, ["a.conf", "b.txt", "l", "ld", "sub"]),
    ({"age": "2d"}, ["a.conf"]),
    ({"age": "-1h"}, ["b.txt"]),
    ({"size": "1k"}, ["b.txt"]),
    ({"size": "-1k"}, ["a.conf"]),
    ({"mode": "0600"}, ["b.txt"]),
    ({"mode": "0600", "exact_mode": False}, ["a.conf", "b.txt"]),
    ({"contains": "tw"}, ["a.conf"]),
    ({"contains": "wo"}, []),
    ({"contains": "wo", "read_whole_file": True}, ["a.conf"]),
    ({"follow": True, "patterns": "l"}, ["l"]),
]  # fmt: skip


@pytest.mark.parametrize(("args", "names"), CASES, ids=str)
def test_conditions(args: dict[str, object], names: list[str]) -> None:
    there = host()
    done = plan(module, {"paths": "/d", **args}, there)
    assert [one["path"][3:] for one in done["files"]] == names
    assert done["matched"] == len(names)
    assert not done.changed
    assert play(module, {"path": ["/d"], **args}, there).fields == done.fields


def test_fields_of_a_file() -> None:
    done = plan(module, {"paths": "/d", "patterns": "b.txt", "get_checksum": True}, host())
    fields = done["files"][0]
    assert (fields["mode"], fields["size"], fields["isreg"]) == ("0600", 2048, True)
    assert len(fields["checksum"]) == 40


def test_what_is_no_directory_is_skipped() -> None:
    done = plan(module, {"paths": ["/none", "/d"]}, host())
    assert done["skipped_paths"] == {"/none": "'/none' is not a directory"}
    assert done["matched"] == 2
    assert "Not all paths examined" in done["msg"]


@pytest.mark.parametrize("args", [{"age": "soon"}, {"size": "big"}], ids=str)
def test_bounds_that_are_none(args: dict[str, object]) -> None:
    assert "failed to process" in plan(module, {"paths": "/d", **args}, host()).msg
