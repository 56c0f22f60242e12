from __future__ import annotations

import socket
import struct

import pytest

from kplay.lab.nspawn import delay

HEADER = struct.Struct("=BBHHHH")
PLAIN = HEADER.pack(0, 0, 0, 0, 0, 0)
ADDRESSES = bytes(range(12))


class Ends:
    """An end with frames to read, and what was sent by it."""

    def __init__(self, *frames: bytes, kind: int = 0) -> None:
        self.frames, self.kind, self.sent = list(frames), kind, []

    def recvmsg(self, *_sizes: int) -> tuple[bytes, list[object], int, tuple[object, ...]]:
        if not self.frames:
            raise BlockingIOError
        return self.frames.pop(0), [], 0, ("port0", 0x0800, self.kind, 1, b"")

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(delay.time, "monotonic", lambda: now[0])
    return now


def test_a_frame_leaves_when_it_is_due_and_in_its_turn(clock: list[float]) -> None:
    source, target = Ends(PLAIN + b"one", PLAIN + b"two"), Ends()
    lane = delay.Lane(source, target, 0.5)
    lane.take()
    assert lane.next() == 100.5
    lane.give(100.4)
    assert target.sent == []
    lane.give(100.5)
    assert target.sent == [PLAIN + b"one", PLAIN + b"two"]
    assert (lane.held, lane.next()) == (0, float("inf"))


def test_what_we_sent_ourselves_is_not_carried_again(clock: list[float]) -> None:
    lane = delay.Lane(Ends(PLAIN + b"one", kind=socket.PACKET_OUTGOING), Ends(), 0.5)
    lane.take()
    assert not lane.waiting


def test_a_full_lane_drops_what_comes_then(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delay, "BYTES", 2 * (len(PLAIN) + 3))
    target = Ends()
    lane = delay.Lane(Ends(*[PLAIN + b"%03d" % at for at in range(5)]), target, 0.5)
    lane.take()
    lane.give(101)
    assert target.sent == [PLAIN + b"000", PLAIN + b"001"]


def test_a_tag_that_the_kernel_took_off_is_put_on_again() -> None:
    rest = b"\x08\x00payload"
    aux = struct.pack("=IIIHHHH", 1 << 4 | 1 << 6, 0, 0, 0, 0, 0x2007, 0x8100)
    header = HEADER.pack(1, 0, 54, 0, 34, 16)
    told = delay.tagged(header + ADDRESSES + rest, [(263, 8, aux)])
    assert HEADER.unpack_from(told) == (1, 0, 58, 0, 38, 16)
    assert told[HEADER.size :] == ADDRESSES + b"\x81\x00\x20\x07" + rest
    untagged = struct.pack("=IIIHHHH", 0, 0, 0, 0, 0, 0, 0)
    assert (
        delay.tagged(header + ADDRESSES + rest, [(263, 8, untagged)]) == header + ADDRESSES + rest
    )
