from __future__ import annotations

import pytest

from kplay.modules import rpm
from kplay.modules.zypper import module
from kplay.testing import FakeHost, plan, play

BASE = "zypper --non-interactive --quiet"
ANY = f"{BASE} install --type package --auto-agree-with-licenses -- x"
FLAGS = "--auto-agree-with-licenses --no-recommends"
OLD = "--oldpackage -- x"
UPDATES = """\
S | Repository | Name | Current Version | Available Version | Arch
--+------------+------+-----------------+-------------------+-------
v | main       | bash | 5.1-1           | 5.2-1             | x86_64
"""


def host(installed: dict[str, str] | None = None, updates: str = "") -> FakeHost:
    """A host with zypper, on which installing and removing works."""
    there = FakeHost()
    state = dict(installed or {})
    lists = {"updates": updates}

    def listed(_on: FakeHost, argv: object) -> str:
        names = list(argv)[4:]  # type: ignore[call-overload]
        found = [name for name in state if any(rpm.matching({name: None}, one) for one in names)]  # type: ignore[dict-item]
        return "".join(f"{name}\t{state[name]}\tx86_64\n" for name in found)

    def does(_on: FakeHost, argv: object) -> str:
        words = [word for word in list(argv)[1:] if not word.startswith("-")]  # type: ignore[call-overload]
        verb, names = words[0], words[1:]
        for name in names:
            asked = rpm.spec(name)
            if verb == "install":
                state[asked.name] = f"0:{asked.version or '9.9'}-1"
                lists["updates"] = ""
            elif verb == "remove":
                state.pop(asked.name, None)
        return "Nothing to do.\n" if verb == "dist-upgrade" else ""

    there.when("rpm -qa", does=listed).when("rpm -q --whatprovides", rc=1)
    there.when("zypper --no-refresh --quiet list-updates", does=lambda *_: lists["updates"])
    there.when("zypper --no-refresh --quiet search", rc=104)
    return there.when("zypper --non-interactive", does=does)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_package_is_installed_once() -> None:
    there = host()
    assert plan(module, {"name": "chrony"}, there).action == "create"
    done = play(module, {"name": "chrony"}, there)
    assert (done.changed, done["rc"], done["name"]) == (True, 0, ["chrony"])
    assert lines(there) == [f"{BASE} install --type package {FLAGS} -- chrony"]
    assert plan(module, {"name": "chrony"}, there).action == "none"
    assert not play(module, {"name": "chrony"}, there).changed


def test_versions() -> None:
    there = host({"chrony": "0:3.0-1"})
    assert not play(module, {"name": "chrony>2"}, there).changed
    assert play(module, {"name": "chrony=4.0"}, there).changed
    assert lines(there) == [f"{BASE} install --type package {FLAGS} --oldpackage -- chrony=4.0"]
    assert not play(module, {"name": "chrony=4.0"}, there).changed


def test_packages_go() -> None:
    there = host({"chrony": "0:3.0-1"})
    args = {"name": ["chrony", "none"], "state": "absent", "clean_deps": True}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert lines(there) == [f"{BASE} remove --type package --clean-deps chrony"]
    assert not play(module, {**args, "state": "removed"}, there).changed


def test_the_latest_is_what_the_lists_say() -> None:
    there = host({"bash": "0:5.1-1"}, UPDATES)
    assert plan(module, {"name": "bash", "state": "latest"}, there).action == "update"
    assert plan(module, {"name": "*", "state": "latest"}, there).action == "update"
    assert not plan(module, {"name": "bash"}, there).changed
    assert play(module, {"name": "bash", "state": "latest"}, there).changed
    assert not play(module, {"name": "bash", "state": "latest"}, there).changed
    there = host({"bash": "0:5.1-1"}, UPDATES)
    there.when("zypper --non-interactive --quiet update", does=lambda *_: "")
    play(module, {"name": "*", "state": "latest"}, there)
    assert lines(there) == [f"{BASE} update {FLAGS}"]


def test_a_distribution_upgrade() -> None:
    there = host()
    args = {"name": "*", "state": "dist-upgrade", "allow_vendor_change": True}
    assert plan(module, args, there).unknown == "what a dist-upgrade changes"
    assert not play(module, args, there).changed
    assert lines(there) == [f"{BASE} dist-upgrade {FLAGS} --allow-vendor-change"]


def test_patterns_and_files() -> None:
    there = host({"ours": "0:1.0-1"})
    play(module, {"name": "apache", "type": "pattern"}, there.when("zypper --non-interactive"))
    assert lines(there) == [f"{BASE} install --type pattern {FLAGS} -- apache"]
    there.when("zypper --no-refresh --quiet search", rc=0)
    assert not play(module, {"name": "apache", "type": "pattern"}, there).changed
    assert not play(module, {"name": "/tmp/ours-1.0-1.x86_64.rpm"}, there).changed


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"disable_recommends": False}, ANY),
        ({"disable_gpg_check": True, "auto_import_keys": True},
         f"{BASE} --no-gpg-checks --gpg-auto-import-keys install --type package {FLAGS} -- x"),
        ({"force": True, "force_resolution": True, "replacefiles": True, "oldpackage": True},
         f"{BASE} install --type package {FLAGS} --force --force-resolution --replacefiles {OLD}"),
        ({"quiet": False, "extra_args": "--dry-run", "extra_args_precommand": "--root /m"},
         f"zypper --non-interactive --root /m install --type package {FLAGS} --dry-run -- x"),
    ],
)  # fmt: skip
def test_options(args: dict[str, object], line: str) -> None:
    there = host()
    play(module, {"name": "x", **args}, there)
    assert lines(there) == [line]


def test_lists_are_fetched_first() -> None:
    there = host()
    play(module, {"name": "x", "refresh": True}, there)
    assert lines(there)[0] == f"{BASE} refresh"


def test_failures() -> None:
    there = host().when(f"{BASE} install", rc=104, stderr="Package 'x' not found.\n")
    assert play(module, {"name": "x"}, there).msg == "Zypper failed: Package 'x' not found."
    told = play(module, {"name": "x", "simple_errors": True}, there).msg
    assert told == "Package 'x' not found."
    there = host()
    there.when(f"{BASE} install", rc=107)
    assert play(module, {"name": "x"}, there).failed
    args = {"name": "/tmp/x-1.rpm", "skip_post_errors": True}
    assert play(module, args, there)["rc"] == 107
    assert "not installed" in play(module, {"name": "x"}, FakeHost()).msg
