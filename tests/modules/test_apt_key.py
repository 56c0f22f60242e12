from __future__ import annotations

import hashlib

import pytest

from kplay.modules import openpgp
from kplay.modules.apt_key import module
from kplay.testing import FakeHost, plan, play

RING = "/etc/apt/trusted.gpg.d/ours.gpg"
URL = "https://keys.example/key.asc"


def packet(tag: int, body: bytes) -> bytes:
    """A packet of the new format; longer ones have a length of two bytes."""
    if len(body) < 192:
        return bytes([0xC0 | tag, len(body)]) + body
    rest = len(body) - 192
    return bytes([0xC0 | tag, 192 + (rest >> 8), rest & 0xFF]) + body


def key(seed: str, *, subkey: bool = False) -> bytes:
    body = b"\x04" + hashlib.sha512(seed.encode()).digest() * 4
    made = packet(6, body) + packet(13, seed.encode())
    return made + packet(14, b"\x04" + seed.encode()) if subkey else made


def fingerprint(seed: str) -> str:
    body = b"\x04" + hashlib.sha512(seed.encode()).digest() * 4
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()  # noqa: S324


A, B = fingerprint("a"), fingerprint("b")


def test_keys_are_read_from_their_bytes() -> None:
    whole = openpgp.keys(key("a", subkey=True) + key("b"))
    assert [one.fingerprint for one in whole] == [A, B]
    assert len(whole[0].subkeys) == 1
    assert b"".join(one.data for one in whole) == key("a", subkey=True) + key("b")
    assert [one.fingerprint for one in openpgp.keys(openpgp.armored(key("b")))] == [B]
    assert openpgp.keys(b"no key") == []
    assert whole[0].named("0x" + A[-8:].lower())
    assert whole[0].named(whole[0].subkeys[0])
    assert not whole[1].named(A)


def test_old_packets_are_read() -> None:
    body = b"\x04" + b"x" * 300
    old = b"\x99" + len(body).to_bytes(2, "big") + body
    assert len(openpgp.keys(old)) == 1
    assert openpgp.keys(b"\x98\x03\x04ab")[0].data == b"\x98\x03\x04ab"


def test_a_key_is_trusted_once() -> None:
    there = FakeHost(dirs=["/etc/apt/trusted.gpg.d"])
    there.serve(URL, openpgp.armored(key("a")))
    args = {"url": URL, "keyring": RING, "id": A}
    planned = plan(module, args, there)
    assert planned.action == "create"
    assert planned.effects == [
        ("path", RING, {"state": "file", "content": key("a").decode("latin-1")})
    ]
    done = play(module, args, there)
    assert (done.changed, done["fp"], done["id"], done["short_id"]) == (True, A, A, A[-8:])
    assert (done["before"], done["after"]) == ([], [A[-16:]])
    assert there.read(RING) == key("a")
    there.pages.clear()
    assert plan(module, args, there).action == "none"
    assert not play(module, {"id": A[-8:], "url": URL}, there).changed


def test_other_keys_of_the_ring_stay() -> None:
    there = FakeHost(files={RING: key("b"), "/tmp/key": key("a")})
    assert play(module, {"file": "/tmp/key", "keyring": RING}, there).changed
    assert there.read(RING) == key("b") + key("a")
    gone = {"id": A, "state": "absent", "keyring": RING}
    assert plan(module, gone, there).action == "remove"
    done = play(module, gone, there)
    assert (done["before"], done["after"]) == ([B[-16:], A[-16:]], [B[-16:]])
    assert there.read(RING) == key("b")
    assert not play(module, gone, there).changed
    assert play(module, {"id": B, "state": "absent"}, there).changed
    assert there.stat(RING) is None


def test_an_armored_ring_and_apts_own() -> None:
    there = FakeHost(dirs=["/etc/apt/trusted.gpg.d"])
    data = openpgp.armored(key("a")).decode()
    assert play(module, {"data": data}, there).changed
    assert there.read("/etc/apt/trusted.gpg") == key("a")
    armored = "/etc/apt/trusted.gpg.d/b.asc"
    assert play(module, {"data": data, "keyring": armored}, there).changed
    assert there.text(armored) == data
    assert not play(module, {"data": data, "keyring": armored}, there).changed


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("keyserver.ubuntu.com", "https://keyserver.ubuntu.com"),
        ("hkp://keys.example", "http://keys.example:11371"),
        ("hkps://keys.example/", "https://keys.example"),
        ("hkp://keys.example:80", "http://keys.example:80"),
    ],
)
def test_a_key_from_a_server(server: str, url: str) -> None:
    there = FakeHost(dirs=["/etc/apt"])
    there.serve(f"{url}/pks/lookup?op=get&options=mr&search=0x{A}", openpgp.armored(key("a")))
    assert play(module, {"keyserver": server, "id": A}, there).changed


def test_what_cannot_be() -> None:
    there = FakeHost(files={"/tmp/key": key("a"), "/etc/apt/odd.gpg": b"\0\0\0 KBXf"})
    assert "required: data" in play(module, {}, there).msg
    assert "id is required" in play(module, {"state": "absent", "url": URL}, there).msg
    assert "no OpenPGP" in play(module, {"data": "x"}, there).msg
    assert "not seem" in play(module, {"file": "/tmp/key", "id": B}, there).msg
    assert "is not a keyring" in (
        play(module, {"file": "/tmp/key", "keyring": "/etc/apt/odd.gpg"}, there).msg
    )
    assert "wants the id" in play(module, {"keyserver": "x"}, there).msg
    assert "does not exist" in play(module, {"file": "/none"}, there).msg
    assert "Request failed" in play(module, {"url": URL, "validate_certs": False}, there).msg
    broken = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END PGP PUBLIC KEY BLOCK-----\n"
    assert "cannot be read" in play(module, {"data": broken}, there).msg
