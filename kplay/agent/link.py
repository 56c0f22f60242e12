"""One end of the wire on the host: a thread that reads, a thread that writes, no waiting."""

import collections
import os
import threading
from typing import Any, Callable, Deque, Dict, Optional

from kplay.agent import wire

BACKLOG = 4 * 1024 * 1024
"""Bytes not yet written beyond which output frames are left out."""


class Link:
    """Frames over two file descriptors.

    Args:
        source: descriptor to read from.
        sink: descriptor to write to.
        take: called by the reading thread with each frame, and with None at the end.
        ahead: bytes that were read before.
    """

    def __init__(
        self,
        source: int,
        sink: int,
        take: "Callable[[Optional[wire.Frame]], None]",
        ahead: bytes = b"",
    ) -> None:
        self.source = source
        self.sink = sink
        self.take = take
        self.fault = ""
        self._ahead = ahead
        self._queue: Deque[bytes] = collections.deque()
        self._pending = 0
        self._broken = False
        self._changed = threading.Condition()

    def begin(self) -> None:
        """Start both threads."""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()

    def send(self, message: Dict[str, Any]) -> None:
        """Queue a frame; output frames are left out when the other side does not keep up."""
        if message.get("type") == "output" and self._pending > BACKLOG:
            return
        self.send_bytes(wire.pack(message))

    def send_bytes(self, data: bytes) -> None:
        """Queue bytes that are frames already."""
        with self._changed:
            if not self._broken:
                self._queue.append(data)
                self._pending += len(data)
                self._changed.notify_all()

    def drain(self, timeout: float) -> None:
        """Wait until all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._broken or self._pending == 0, timeout)

    def break_off(self) -> None:
        """Write nothing any more."""
        with self._changed:
            self._broken = True
            self._queue.clear()
            self._pending = 0
            self._changed.notify_all()

    def _read(self) -> None:
        try:
            for frame, _ in wire.frames(self._some):
                self.take(frame)
        except (wire.WireError, OSError) as error:
            self.fault = str(error)
        self.take(None)

    def _some(self, limit: int) -> bytes:
        if self._ahead:
            piece, self._ahead = self._ahead[:limit], self._ahead[limit:]
            return piece
        return os.read(self.source, min(limit, 1 << 20))

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._broken or bool(self._queue))
                if self._broken:
                    return
                data = self._queue.popleft()
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self.sink, view[: 1 << 16]) :]
            except OSError:
                self.break_off()
                return
            with self._changed:
                self._pending -= len(data)
                self._changed.notify_all()
