"""The program that makes a host's link slow: it carries every frame over, a while later.

Run as ``python -I -S delay.py IDENTITY SECONDS OUTER INNER [OUTER INNER …]`` in the lab's network
namespace. ``OUTER`` and ``INNER`` are the two ends of the gap that was made in a cable; frames that
come in by one leave by the other ``SECONDS`` later. It uses the standard library alone, says
``ready`` and closes its outputs, and ends by itself when the file ``IDENTITY`` is gone or another.

Packet sockets carry whatever Ethernet carries, on any kernel; the queueing discipline ``netem``
is a module that many kernels lack.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

_ALL_PROTOCOLS = 0x0003
_SOL_PACKET, _AUXDATA, _VNET_HDR = 263, 8, 15
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_RCVBUFFORCE = 33
# struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset. With it a
# frame whose checksum the sender left to its hardware goes on as it came.
_HEADER = struct.Struct("=BBHHHH")
# struct tpacket_auxdata: status, len, snaplen, mac, net, vlan_tci, vlan_tpid
_AUX = struct.Struct("=IIIHHHH")
_FRAME = 256 * 1024
# What a link of this kind keeps on its way; more is dropped, as by any full queue.
BYTES, FRAMES = 8 * 1024 * 1024, 16_384
_BATCH = 64
_LOOK = 1.0


class Lane:
    """One direction: frames read at one end, each with the time when it leaves by the other."""

    def __init__(self, source: socket.socket, target: socket.socket, seconds: float) -> None:
        self.source, self.target, self.seconds = source, target, seconds
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.held = 0

    def take(self) -> None:
        """Read what has come in, up to a batch."""
        for _ in range(_BATCH):
            try:
                frame, aux, _, sender = self.source.recvmsg(_FRAME, 64)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENETDOWN:
                    return
                raise
            if sender[2] == socket.PACKET_OUTGOING:
                continue
            if self.held + len(frame) <= BYTES and len(self.waiting) < FRAMES:
                self.waiting.append((time.monotonic() + self.seconds, tagged(frame, aux)))
                self.held += len(frame)

    def give(self, now: float) -> None:
        """Send what is due; a link that is down or a queue that is full loses it."""
        while self.waiting and self.waiting[0][0] <= now:
            frame = self.waiting.popleft()[1]
            self.held -= len(frame)
            with suppress(OSError):
                self.target.send(frame)

    def next(self) -> float:
        """When the first frame is due."""
        return self.waiting[0][0] if self.waiting else float("inf")


def tagged(frame: bytes, aux: list[tuple[int, int, bytes]]) -> bytes:
    """A frame with its VLAN tag, which the kernel hands over beside it, put in again."""
    for level, kind, data in aux:
        if (level, kind) != (_SOL_PACKET, _AUXDATA) or len(data) < _AUX.size:
            continue
        status, _, _, _, _, tci, tpid = _AUX.unpack_from(data)
        if not status & _VLAN_VALID:
            continue
        flags, gso, length, size, start, offset = _HEADER.unpack_from(frame)
        if flags & 1:
            start += 4
        header = _HEADER.pack(flags, gso, length + 4 if length else 0, size, start, offset)
        tag = struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else 0x8100, tci)
        at = _HEADER.size + 12
        return header + frame[_HEADER.size : at] + tag + frame[at:]
    return frame


def end_of(name: str) -> socket.socket:
    """A socket for all frames of an interface."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    end.setblocking(False)
    end.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, BYTES)
    end.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
    end.setsockopt(_SOL_PACKET, _AUXDATA, 1)
    end.bind((name, _ALL_PROTOCOLS))
    return end


def _go_quiet() -> None:
    """Tell whoever started us that frames are carried, and let go of them."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # late frames would be later still
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nothing, output)


def main(arguments: list[str]) -> None:
    """Carry frames until the identity file is gone."""
    identity, seconds, names = Path(arguments[0]), float(arguments[1]), arguments[2:]
    ends = [end_of(name) for name in names]
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    lanes = [Lane(a, b, seconds) for a, b in pairs] + [Lane(b, a, seconds) for a, b in pairs]
    mine = identity.stat().st_ino
    _go_quiet()
    reading = {lane.source.fileno(): lane for lane in lanes}
    look = time.monotonic() + _LOOK
    while True:
        now = time.monotonic()
        for lane in lanes:
            lane.give(now)
        if now >= look:
            if not identity.exists() or identity.stat().st_ino != mine:
                return
            look = now + _LOOK
        wake = min(look, *(lane.next() for lane in lanes))
        ready, _, _ = select.select(list(reading), [], [], max(0.0, wake - time.monotonic()))
        for one in ready:
            reading[one].take()


if __name__ == "__main__":
    main(sys.argv[1:])
