"""Hashed passwords, as /etc/shadow and web servers take them."""

from __future__ import annotations

import secrets
import string
import warnings
from typing import Any

from kplay.resolve.filters.registry import kind_of

SCHEMES = {"md5": "md5_crypt", "sha256": "sha256_crypt", "sha512": "sha512_crypt",
           "blowfish": "bcrypt"}  # fmt: skip
"""Ansible's names of hashes and the crypt schemes that they stand for."""
_SALT = string.ascii_letters + string.digits + "./"


def new_salt(scheme: str) -> str:
    """A random salt, as long as a scheme takes."""
    length = {"bcrypt": 22, "md5_crypt": 8}.get(scheme, 16)
    return "".join(secrets.choice(_SALT) for _ in range(length))


def hashed(
    secret: str,
    scheme: str,
    *,
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """A secret hashed with a crypt scheme.

    Raises:
        ValueError: there is no such scheme, or it does not take this salt.
    """
    if scheme not in SCHEMES.values():
        raise ValueError(f"`{scheme}` is not one of {', '.join(SCHEMES)}")
    from passlib import hash as schemes

    handler = getattr(schemes, scheme)
    settings: dict[str, Any] = {}
    if salt:
        settings["salt"] = str(salt)
    if salt_size:
        settings["salt_size"] = int(salt_size)
    if rounds:
        settings["rounds"] = int(rounds)
    if ident and scheme == "bcrypt":
        settings["ident"] = ident
    with warnings.catch_warnings():  # the last letter of a bcrypt salt is mended, and said so
        warnings.simplefilter("ignore")
        return str(handler.using(**settings).hash(secret))


def password_hash(  # noqa: PLR0917 - Ansible's signature
    value: Any,
    hashtype: str = "sha512",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """A password hashed for /etc/shadow; give a salt, or each run has another hash."""
    if not isinstance(value, str):
        raise TypeError(f"it takes a text, not {kind_of(value)}")
    scheme = SCHEMES.get(hashtype, hashtype)
    return hashed(value, scheme, salt=salt, salt_size=salt_size, rounds=rounds, ident=ident)


SAFE = {"password_hash": password_hash}
