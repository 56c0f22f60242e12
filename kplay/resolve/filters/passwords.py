"""Hashed passwords: SHA-crypt as Drepper specified it, since Python is dropping crypt(3)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000


def _spread(digest: bytes, length: int) -> bytes:
    return (digest * (length // len(digest) + 1))[:length]


def _digest(password: bytes, salt: bytes, rounds: int, kind: str) -> bytes:
    """The last digest of SHA-crypt."""

    def new(data: bytes) -> bytes:
        return hashlib.new(kind, data).digest()

    second = new(password + salt + password)
    first = password + salt + _spread(second, len(password))
    length = len(password)
    while length:
        first += second if length & 1 else password
        length >>= 1
    result = new(first)
    spread_password = _spread(new(password * len(password)), len(password))
    spread_salt = _spread(new(salt * (16 + result[0])), len(salt))
    for index in range(rounds):
        data = spread_password if index & 1 else result
        data += spread_salt if index % 3 else b""
        data += spread_password if index % 7 else b""
        data += result if index & 1 else spread_password
        result = new(data)
    return result


def _letters(parts: tuple[int, ...], count: int) -> str:
    number = 0
    for part in parts:
        number = number << 8 | part
    letters = ""
    for _ in range(count):
        letters += _ALPHABET[number & 63]
        number >>= 6
    return letters


def sha512_crypt(password: str, salt: str, rounds: int = _ROUNDS) -> str:
    """A password hashed as ``$6$`` in /etc/shadow."""
    salt = salt[:16]
    raw = _digest(password.encode(), salt.encode(), rounds, "sha512")
    text = ""
    for group in range(21):
        base = (group, group + 21, group + 42)
        turn = group % 3
        order = base[turn:] + base[:turn]
        text += _letters(tuple(raw[index] for index in order), 4)
    text += _letters((raw[63],), 2)
    shown = "" if rounds == _ROUNDS else f"rounds={rounds}$"
    return f"$6${shown}{salt}${text}"


def password_hash(
    password: Any, hashtype: str = "sha512", salt: str | None = None, rounds: int | None = None
) -> str:
    """A password hashed for /etc/shadow; give a salt, or each run has another hash."""
    if hashtype != "sha512":
        raise ValueError(f"only sha512 is supported, not `{hashtype}`")
    chosen = salt or "".join(secrets.choice(_ALPHABET[2:]) for _ in range(16))
    return sha512_crypt(str(password), chosen, rounds or _ROUNDS)


SAFE = {"password_hash": password_hash}
