"""The text form of a vault, and its one cipher, AES256.

As documented at https://docs.ansible.com/ansible/latest/vault_guide/vault_using_encrypted_content.html
(ansible-vault payload format 1.1 and 1.2): a header, then the hexadecimal form of three lines that
are hexadecimal themselves (salt, HMAC-SHA256 of the ciphertext, ciphertext), 80 characters a line.
PBKDF2-HMAC-SHA256 with 10,000 iterations makes 80 bytes of the password: the cipher's key (32), the
HMAC's key (32) and the counter's first block (16). The cipher is AES in counter mode over the text
with PKCS#7 padding.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from binascii import Error as HexError
from binascii import hexlify, unhexlify
from dataclasses import dataclass

HEADER = "$ANSIBLE_VAULT"
CIPHER = "AES256"
DEFAULT = "default"
"""The vault id of texts that name none."""
_ITERATIONS = 10_000
_BLOCK = 16
_WIDTH = 80


class DamagedVaultError(ValueError):
    """A text that begins as a vault and is none; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed text, taken apart."""

    label: str
    """The vault id that it was sealed for."""
    salt: bytes
    signature: bytes
    ciphertext: bytes


def is_sealed(data: str | bytes) -> bool:
    """Whether a text or file is a vault."""
    head = data[: len(HEADER) + 1]
    return (head if isinstance(head, bytes) else head.encode("utf-8", "replace")) == b"%s;" % (
        HEADER.encode()
    )


def parse(text: str) -> Envelope:
    """Take a sealed text apart.

    Raises:
        DamagedVaultError: it is not one, or not whole.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    head = lines[0].split(";") if lines else []
    if len(head) < 3 or head[0] != HEADER:
        raise DamagedVaultError(f"a vault begins with `{HEADER};1.1;{CIPHER}`")
    version, cipher = head[1].strip(), head[2].strip()
    if version not in ("1.1", "1.2"):
        raise DamagedVaultError(f"the vault's format is `{version}`, and 1.1 and 1.2 are known")
    if cipher != CIPHER:
        raise DamagedVaultError(f"the vault's cipher is `{cipher}`, and only {CIPHER} is known")
    label = head[3].strip() if version == "1.2" and len(head) > 3 else ""
    try:
        parts = unhexlify("".join(lines[1:])).split(b"\n", 2)
        salt, signature, ciphertext = (unhexlify(part) for part in parts)
    except (HexError, ValueError) as error:
        raise DamagedVaultError("the vault is damaged: its text is not whole") from error
    return Envelope(label or DEFAULT, salt, signature, ciphertext)


def unseal(envelope: Envelope, password: bytes) -> bytes | None:
    """What is inside, or None where the password is another (or the text was altered).

    Raises:
        DamagedVaultError: the password is right and the text still cannot be read.
    """
    key, signing, counter = _keys(password, envelope.salt)
    if not hmac.compare_digest(_sign(signing, envelope.ciphertext), envelope.signature):
        return None
    padded = _counted(key, counter, envelope.ciphertext)
    size = padded[-1] if padded else 0
    if not 1 <= size <= _BLOCK or padded[-size:] != bytes([size]) * size:
        raise DamagedVaultError("the vault is damaged: its padding is wrong")
    return padded[:-size]


def seal(data: bytes, password: bytes, label: str = "", salt: bytes = b"") -> str:
    """The sealed form of some bytes: lines, the last one ended by a line feed too.

    Args:
        data: what to seal.
        password: what opens it.
        label: the vault id to name; the default one is not written.
        salt: 32 random bytes unless given.
    """
    salt = salt or os.urandom(32)
    key, signing, counter = _keys(password, salt)
    missing = _BLOCK - len(data) % _BLOCK
    ciphertext = _counted(key, counter, data + bytes([missing]) * missing)
    body = hexlify(
        b"\n".join(hexlify(part) for part in (salt, _sign(signing, ciphertext), ciphertext))
    ).decode()
    named = label not in ("", DEFAULT)
    head = f"{HEADER};1.2;{CIPHER};{label}" if named else f"{HEADER};1.1;{CIPHER}"
    lines = [head, *(body[start : start + _WIDTH] for start in range(0, len(body), _WIDTH))]
    return "\n".join(lines) + "\n"


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, _ITERATIONS, 80)
    return derived[:32], derived[32:64], derived[64:]


def _sign(key: bytes, ciphertext: bytes) -> bytes:
    return hmac.digest(key, ciphertext, "sha256")


def _counted(key: bytes, counter: bytes, data: bytes) -> bytes:
    """AES in counter mode, which is its own inverse."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
