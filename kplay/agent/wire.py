"""Frames: 4 bytes of length, 1 byte of kind, payload; bounded in both directions.

See docs/adr/0004-agent-and-wire.md.
"""

import binascii
import json
import struct
from typing import Any, Callable, Dict, Iterator, NamedTuple, Tuple, Union

MAX_FRAME = 16 * 1024 * 1024
MAX_PART = 256 * 1024
JSON = b"J"
BLOB = b"B"

_HEAD = struct.Struct(">Ic")
_PART = struct.Struct(">32sQ")


class WireError(Exception):
    """The other side sent what no frame may be."""


class Part(NamedTuple):
    """A piece of a blob."""

    digest: str
    """SHA-256 of the whole blob, hexadecimal."""
    offset: int
    data: bytes


Frame = Union[Dict[str, Any], Part]


def pack(message: Dict[str, Any]) -> bytes:
    """Encode a JSON frame.

    Raises:
        WireError: it is longer than a frame may be.
    """
    payload = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(payload) + 1 > MAX_FRAME:
        raise WireError("a frame of %d bytes is over the limit of %d" % (len(payload), MAX_FRAME))
    return _HEAD.pack(len(payload) + 1, JSON) + payload


def pack_part(digest: str, offset: int, data: bytes) -> bytes:
    """Encode a piece of a blob, at most MAX_PART bytes."""
    payload = _PART.pack(binascii.unhexlify(digest), offset) + data
    return _HEAD.pack(len(payload) + 1, BLOB) + payload


def unpack(kind: bytes, payload: bytes) -> Frame:
    """Decode what follows a frame's length.

    Raises:
        WireError: it is no JSON object, or of a kind that is not known.
    """
    if kind == JSON:
        try:
            message = json.loads(payload.decode("utf-8"))
        except ValueError as error:
            raise WireError("a frame is not JSON: %s" % error) from error
        if not isinstance(message, dict):
            raise WireError("a frame is not a JSON object")
        return message
    if kind == BLOB and len(payload) >= _PART.size:
        digest, offset = _PART.unpack(payload[: _PART.size])
        return Part(binascii.hexlify(digest).decode(), offset, payload[_PART.size :])
    raise WireError("a frame of unknown kind %r" % kind)


def frames(read: Callable[[int], bytes], limit: int = MAX_FRAME) -> Iterator[Tuple[Frame, int]]:
    """Decode frames until the stream ends; yields each with its size in bytes.

    Args:
        read: gives at most so many bytes, and none at the end.
        limit: the longest frame that is taken.

    Raises:
        WireError: a frame is empty, longer than that, or cannot be decoded.
    """
    while True:
        head = exactly(read, _HEAD.size)
        if not head:
            return
        length, kind = _HEAD.unpack(head)
        if not 1 <= length <= limit:
            raise WireError("a frame of %d bytes; at most %d are allowed" % (length, limit))
        payload = exactly(read, length - 1) if length > 1 else b""
        if len(payload) < length - 1:
            return
        yield unpack(kind, payload), _HEAD.size + length - 1


def exactly(read: Callable[[int], bytes], count: int) -> bytes:
    """Read so many bytes; none when the stream ends before."""
    pieces = []
    left = count
    while left:
        piece = read(min(left, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
