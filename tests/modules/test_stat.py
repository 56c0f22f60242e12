from __future__ import annotations

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import UNKNOWN
from kplay.modules.stat import module
from kplay.testing import FakeHost, plan, play


def host(uid: int = 0) -> FakeHost:
    made = FakeHost(
        files={"/d/a": "alpha"},
        links={"/l": "/d/a", "/two": "/l", "/broken": "none"},
        users={"bob": {"uid": 1000}},
        uid=uid,
    )
    made.add_file("/secret", mode=0o640)
    made.add_file("/odd", mode=0o4711)
    return made


CASES = [
    ("/none", {}, {"exists": False}),
    ("/broken", {"follow": True}, {"exists": False}),
    ("/broken", {}, {"exists": True, "islnk": True, "lnk_target": "none", "lnk_source": "/none"}),
    ("/l", {}, {"islnk": True, "isreg": False, "lnk_target": "/d/a", "lnk_source": "/d/a"}),
    ("/two", {}, {"lnk_target": "/l", "lnk_source": "/d/a"}),
    ("/l", {"follow": True}, {"islnk": False, "isreg": True, "size": 5}),
    ("/d", {}, {"isdir": True, "mode": "0755", "xusr": True, "wgrp": False, "executable": True}),
    ("/d/a", {}, {"checksum": "be76331b95dfc399cd776d2fc68021e0db03cc4f", "mode": "0644"}),
    ("/d/a", {"checksum": "md5"}, {"checksum": "2c1743a391305fbf367df8e4f069f9f9"}),
    ("/d/a", {}, {"pw_name": "root", "gr_name": "root", "uid": 0, "gid": 0, "nlink": 1}),
    ("/d/a", {}, {"readable": True, "writeable": True, "executable": False}),
    ("/odd", {}, {"isuid": True, "isgid": False, "mode": "4711", "xoth": True, "roth": False}),
    ("/d/a", {}, {"mimetype": "unknown", "charset": "unknown", "attributes": []}),
]


@pytest.mark.parametrize(("path", "options", "fields"), CASES, ids=str)
def test_fields(path: str, options: dict[str, object], fields: dict[str, object]) -> None:
    there = host()
    done = plan(module, {"path": path, **options}, there)
    assert not done.changed
    assert {name: done["stat"].get(name) for name in fields} == fields
    assert play(module, {"path": path, **options}, there).fields == done.fields


@pytest.mark.parametrize(
    ("path", "access"),
    [("/d/a", (True, False, False)), ("/secret", (False, False, False))],
)
def test_access_of_one_who_is_not_root(path: str, access: tuple[bool, bool, bool]) -> None:
    stat = plan(module, {"path": path}, host(uid=1000))["stat"]
    assert (stat["readable"], stat["writeable"], stat["executable"]) == access


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("get_checksum", ("checksum",)),
        ("get_mime", ("mimetype", "charset")),
        ("get_attributes", ("attributes", "attr_flags", "version")),
    ],
)
def test_what_is_not_asked_for_is_left_out(option: str, names: tuple[str, ...]) -> None:
    stat = plan(module, {"path": "/d/a", option: False}, host())["stat"]
    assert not set(names) & set(stat)


def test_a_planned_file_of_unknown_content_exists_with_an_unknown_checksum() -> None:
    class Foreseeing(FakeHost):
        def digest(self, path: str, algorithm: str = "sha256") -> str:  # noqa: ARG002
            raise UnknownValue(path)

    stat = plan(module, {"path": "/f"}, Foreseeing(files={"/f": ""}))["stat"]
    assert stat["exists"] is True
    assert stat["checksum"] == UNKNOWN
