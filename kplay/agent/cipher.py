"""Sealing of secret results at rest, with what the standard library of Python 3.6 has.

SHA-256 as HMAC in counter mode gives the key stream; HMAC-SHA256 over nonce and ciphertext
authenticates (encrypt then MAC); both keys are derived from the run's key with a label each.
A nonce is 16 random bytes, so no key stream is used twice.
"""

import base64
import hashlib
import hmac
import os
import struct

_NONCE = 16
_TAG = 32


class SealError(Exception):
    """The sealed text was changed, or the key is another one."""


def seal(key: bytes, data: bytes) -> str:
    """Encrypt and authenticate; the answer is base64 text."""
    nonce = os.urandom(_NONCE)
    hidden = _xor(_derive(key, b"kplay slot encrypt"), nonce, data)
    tag = hmac.new(_derive(key, b"kplay slot authenticate"), nonce + hidden, hashlib.sha256)
    return base64.b64encode(nonce + hidden + tag.digest()).decode("ascii")


def unseal(key: bytes, text: str) -> bytes:
    """Verify and decrypt what seal() gave.

    Raises:
        SealError: another key sealed it, or it was altered.
    """
    raw = base64.b64decode(text)
    nonce, hidden, tag = raw[:_NONCE], raw[_NONCE:-_TAG], raw[-_TAG:]
    wanted = hmac.new(_derive(key, b"kplay slot authenticate"), nonce + hidden, hashlib.sha256)
    if not hmac.compare_digest(wanted.digest(), tag):
        raise SealError("the sealed result cannot be opened with this run's key")
    return _xor(_derive(key, b"kplay slot encrypt"), nonce, hidden)


def _derive(key: bytes, label: bytes) -> bytes:
    return hmac.new(key, label, hashlib.sha256).digest()


def _xor(key: bytes, nonce: bytes, data: bytes) -> bytes:
    if not data:
        return b""
    start = hmac.new(key, nonce, hashlib.sha256)
    blocks = []
    for counter in range((len(data) + 31) // 32):
        block = start.copy()
        block.update(struct.pack(">Q", counter))
        blocks.append(block.digest())
    stream = b"".join(blocks)[: len(data)]
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(data), "big")
