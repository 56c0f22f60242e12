from __future__ import annotations

from kplay.modules.zypper_repository import module
from kplay.testing import FakeHost, plan, play

D = "/etc/zypp/repos.d"
ARGS = {"name": "ours", "repo": "https://h/oss/", "description": "Ours"}
TEXT = "[ours]\nname=Ours\nenabled=1\nautorefresh=1\nbaseurl=https://h/oss/\n"


def host(files: dict[str, str] | None = None) -> FakeHost:
    there = FakeHost(dirs=[D], files={f"{D}/{name}": text for name, text in (files or {}).items()})
    return there.when("zypper")


def test_a_repository_is_added_once() -> None:
    there = host()
    assert plan(module, ARGS, there).action == "create"
    done = play(module, ARGS, there)
    assert (done.changed, done["name"], done["repo"]) == (True, "ours", "https://h/oss/")
    assert there.text(f"{D}/ours.repo") == TEXT
    assert plan(module, ARGS, there).action == "none"
    assert there.runs == []


def test_what_zypper_adds_is_no_change() -> None:
    there = host({"ours.repo": TEXT.replace("oss/", "oss") + "type=rpm-md\nkeeppackages=0\n"})
    assert plan(module, ARGS, there).action == "none"
    changed = {
        **ARGS,
        "enabled": False,
        "priority": 50,
        "disable_gpg_check": True,
        "refresh": False,
    }
    assert play(module, changed, there).changed
    lines = there.text(f"{D}/ours.repo").splitlines()
    assert {"enabled=0", "priority=50", "gpgcheck=0", "autorefresh=0"} <= set(lines)
    assert not play(module, changed, there).changed


def test_another_alias_of_the_address_is_replaced() -> None:
    there = host({"old.repo": TEXT.replace("[ours]", "[old]")})
    assert play(module, ARGS, there).changed
    assert there.listdir(D) == ["ours.repo"]
    there = host({"old.repo": TEXT.replace("[ours]", "[old]"), "ours.repo": "[ours]\nbaseurl=x\n"})
    assert "More than one repo matched" in play(module, ARGS, there).msg
    assert play(module, {**ARGS, "overwrite_multiple": True}, there).changed
    assert there.listdir(D) == ["ours.repo"]


def test_a_repository_goes() -> None:
    there = host({"ours.repo": TEXT})
    assert plan(module, {"name": "ours", "state": "absent"}, there).action == "remove"
    assert play(module, {"repo": "https://h/oss", "state": "absent"}, there).changed
    assert there.listdir(D) == []
    assert not play(module, {"name": "ours", "state": "absent"}, there).changed


def test_a_repo_file() -> None:
    there = host()
    there.serve("https://h/x.repo", "[x]\nname=X\nbaseurl=https://h/x\n")
    assert play(module, {"repo": "https://h/x.repo", "auto_import_keys": True}, there).changed
    assert there.text(f"{D}/x.repo").startswith("[x]\nname=X\nbaseurl=https://h/x\n")
    assert there.runs[-1].argv == (
        "zypper", "--non-interactive", "--gpg-auto-import-keys", "refresh", "x",
    )  # fmt: skip
    assert not play(module, {"repo": "https://h/x.repo"}, there).changed
    there.add_file("/tmp/y.repo", "[y]\nbaseurl=https://h/y\n")
    assert play(module, {"repo": "/tmp/y.repo"}, there).changed


def test_lists_are_fetched() -> None:
    there = host({"ours.repo": TEXT})
    assert not play(module, {**ARGS, "runrefresh": True}, there).changed
    assert there.runs[-1].argv[-2:] == ("refresh", "ours")
    assert not play(module, {"repo": "*", "runrefresh": True}, there).changed
    assert there.runs[-1].argv[-1] == "refresh"
    there.when("zypper", rc=4, stderr="no\n")
    assert play(module, {**ARGS, "runrefresh": True}, there).msg == "Zypper failed to refresh: no"


def test_what_cannot_be() -> None:
    there = host()
    assert "requires repo" in play(module, {"name": "x"}, there).msg
    assert "required when state=absent" in play(module, {"state": "absent"}, there).msg
    assert "Name required" in play(module, {"repo": "https://h"}, there).msg
    assert "runrefresh" in play(module, {"repo": "*"}, there).msg
    assert "does not exist" in play(module, {"repo": "/none.repo"}, there).msg
    there.add_file("/bad.repo", "x")
    assert "could not be parsed" in play(module, {"repo": "/bad.repo"}, there).msg
    assert "is this a host with zypper" in play(module, ARGS, FakeHost()).msg
