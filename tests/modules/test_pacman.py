from __future__ import annotations

import pytest

from kplay.modules.pacman import module
from kplay.testing import FakeHost, plan, play

BASE = "pacman --noconfirm --noprogressbar"


def host(*installed: str, newer: tuple[str, ...] = (), groups: dict[str, list[str]] | None = None):
    """A host with pacman, on which installing and removing works."""
    there = FakeHost(files={"/var/lib/pacman/sync/core.db": ""})
    state = dict.fromkeys(installed, "1.0-1")
    outdated = set(newer)
    explicit = set(installed)

    def does(on: FakeHost, argv: object) -> str:
        words = list(argv)  # type: ignore[call-overload]
        names = [one for one in words[3:] if not one.startswith("-")]
        if "--remove" in words:
            for name in names:
                del state[name]
        elif "--database" in words:
            for name in names:
                (explicit.discard if "--asdeps" in words else explicit.add)(name)
        elif "--refresh" in words:
            on.now += 1
            on.add_file("/var/lib/pacman/sync/core.db", "")
        elif "--sysupgrade" in words:
            state.update(dict.fromkeys(outdated, "2.0-1"))
            outdated.clear()
        else:
            for name in names:
                for one in (groups or {}).get(name, [name]):
                    state[one.rsplit("/", 1)[-1].split("-1.0")[0]] = "2.0-1"
                    outdated.discard(one)
        return ""

    def listing(names: object) -> str:
        return "".join(f"{one} {state[one]}\n" for one in sorted(names) if one in state)  # type: ignore[call-overload]

    there.when("pacman", does=does)
    there.when("pacman -Q", does=lambda *_: listing(state))
    there.when("pacman -Qu", does=lambda *_: listing(outdated))
    there.when("pacman -Qe", does=lambda *_: listing(explicit))
    return there.when(
        "pacman -Sg",
        does=lambda _on, argv: "".join(
            f"{argv[2]} {one}\n" for one in (groups or {}).get(argv[2], [])
        ),
    )


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_package_is_installed_once() -> None:
    there = host()
    assert plan(module, {"name": "vim"}, there).action == "create"
    done = play(module, {"name": "vim"}, there)
    assert (done.changed, done["packages"]) == (True, ["vim"])
    assert lines(there) == [f"{BASE} --sync vim"]
    assert plan(module, {"name": "vim"}, there).action == "none"
    assert play(module, {"pkg": "vim"}, there).msg == "package(s) already installed"


def test_packages_go() -> None:
    there = host("vim")
    args = {"name": ["vim", "none"], "state": "absent", "force": True, "remove_nosave": True}
    assert plan(module, args, there).action == "remove"
    assert play(module, {**args, "extra_args": "--recursive"}, there).changed
    assert lines(there) == [f"{BASE} --remove --nodeps --nodeps --nosave --recursive vim"]
    assert not play(module, args, there).changed


def test_the_latest_and_upgrades() -> None:
    there = host("vim", "bash", newer=("vim",))
    assert not plan(module, {"name": "vim"}, there).changed
    assert plan(module, {"name": "vim", "state": "latest"}, there).action == "update"
    assert plan(module, {"upgrade": True}, there).action == "update"
    assert play(module, {"upgrade": True, "upgrade_extra_args": "--x"}, there)["packages"] == [
        "vim"
    ]
    assert lines(there) == [f"{BASE} --sync --sysupgrade --x"]
    assert play(module, {"upgrade": True}, there).msg == "Nothing to upgrade"


def test_groups() -> None:
    there = host("a", groups={"g": ["a", "b"]})
    planned = plan(module, {"name": "g"}, there)
    assert planned.before["packages"] == {"g": "1 of 2"}
    assert play(module, {"name": "g"}, there).changed
    assert plan(module, {"name": "g"}, there).action == "none"
    assert play(module, {"name": "g", "state": "absent"}, there).changed
    assert lines(there)[-1] == f"{BASE} --remove a b"


def test_files() -> None:
    there = host()
    path = "/tmp/ours-1.0-1-x86_64.pkg.tar.zst"
    assert play(module, {"name": path}, there).changed
    assert lines(there) == [f"{BASE} --upgrade {path}"]
    assert not play(module, {"name": path}, there).changed


def test_reasons() -> None:
    there = host("vim")
    args = {"name": ["vim"], "reason": "dependency"}
    assert not play(module, args, there).changed
    assert play(module, {**args, "reason_for": "all"}, there).changed
    assert lines(there) == [f"{BASE} --database --asdeps vim"]
    assert plan(module, {**args, "reason_for": "all"}, there).action == "none"
    play(module, {"name": "new", "reason": "explicit"}, there)
    assert lines(there)[-1] == f"{BASE} --sync --asexplicit new"


def test_lists() -> None:
    there = host()
    args = {"update_cache": True, "force": True, "update_cache_extra_args": "--quiet"}
    done = play(module, args, there)
    assert (done.changed, done["cache_updated"]) == (True, True)
    assert lines(there) == [f"{BASE} --sync --refresh --refresh --quiet"]
    there.when("pacman --noconfirm --noprogressbar --sync --refresh", does=lambda *_: "")
    assert not play(module, {"update_cache": True}, there).changed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "one of the following is required: name, update_cache, upgrade"),
        ({"name": "x", "upgrade": True}, "parameters are mutually exclusive: name|upgrade"),
        ({"name": "x", "executable": "yay"}, "yay is not installed on this host"),
    ],
)
def test_what_cannot_be(args: dict[str, object], message: str) -> None:
    assert play(module, args, host()).msg == message


def test_a_refusal_fails() -> None:
    there = host().when("pacman --noconfirm", rc=1, stderr="error: target not found: x\n")
    told = play(module, {"name": "x"}, there).msg
    assert told == "Failed to --sync x: error: target not found: x"
