"""The agents of a run: opened when first needed, one sender thread a host, paced by forks."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kplay.errors import KplayError, UnreachableError
from kplay.walk.absence import LEAVING, Reboot, failure, first_step, open_patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kplay.agent.session import BlobSource, Stats
    from kplay.graph.model import Position
    from kplay.transport.base import Connection

    Opener = Callable[[str, Callable[[dict[str, Any]], None]], "Session"]
    Post = Callable[[str, dict[str, Any]], None]


class Session(Protocol):
    """An agent on a host, or what stands in for one (``kplay.agent.session``)."""

    connection: Connection
    welcome: dict[str, Any]

    @property
    def stats(self) -> Stats:
        """What went over the wire."""

    def submit(
        self, steps: list[dict[str, Any]], blobs: Mapping[str, BlobSource], priority: Position = ()
    ) -> None:
        """Send a chain; its results arrive as events."""

    def ack(self, ids: list[str]) -> None:
        """These results are journaled."""

    def cancel(self) -> None:
        """Drop what has not started."""

    def close(self, *, abandon: bool = False) -> None:
        """End it; abandon leaves a step in flight to its end."""


@dataclass(eq=False, slots=True)
class _Chain:
    steps: list[dict[str, Any]]
    blobs: Mapping[str, BlobSource]
    priority: Position

    def __call__(self, session: Session) -> None:
        session.submit(self.steps, self.blobs, self.priority)


@dataclass(eq=False, slots=True)
class _Member:
    inbox: queue.SimpleQueue[Callable[[Session], None] | None]
    thread: threading.Thread
    session: Session | None = None
    seconds: float = 0.0
    closing: bool = False
    opened: int = 0
    """Connections so far; what an earlier one still says is not heard."""
    rebooting: str = ""
    """The step whose answer is held back until the host is there again."""
    answers: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)


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
        inbox = self._member(host).inbox
        if len(steps) > 1 and first_step(steps[-1:], "reboot"):
            inbox.put(_Chain(steps[:-1], blobs, priority))
            steps = steps[-1:]
        inbox.put(_Chain(steps, blobs, priority))

    def ack(self, host: str, ids: list[str]) -> None:
        """The results of these steps are on the controller's disk."""
        member = self._members.get(host)
        if member is not None and member.session is not None:
            member.inbox.put(lambda session: session.ack(ids))

    def open(self, host: str) -> None:
        """Connect without sending anything."""
        self._member(host).inbox.put(lambda _session: None)

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
            message = member.inbox.get()
            if message is not None and not self._meet(host, member, message):
                return
            while message is not None:
                assert member.session is not None  # noqa: S101 - it was just opened
                if isinstance(message, _Chain) and first_step(message.steps, "reboot"):
                    if not self._reboot(host, member, message):
                        return
                else:
                    message(member.session)
                message = member.inbox.get()
        except KplayError as error:
            self.post(host, {"type": "lost", "error": error})
        except OSError as error:
            self.post(host, {"type": "lost", "error": UnreachableError(f"{host}: {error}")})
        except Exception as error:  # noqa: BLE001 - a thread's fault is raised where it is seen
            self.post(host, {"type": "bug", "error": error})
        finally:
            if member.session is not None:
                member.session.close(abandon=not member.closing)

    def _meet(self, host: str, member: _Member, message: Callable[[Session], None]) -> bool:
        """Connect, with patience where the first step asks for it; False when nobody answered."""
        steps = message.steps if isinstance(message, _Chain) else []
        waiting = first_step(steps, "wait_for_connection")
        began = time.monotonic()
        if waiting is None:
            with self._pace:
                began = time.monotonic()
                member.session = self._open(host, member)
        else:
            try:
                opened = open_patiently(waiting["args"], lambda: self._open(host, member))
            except UnreachableError as error:
                elapsed = int(time.monotonic() - began)
                self._answer(host, waiting["id"], failure(str(error), elapsed=elapsed))
                self._members.pop(host, None)
                return False
            member.session = opened[0]
        member.seconds = time.monotonic() - began
        welcome = member.session.welcome
        self.post(host, {"type": "open", "welcome": welcome, "seconds": member.seconds})
        return True

    def _open(self, host: str, member: _Member) -> Session:
        member.opened += 1
        number = member.opened
        return self.opener(host, lambda frame: self._heard(host, member, number, frame))

    def _heard(self, host: str, member: _Member, number: int, frame: dict[str, Any]) -> None:
        if member.rebooting and number == member.opened:
            ours = frame.get("type") == "result" and frame.get("step") == member.rebooting
            if ours or frame.get("type") == "closed":
                member.answers.put(frame)
                return
        if number == member.opened:
            self.post(host, frame)

    def _reboot(self, host: str, member: _Member, chain: _Chain) -> bool:
        """Have the host start anew and wait for it; False when it did not come back."""
        step = chain.steps[0]
        assert member.session is not None  # noqa: S101 - the caller has it
        reboot = Reboot(step["args"], member.session)
        member.rebooting = step["id"]
        chain(member.session)
        patience = float(step["args"].get("pre_reboot_delay") or 0) + LEAVING
        try:
            frame = member.answers.get(timeout=patience)
        except queue.Empty:
            frame = {"type": "closed"}
        if frame.get("type") == "result" and frame["result"].get("failed"):
            member.rebooting = ""
            self.post(host, frame)
            return True
        member.opened += 1
        member.session.close(abandon=True)
        member.session, result = reboot.wait(lambda: self._open(host, member))
        member.rebooting = ""
        self._answer(host, step["id"], result)
        if member.session is None:
            self._members.pop(host, None)
        return member.session is not None

    def _answer(self, host: str, step: str, result: dict[str, Any]) -> None:
        self.post(host, {"type": "result", "step": step, "result": result})
