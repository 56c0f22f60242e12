from __future__ import annotations

from pathlib import Path

from kplay.modules import openpgp
from kplay.modules.rpm_key import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/pki/key"
BODY = b"\x04" + b"k" * 60
KEY = bytes([0xC6, len(BODY)]) + BODY
PRINT = openpgp.keys(KEY)[0].fingerprint
VERSION = PRINT[-8:].lower()


def host(*versions: str) -> FakeHost:
    there = FakeHost(files={PATH: KEY})
    known = list(versions)

    def takes(on: FakeHost, _argv: object) -> str:
        known.append(VERSION)
        return ""

    def drops(_on: FakeHost, argv: object) -> str:
        known.remove(Path(list(argv)[-1]).name.split("-")[-1])  # type: ignore[call-overload]
        return ""

    there.when("rpm -q gpg-pubkey", does=lambda *_: "".join(one + "\n" for one in known))
    return there.when("rpm --import", does=takes).when("rpm --erase", does=drops)


def test_a_key_is_imported_once() -> None:
    there = host("8483c65d")
    assert plan(module, {"key": PATH}, there).action == "create"
    assert play(module, {"key": PATH, "fingerprint": PRINT.lower()}, there).changed
    assert there.runs[-1].argv[:2] == ("rpm", "--import")
    assert plan(module, {"key": PATH}, there).action == "none"
    assert play(module, {"key": PATH, "state": "absent"}, there).changed
    assert there.runs[-1].argv[-1] == f"gpg-pubkey-{VERSION}"


def test_a_key_goes_by_its_id() -> None:
    there = host("8483c65d")
    args = {"key": "0x8483C65D", "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert not play(module, args, there).changed


def test_a_key_from_a_url() -> None:
    there = host()
    there.serve("https://h/key", openpgp.armored(KEY))
    assert play(module, {"key": "https://h/key", "validate_certs": False}, there).changed
    assert not play(module, {"key": "https://h/key"}, there).changed


def test_a_plan_knows_of_the_keys_before() -> None:
    there = host()
    for kind, key, value in plan(module, {"key": PATH}, there).effects:
        there.effects[kind, key] = value
    assert plan(module, {"key": PATH}, there).action == "none"


def test_what_cannot_be() -> None:
    there = host()
    told = play(module, {"key": PATH, "fingerprint": ["AA BB"]}, there).msg
    assert told == (
        f"The specified fingerprint, 'AABB', does not match any key fingerprints in '{PRINT}'"
    )
    assert "valid file" in play(module, {"key": "8483C65D"}, there).msg
    assert play(module, {"key": "/none"}, there).msg == "Not a valid key /none"
    there.add_file("/bad", "x")
    assert play(module, {"key": "/bad"}, there).msg == "Not a valid key /bad"
    assert "not installed" in play(module, {"key": PATH}, FakeHost()).msg
    broken = host().when("rpm --import", rc=1, stderr="no\n")
    assert play(module, {"key": PATH}, broken).msg == "no"
