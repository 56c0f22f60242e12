"""The controller's end of one agent: chains go out, events come back."""

from __future__ import annotations

import base64
import hashlib
import os
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.agent import bootstrap, wire
from kplay.errors import LockedError
from kplay.transport.base import AgentError, BecomeError, NoPythonError
from kplay.transport.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kplay.transport.base import Connection
    from kplay.transport.uplink import Priority

NOISE = 64 * 1024
"""Bytes that a login shell may print before the agent speaks."""

LEAVE = 10.0
"""Seconds that an agent has to leave after it was told to."""


@dataclass(frozen=True, slots=True)
class BlobSource:
    """Content that an agent may ask for."""

    sha256: str
    size: int
    path: Path | None = None
    data: bytes = b""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Texts by name that go ahead of the step, each once, and stay in the agent's memory; of such
    an entry nothing else is sent."""

    @classmethod
    def of_bytes(cls, data: bytes) -> BlobSource:
        """Content that is in memory."""
        return cls(hashlib.sha256(data).hexdigest(), len(data), None, data)

    @classmethod
    def of_file(cls, path: Path) -> BlobSource:
        """Content that is in a file, read once for its digest and again when it is sent."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return cls(digest, stream.tell(), path)

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """Pieces of at most MAX_PART bytes with their offsets."""
        if self.path is None:
            for at in range(0, len(self.data), wire.MAX_PART):
                yield at, self.data[at : at + wire.MAX_PART]
            return
        with self.path.open("rb") as stream:
            at = 0
            while piece := stream.read(wire.MAX_PART):
                yield at, piece
                at += len(piece)


@dataclass(frozen=True, slots=True)
class Hello:
    """How an agent is greeted."""

    run: str
    host: str
    mode: str = "apply"
    """plan or apply; apply takes the host's run lock."""
    key: bytes = b""
    """32 bytes, the same in every connection of a run: seals secret slots, proves the run."""
    holder: Mapping[str, Any] = field(default_factory=dict)
    """Who runs: user, controller, pid, since."""
    become: Mapping[str, str] | None = None
    """Start an agent as this user at once, so that a wrong password is known early."""
    interpreter: str = ""
    extra_modules: Mapping[str, str] = field(default_factory=dict)

    def frame(self) -> dict[str, Any]:
        """The frame of this greeting."""
        return {
            "type": "hello",
            "run": self.run,
            "host": self.host,
            "mode": self.mode,
            "key": base64.b64encode(self.key).decode(),
            "holder": dict(self.holder),
            "become": dict(self.become) if self.become else None,
        }


@dataclass(slots=True)
class Stats:
    """What went over the wire."""

    bytes_sent: int = 0
    bytes_received: int = 0
    round_trips: int = 0
    """Chains sent."""
    connect_seconds: float = 0.0
    """From the start of the agent until its welcome."""


