from __future__ import annotations

import base64

import pytest

from kplay.agent import cipher

KEY = b"k" * 32


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 70000])
def test_what_was_sealed_opens(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    assert cipher.unseal(KEY, cipher.seal(KEY, data[:size])) == data[:size]


def test_two_seals_of_one_text_differ() -> None:
    assert cipher.seal(KEY, b"secret") != cipher.seal(KEY, b"secret")


def test_the_text_is_not_in_the_seal() -> None:
    assert b"secret" not in base64.b64decode(cipher.seal(KEY, b"secret" * 10))


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(cipher.SealError):
        cipher.unseal(b"x" * 32, cipher.seal(KEY, b"secret"))


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_changed_seal_does_not_open(at: int) -> None:
    raw = bytearray(base64.b64decode(cipher.seal(KEY, b"secret")))
    raw[at] ^= 1
    with pytest.raises(cipher.SealError):
        cipher.unseal(KEY, base64.b64encode(bytes(raw)).decode())
