"""Ctrl-C and the signals by which CI servers cancel a job, so that a lab is always taken down."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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
        self._ending = self._came = False

    @contextmanager
    def handled(self, *, last: bool = False) -> Iterator[None]:
        """Handle them inside the block; only the main thread can, elsewhere nothing is done.

        Args:
            last: the process ends after the block, and once one came no other may disturb that.
        """
        # What nohup ignores stays ignored
        heard = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        with _handlers(dict.fromkeys(heard, self._handle)) as before:
            try:
                yield
            finally:
                if last and self._came:
                    before.update(dict.fromkeys(before, signal.SIG_IGN))

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
            self._ending = self._came = True
            raise KeyboardInterrupt


@contextmanager
def _handlers(
    wanted: Mapping[signal.Signals, Callable[[int, FrameType | None], object] | signal.Handlers],
) -> Iterator[dict[signal.Signals, Any]]:
    """Handle signals so inside the block, where Python lets us: in the main thread.

    The block gets how they are handled after it.
    """
    try:
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    except ValueError:
        before = {}
    try:
        yield before
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