class AgentSession:
    """One agent on one host; owns its connection.

    Every method may be called from any thread. ``on_event`` is called from the session's own
    reading thread with each frame, and last with ``{"type": "closed", "error": text or None}``.

    Raises:
        NoPythonError: nothing on the host can run the agent.
        LockedError: another run holds the host.
        BecomeError: the user that Hello.become names cannot be had.
        AgentError: the agent did not start.
    """

    def __init__(
        self,
        connection: Connection,
        hello: Hello,
        on_event: Callable[[dict[str, Any]], None],
        uplink: Uplink | None = None,
    ) -> None:
        self.connection = connection
        self._uplink = uplink or Uplink()
        self._priority: Priority = ()
        self.hello = hello
        self.on_event = on_event
        self.stats = Stats()
        self.welcome: dict[str, Any] = {}
        self._write_lock = threading.Lock()
        self._submitting = threading.Lock()
        self._sent: set[str] = set()
        self._blobs: dict[str, BlobSource] = {}
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._sender: threading.Thread | None = None
        self._greeting: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()
        self._greeted = False
        self._answered = ""
        self._closing = False
        self._fault = ""
        self._ahead = b""
        began = time.monotonic()
        self.stream = connection.start(bootstrap.command(hello.interpreter))
        self._reader = threading.Thread(target=self._read, daemon=True, name=f"agent-{hello.host}")
        self._reader.start()
        with suppress(OSError):  # the reader says why it ended
            self._write(bootstrap.archive().data + wire.pack(hello.frame()))
        try:
            self.welcome = self._await_welcome()
        except BaseException:
            self.stream.close()
            self.connection.close()
            raise
        self._greeted = True
        self.stats.connect_seconds = time.monotonic() - began

    def submit(
        self,
        steps: list[dict[str, Any]],
        blobs: Mapping[str, BlobSource],
        priority: Priority = (),
    ) -> None:
        """Send a chain; its results arrive as events. Blobs are by digest.

        A host whose priority is smaller is sent its blobs before others.
        """
        self._blobs.update(blobs)
        self._priority = priority
        with self._submitting:
            self.stats.round_trips += 1
            chain = f"{self.stats.round_trips}-{os.getpid()}"
            frames = self._modules_for(steps, blobs)
            self._write(frames + wire.pack({"type": "chain", "id": chain, "steps": steps}))

    def _modules_for(self, steps: list[dict[str, Any]], blobs: Mapping[str, BlobSource]) -> bytes:
        names = {str(step["module"]) for step in steps}
        wanted = bootstrap.modules(names, self.hello.extra_modules)
        for blob in blobs.values():
            wanted.update(blob.sources)
        new = tuple((name, text) for name, text in wanted.items() if name not in self._sent)
        if not new:
            return b""
        self._sent.update(name for name, _ in new)
        return wire.pack({"type": "modules", "data": bootstrap.packed_modules(new)})

    def ack(self, ids: list[str]) -> None:
        """These results are journaled: the host may forget them; when it is gone, it keeps them."""
        with suppress(OSError):
            self._write(wire.pack({"type": "ack", "steps": ids}))

    def cancel(self) -> None:
        """Drop what has not started."""
        with suppress(OSError):
            self._write(wire.pack({"type": "cancel"}))

    def close(self, *, abandon: bool = False) -> None:
        """End the session; abandon cuts the connection and leaves a step in flight to its end."""
        self._closing = True
        if not abandon:
            with suppress(OSError):  # it may have left already
                self._write(wire.pack({"type": "bye"}))
            if self._reader is not threading.current_thread():
                self._reader.join(LEAVE)
        self.stream.close()
        self.connection.close()
        self._wanted.put("")

    def _write(self, data: bytes) -> None:
        with self._write_lock:
            self.stream.write(data)
            self.stats.bytes_sent += len(data)

    def _await_welcome(self) -> dict[str, Any]:
        while True:
            said = self._greeting.get()
            if isinstance(said, Exception):
                raise said
            kind = said["type"]
            if kind == "welcome":
                return said
            if kind == "locked":
                raise LockedError(held_by(self.hello.host, said["holder"]))
            if kind == "refused":
                raise BecomeError(f"{self.hello.host}: {said['msg']}", said["code"])
            self.on_event(said)

    def _read(self) -> None:
        error: str | None = None
        try:
            self._find_marker()
            for frame, size in wire.frames(self._some):
                self.stats.bytes_received += size
                if isinstance(frame, dict):
                    self._take(frame)
            error = self._why_it_ended()
        except (wire.WireError, OSError) as fault:
            error = str(fault) or type(fault).__name__
        except NoPythonError as fault:
            self._greeting.put(fault)
            error = str(fault)
        except AgentError as fault:
            error = str(fault)
        if not self._answered:
            self._greeting.put(AgentError(error or f"{self.hello.host}: the agent left"))
        self._wanted.put("")
        # Without a welcome, whoever opens the session is told why it ended by an exception
        told = error if self._answered == "welcome" else None
        self.on_event({"type": "closed", "error": told})

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "fault":
            self._fault = str(frame.get("text"))
        if kind == "need":
            self._wanted.put(str(frame["blob"]))
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_blobs, daemon=True)
                self._sender.start()
        elif not self._greeted and kind in {"welcome", "locked", "refused"}:
            self._answered = str(kind)
            self._greeting.put(frame)
        else:
            self.on_event(frame)

    def _send_blobs(self) -> None:
        while digest := self._wanted.get():
            source = self._blobs.get(digest)
            if source is None:
                continue
            try:
                with self._uplink.turn(self._priority):
                    for at, piece in source.parts():
                        self._write(wire.pack_part(digest, at, piece))
            except OSError as error:
                if not self._closing:
                    self._fault = f"cannot send {source.path or digest}: {error}"
                    self.stream.close()
                return

    def _some(self, limit: int) -> bytes:
        if self._ahead:
            piece, self._ahead = self._ahead[:limit], self._ahead[limit:]
            return piece
        return self.stream.read(limit)

    def _find_marker(self) -> None:
        seen = b""
        while True:
            piece = self.stream.read(65536)
            seen += piece
            at = (b"\n" + seen).find(bootstrap.MARKER)
            line = seen[at + len(bootstrap.MARKER) - 1 :].partition(b"\n") if at >= 0 else None
            if line is not None and line[1]:
                version = tuple(int(part) for part in line[0].decode().split("."))
                if version < bootstrap.OLDEST:
                    raise NoPythonError(
                        f"{self.hello.host}: Python {line[0].decode()} is too old: "
                        "the agent needs 3.6 or newer (set ansible_python_interpreter)"
                    )
                self._ahead = line[2]
                return
            if not piece or len(seen) > NOISE:
                raise self._no_agent(seen.decode("utf-8", "replace"))

    def _no_agent(self, said: str) -> Exception:
        rc = self.stream.wait(2.0)
        host = self.hello.host
        errors = self.stream.errors().strip()
        interpreter = self.hello.interpreter
        if bootstrap.NO_PYTHON in said:
            return NoPythonError(
                f"{host}: no Python 3 on the host (looked for {', '.join(bootstrap.CANDIDATES[:3])}"
                " and others): install one, such as Debian's python3 package, "
                "or set ansible_python_interpreter"
            )
        if interpreter not in bootstrap.AUTOMATIC and rc in {126, 127}:
            return NoPythonError(
                f"{host}: no Python at `{interpreter}`, where ansible_python_interpreter points"
            )
        heard = "; ".join((errors or said.strip()).splitlines()[-3:])
        ended = f" (status {rc})" if rc is not None else ""
        return AgentError(f"{host}: the agent did not start{ended}: {heard or 'it said nothing'}")

    def _why_it_ended(self) -> str | None:
        if self._fault:
            return f"{self.hello.host}: the agent failed: {self._fault.strip().splitlines()[-1]}"
        if self._closing:
            return None
        heard = self.stream.errors().strip()
        tail = f": {heard.splitlines()[-1]}" if heard else ""
        return f"{self.hello.host}: the connection closed{tail}"


def held_by(host: str, holder: Mapping[str, Any]) -> str:
    """Who holds a host's run lock, as a sentence."""
    who = holder.get("user", "?")
    where = f" on {holder['controller']}" if holder.get("controller") else ""
    began = holder.get("since")
    if isinstance(began, int | float):
        began = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(began))
    since = f" since {began}" if began else ""
    return f"{host}: held by run {holder.get('run', '?')} of {who}{where}{since}"
