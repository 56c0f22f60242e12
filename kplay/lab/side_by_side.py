"""Doing the same to several hosts at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kplay.errors import KplayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kplay.lab.provider import Progress


class HostsFailedError(KplayError):
    """Hosts that something failed on: the message of each, and all of them as the text."""

    def __init__(self, messages: dict[str, str]) -> None:
        """Take the messages by host."""
        self.messages = messages
        super().__init__("\n".join(messages.values()))


def on_each(
    hosts: Iterable[str],
    deed: Callable[[str], None],
    *,
    broken_off: threading.Event | None = None,
) -> None:
    """Do something to hosts side by side; a host that it fails on stops no other.

    Args:
        hosts: their names.
        deed: called with each, in a thread.
        broken_off: set when the caller is interrupted, so that deeds that wait end.

    Raises:
        HostsFailedError: it failed on some; raised when it is done with all.
    """
    pool = ThreadPoolExecutor(max_workers=8)
    messages = {}
    try:
        tasks = {host: pool.submit(deed, host) for host in hosts}
        for host, task in tasks.items():
            try:
                task.result()
            except KplayError as error:
                messages[host] = str(error)
    except BaseException:
        if broken_off is not None:
            broken_off.set()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
    if messages:
        raise HostsFailedError(messages)


def one_at_a_time(progress: Progress) -> Progress:
    """A progress function that several threads may call."""
    lock = threading.Lock()

    def say(host: str, message: str) -> None:
        with lock:
            progress(host, message)

    return say
