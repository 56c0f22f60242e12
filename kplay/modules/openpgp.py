"""OpenPGP keys (RFC 4880, RFC 9580), read from their bytes: which there are, and their names."""

import base64
import binascii
import hashlib
import re
from typing import List, NamedTuple, Optional, Tuple

from kplay.modules.api import ModuleFailure

_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\s*?\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
_KEY, _SUBKEY = 6, 14
"""Tags of packets."""


class Key(NamedTuple):
    """A primary key with all that belongs to it."""

    fingerprint: str
    """Upper-case hexadecimal."""
    subkeys: Tuple[str, ...]
    """Their fingerprints."""
    data: bytes
    """All packets of the key, as binary."""

    def named(self, name: str) -> bool:
        """Whether a fingerprint, or the end of one, is of this key or of a subkey."""
        asked = clean(name)
        ids = (self.fingerprint, *self.subkeys)
        return bool(asked) and any(_same(one, asked) for one in ids)

    def key_id(self) -> str:
        """The 16 digits by which signatures name it."""
        return key_id(self.fingerprint)


def _same(fingerprint: str, asked: str) -> bool:
    if len(asked) <= 16:
        return key_id(fingerprint).endswith(asked)
    return fingerprint == asked


def key_id(fingerprint: str) -> str:
    """The key id within a fingerprint: its end, from version 6 on its start."""
    return fingerprint[-16:] if len(fingerprint) == 40 else fingerprint[:16]


def clean(name: str) -> str:
    """A fingerprint or key id without 0x and spaces, in upper case."""
    text = re.sub(r"[\s:]", "", name).upper()
    return text[2:] if text.startswith("0X") else text


def dearmored(data: bytes) -> bytes:
    """The binary packets of all armored blocks, or the data itself where it is not armored.

    Raises:
        ModuleFailure: the armor is broken.
    """
    if b"-----BEGIN PGP" not in data:
        return data
    whole = b""
    for body in _ARMOR.findall(data.replace(b"\r\n", b"\n") + b"\n"):
        # headers end at an empty line; the checksum begins with =
        text = body.split(b"\n\n", 1)[-1]
        lines = [line.strip() for line in text.splitlines() if line.strip()[:1] != b"="]
        try:
            whole += base64.b64decode(b"".join(lines), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ModuleFailure(f"the armored key cannot be read: {error}") from None
    return whole


def keys(data: bytes) -> List[Key]:
    """The public keys in armored or binary data, in order; none when it holds something else."""
    found: List[Key] = []
    binary = dearmored(data)
    for tag, start, body, end in _packets(binary):
        whole = binary[start:end]
        if tag == _KEY:
            found.append(Key(_fingerprint(body), (), whole))
        elif found:
            last = found[-1]
            subkeys = (*last.subkeys, _fingerprint(body)) if tag == _SUBKEY else last.subkeys
            found[-1] = Key(last.fingerprint, subkeys, last.data + whole)
    return found


def _fingerprint(body: bytes) -> str:
    version = body[0] if body else 0
    if version == 4:
        framed = b"\x99" + len(body).to_bytes(2, "big") + body
        return hashlib.sha1(framed).hexdigest().upper()  # noqa: S324 - RFC 4880, 12.2
    if version == 6:
        framed = b"\x9b" + len(body).to_bytes(4, "big") + body
        return hashlib.sha256(framed).hexdigest().upper()
    return ""


def _packets(data: bytes) -> List[Tuple[int, int, bytes, int]]:
    """Tag, start, body and end of each packet, up to what is none."""
    found, index = [], 0
    while index < len(data):
        header = _header(data, index)
        if header is None:
            break
        tag, begin, length = header
        end = begin + length
        if end > len(data):
            break
        found.append((tag, index, data[begin:end], end))
        index = end
    return found


def _header(data: bytes, index: int) -> Optional[Tuple[int, int, int]]:
    """Tag, where the body begins, and its length; None where no packet of known length is."""
    first = data[index]
    if not first & 0x80:
        return None
    rest = data[index + 1 : index + 6]
    if not first & 0x40:
        size = {0: 1, 1: 2, 2: 4}.get(first & 0x03, 0)
        if not size or len(rest) < size:
            return None
        return (first >> 2) & 0x0F, index + 1 + size, int.from_bytes(rest[:size], "big")
    if not rest:
        return None
    if rest[0] < 192:
        return first & 0x3F, index + 2, rest[0]
    if rest[0] < 224 and len(rest) > 1:
        return first & 0x3F, index + 3, ((rest[0] - 192) << 8) + rest[1] + 192
    if rest[0] == 255 and len(rest) == 5:
        return first & 0x3F, index + 6, int.from_bytes(rest[1:5], "big")
    return None


def armored(data: bytes) -> bytes:
    """Packets as text, with the checksum that older readers want."""
    text = base64.b64encode(data)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    check = b"=" + base64.b64encode(_crc24(data).to_bytes(3, "big"))
    head, tail = (b"-----%s PGP PUBLIC KEY BLOCK-----" % one for one in (b"BEGIN", b"END"))
    return b"\n".join([head, b"", *lines, check, tail, b""])


def _crc24(data: bytes) -> int:
    value = 0xB704CE
    for byte in data:
        value ^= byte << 16
        for _ in range(8):
            value <<= 1
            if value & 0x1000000:
                value ^= 0x1864CFB
    return value & 0xFFFFFF
