from __future__ import annotations

import io
import struct

import pytest

from kplay.agent import wire


def decode(data: bytes, limit: int = wire.MAX_FRAME) -> list[wire.Frame]:
    return [frame for frame, _ in wire.frames(io.BytesIO(data).read, limit)]


def test_a_message_comes_back_as_it_went() -> None:
    message = {"type": "chain", "text": "é\0\udc80", "n": [1, None, True]}
    assert decode(wire.pack(message)) == [message]


def test_a_part_comes_back_as_it_went() -> None:
    data = wire.pack_part("ab" * 32, 2**40, b"\0\1")
    assert decode(data) == [wire.Part("ab" * 32, 2**40, b"\0\1")]


def test_frames_follow_each_other() -> None:
    assert decode(wire.pack({"a": 1}) + wire.pack({"b": 2})) == [{"a": 1}, {"b": 2}]


def test_sizes_are_counted() -> None:
    data = wire.pack({"a": 1})
    assert [size for _, size in wire.frames(io.BytesIO(data).read)] == [len(data)]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">Ic", wire.MAX_FRAME + 1, b"J"),
        struct.pack(">Ic", 0, b"J"),
        struct.pack(">Ic", 3, b"X") + b"{}",
        struct.pack(">Ic", 3, b"J") + b"[]",
        struct.pack(">Ic", 3, b"J") + b"{x",
        struct.pack(">Ic", 3, b"B") + b"12",
    ],
)
def test_what_no_frame_may_be_ends_the_stream(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        decode(data)


def test_a_message_over_the_limit_is_not_sent() -> None:
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.pack({"text": "x" * wire.MAX_FRAME})


@pytest.mark.parametrize("cut", [1, 4, 5, 9])
def test_a_cut_frame_is_the_end(cut: int) -> None:
    assert decode(wire.pack({"a": "bcdefgh"})[:cut]) == []
