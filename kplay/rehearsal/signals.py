"""Ctrl-C and the signals by which CI servers cancel a job, so that a lab is always taken down."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptions:
    """Turns the first of these signals into one KeyboardInterrupt, and drops those after it.

    A walk has its own handling of Ctrl-C, and keeps it: once finishes the steps in flight, twice
    stops at once. SIGTERM and SIGHUP stop a walk at once, for whoever sends them waits only some
    seconds before he kills.
    """

    def __init__(self) -> None:
        self._ending = False
        self._notice = ""

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle them inside the block; only the main thread can, elsewhere nothing is done."""
        # What nohup ignores stays ignored
        heard = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        with _handlers(dict.fromkeys(heard, self._handle)):
            yield

    @contextmanager
    def deferred(self, notice: str) -> Iterator[None]:
        """Bring the block to its end, then raise the KeyboardInterrupt of a signal that came.

        Args:
            notice: what the user is told when it comes.
        """
        self._notice = notice
        try:
            yield
        finally:
            self._notice = ""
        if self._ending:
            raise KeyboardInterrupt

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Let nothing disturb the block: programs that it starts ignore the signals too."""
        self._ending = True
        with _handlers(dict.fromkeys(_SIGNALS, signal.SIG_IGN)):
            yield

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        walks = signal.getsignal(signal.SIGINT)
        if signum != signal.SIGINT and callable(walks) and walks != self._handle:
            for _ in range(2):
                walks(signal.SIGINT, frame)
        elif not self._ending:
            self._ending = True
            if not self._notice:
                raise KeyboardInterrupt
            # Python's own streams may be in the middle of a write
            with suppress(OSError):
                os.write(2, f"{self._notice}\n".encode())


@contextmanager
def _handlers(
    wanted: Mapping[signal.Signals, Callable[[int, FrameType | None], object] | signal.Handlers],
) -> Iterator[None]:
    """Handle signals so inside the block, where Python lets us: in the main thread."""
    try:
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    except ValueError:
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
