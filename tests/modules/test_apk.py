from __future__ import annotations

import pytest

from kplay.modules.apk import module
from kplay.testing import FakeHost, plan, play

DB = "/lib/apk/db/installed"
WORLD = "/etc/apk/world"


def host(packages: dict[str, str] | None = None, world: str = "", newer: str = "") -> FakeHost:
    """A host with apk, on which installing and removing works."""
    there = FakeHost(files={WORLD: world + "\n"})
    state = dict(packages or {})
    lists = {"newer": newer}

    def write(on: FakeHost) -> None:
        on.add_file(DB, "\n".join(f"P:{n}\nV:{v}\np:cmd:{n}=1\n" for n, v in state.items()))

    def does(on: FakeHost, argv: object) -> str:
        words = [one for one in list(argv)[1:] if not one.startswith("-")]  # type: ignore[call-overload]
        for text in words[1:]:
            name, _, version = text.partition("=")
            if words[0] == "add":
                state[name] = version or "2.0-r0"
                on.add_file(WORLD, on.text(WORLD) + f"{text}\n")
                lists["newer"] = ""
            else:
                state.pop(name, None)
        write(on)
        return ""

    write(there)
    there.when("apk", does=does).when("apk version", does=lambda *_: lists["newer"])
    return there.when("apk upgrade --simulate", stdout="OK: 5 MiB\n")


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_package_is_installed_once() -> None:
    there = host()
    assert plan(module, {"name": "vim"}, there).action == "create"
    done = play(module, {"name": "vim"}, there)
    assert (done.changed, done["packages"]) == (True, ["vim"])
    assert lines(there) == ["apk add vim"]
    assert plan(module, {"name": "vim"}, there).action == "none"
    assert play(module, {"name": "vim"}, there).msg == "package(s) already installed"


def test_a_dependency_becomes_part_of_the_world() -> None:
    there = host({"vim": "1.0-r0"})
    assert play(module, {"name": "vim"}, there).changed
    assert not play(module, {"name": "vim"}, there).changed
    assert not play(module, {"name": "cmd:vim"}, host({"vim": "1-r0"}, "cmd:vim")).changed


@pytest.mark.parametrize(
    ("text", "fine"),
    [("vim=1.5-r0", True), ("vim>1.4", True), ("vim<1.4", False), ("vim>=1.5-r0", True),
     ("vim<=1.0", False), ("vim~1.5", True), ("vim~1.4", False), ("vim@edge", True)],
)  # fmt: skip
def test_versions(text: str, fine: bool) -> None:
    assert play(module, {"name": text}, host({"vim": "1.5-r0"}, "vim")).changed is not fine


def test_packages_go() -> None:
    there = host({"vim": "1.0-r0"}, "vim")
    args = {"name": ["vim", "none"], "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert lines(there) == ["apk del --purge vim"]
    assert not play(module, args, there).changed


def test_the_latest() -> None:
    newer = "Installed:   Available:\nvim-common-1.0-r0 < 2.0-r0\n"
    there = host({"vim-common": "1.0-r0"}, "vim-common", newer)
    assert not plan(module, {"name": "vim-common"}, there).changed
    args = {"name": "vim-common", "state": "latest"}
    assert play(module, args, there).changed
    assert lines(there) == ["apk add --upgrade vim-common"]
    assert not play(module, args, there).changed


def test_upgrades_and_lists() -> None:
    there = host()
    assert not play(module, {"upgrade": True}, there).changed
    said = "(1/1) Upgrading musl (1.2-r0 -> 1.3-r0)\nOK\n"
    there.when("apk upgrade --simulate", stdout=said)
    assert plan(module, {"upgrade": True}, there).before == {"upgradable": ["musl"]}
    play(module, {"upgrade": True, "available": True}, there)
    assert lines(there) == ["apk upgrade --available"]
    assert play(module, {"update_cache": True}, there).changed
    assert lines(there)[-1] == "apk update"


def test_options() -> None:
    there = host()
    play(module, {"name": "x", "no_cache": True, "repository": ["http://r"]}, there)
    assert lines(there) == [
        "apk add --no-cache --repository http://r --repositories-file /dev/null x"
    ]
    there = host({"x": "1"}, "")
    there.add_file("/tmp/world", "x\n")
    assert not play(module, {"name": "x", "world": "/tmp/world"}, there).changed


def test_what_cannot_be() -> None:
    there = host()
    assert "required" in play(module, {}, there).msg
    assert "mutually exclusive" in play(module, {"name": "x", "upgrade": True}, there).msg
    assert "not a package name" in play(module, {"name": "=1"}, there).msg
    assert "not installed" in play(module, {"name": "x"}, FakeHost()).msg
    there.when("apk add", rc=1, stderr="ERROR: unable to select packages\n")
    assert play(module, {"name": "x"}, there).msg == (
        "failed to add x: ERROR: unable to select packages"
    )
