"""The agents of a run: opened when first needed, one sender thread a host, paced by forks."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kplay.agent.session import AgentSession, BlobSource
    from kplay.graph.model import Position

    Opener = Callable[[str, Callable[[dict[str, Any]], None]], AgentSession]
    Post = Callable[[str, dict[str, Any]], None]


@dataclass(eq=False, slots=True)
class _Member:
    inbox: queue.SimpleQueue[Callable[[AgentSession], None] | None]
    thread: threading.Thread
    session: AgentSession | None = None
    seconds: float = 0.0
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went over one host's connection."""

    sent: int = 0
    received: int = 0
    round_trips: int = 0
    connect_seconds: float = 0.0


@dataclass(eq=False)
class Fleet:
    """Sends chains to hosts and posts what comes back.

    ``post(host, frame)`` is called from other threads; besides the agent's frames it brings
    ``{"type": "open", "welcome", "seconds"}`` and ``{"type": "lost", "error": KplayError}``.
    """

    opener: Opener
    post: Post
    forks: int
    _members: dict[str, _Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pace = threading.BoundedSemaphore(max(1, self.forks))

    def submit(
        self,
        host: str,
        steps: list[dict[str, Any]],
        blobs: Mapping[str, BlobSource],
        priority: Position,
    ) -> None:
        """Send one chain, connecting first where that has not been done.

        Content goes first to the host whose priority, its place in the graph, is smallest.
        """
        self._member(host).inbox.put(lambda session: session.submit(steps, blobs, priority))

    def ack(self, host: str, ids: list[str]) -> None:
        """The results of these steps are on the controller's disk."""
        member = self._members.get(host)
        if member is not None and member.session is not None:
            member.inbox.put(lambda session: session.ack(ids))

    def open(self, host: str) -> None:
        """Connect without sending anything."""
        self._member(host)

    def forget(self, host: str) -> None:
        """Close the connection so that the next use makes a new one."""
        member = self._members.pop(host, None)
        if member is not None:
            member.closing = True
            member.inbox.put(None)

    def cancel(self) -> None:
        """Ask every agent to drop what has not started."""
        for member in list(self._members.values()):
            if member.session is not None:
                member.session.cancel()

    def close(self, *, abandon: bool = False) -> None:
        """Close every connection; abandon leaves steps in flight to end by themselves."""
        members = list(self._members.values())
        for member in members:
            member.closing = True
            if abandon and member.session is not None:
                member.session.close(abandon=True)
            member.inbox.put(None)
        deadline = time.monotonic() + (2.0 if abandon else 15.0)
        for member in members:
            member.thread.join(timeout=max(0.1, deadline - time.monotonic()))

    def traffic(self) -> dict[str, Traffic]:
        """Bytes and round trips by host."""
        found = {}
        for host, member in self._members.items():
            if member.session is not None:
                stats = member.session.stats
                found[host] = Traffic(
                    stats.bytes_sent, stats.bytes_received, stats.round_trips, member.seconds
                )
        return found

    def _member(self, host: str) -> _Member:
        member = self._members.get(host)
        if member is None:
            thread = threading.Thread(target=self._serve, args=(host,), daemon=True)
            member = _Member(queue.SimpleQueue(), thread)
            self._members[host] = member
            thread.name = f"kplay-{host}"
            thread.start()
        return member

    def _serve(self, host: str) -> None:
        member = self._members[host]
        try:
            with self._pace:
                began = time.monotonic()
                member.session = self.opener(host, lambda frame: self.post(host, frame))
                member.seconds = time.monotonic() - began
            welcome = member.session.welcome
            self.post(host, {"type": "open", "welcome": welcome, "seconds": member.seconds})
            while (message := member.inbox.get()) is not None:
                message(member.session)
        except KplayError as error:
            self.post(host, {"type": "lost", "error": error})
        except OSError as error:
            self.post(host, {"type": "lost", "error": UnreachableError(f"{host}: {error}")})
        except Exception as error:  # noqa: BLE001 - a thread's fault is raised where it is seen
            self.post(host, {"type": "bug", "error": error})
        finally:
            if member.session is not None:
                member.session.close(abandon=not member.closing)
