"""The controller's way out, shared by all hosts: large content goes to the critical path first.

One encrypted stream fills about a gigabit from one core, so sending to many hosts at once makes
none of them faster and the first of them later. Whoever stands earlier in the graph goes first.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Priority = tuple[int, ...]


class Uplink:
    """At most so many senders at a time, the smallest priority first, then the longest waiting."""

    def __init__(self, senders: int = 1) -> None:
        self._free = senders
        self._waiting: list[tuple[Priority, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def turn(self, priority: Priority) -> Iterator[None]:
        """Wait for a turn to send, and give it back at the end."""
        ticket = (priority, next(self._numbers))
        with self._changed:
            heapq.heappush(self._waiting, ticket)
            self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] == ticket)
            heapq.heappop(self._waiting)
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
