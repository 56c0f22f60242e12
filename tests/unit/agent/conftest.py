"""Agents on the controller itself, with state and lock of their own."""

from __future__ import annotations

import queue
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.session import AgentSession, BlobSource, Hello
from kplay.transport.local import LocalConnection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULES = {path.stem: path.read_text() for path in (Path(__file__).parent / "modules").glob("*.py")}
KEY = b"k" * 32


class Talk:
    """A session and the events that came."""

    def __init__(self, hello: Hello) -> None:
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.session = AgentSession(LocalConnection(), hello, self.events.put)

    @property
    def pid(self) -> int:
        return self.session.stream.process.pid

    def until(self, kind: str, timeout: float = 20.0) -> list[dict[str, Any]]:
        seen = []
        deadline = time.monotonic() + timeout
        while not seen or seen[-1]["type"] != kind:
            seen.append(self.events.get(timeout=max(0.1, deadline - time.monotonic())))
        return seen

    def chain(
        self, *steps: dict[str, Any], blobs: Mapping[str, BlobSource] | None = None
    ) -> list[dict[str, Any]]:
        self.session.submit([step(**one) for one in steps], blobs or {})
        return self.until("end")

    def result(self, **fields: Any) -> dict[str, Any]:
        return results(self.chain(fields))[0]


def step(module: str, op: str = "apply", **fields: Any) -> dict[str, Any]:
    args = {key: fields.pop(key) for key in list(fields) if key not in KEYWORDS}
    return {"id": uuid.uuid4().hex, "module": module, "op": op, "args": args, **fields}


KEYWORDS = {"id", "become", "environment", "no_log", "diff", "stop", "guards", "timeout", "effects"}


def results(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["result"] for one in events if one["type"] == "result"]


class Agents:
    """Starts agents; all of a test share state directory and lock."""

    def __init__(self) -> None:
        self.talks: list[Talk] = []

    def __call__(self, run: str = "run-1", host: str = "h1", **fields: Any) -> Talk:
        hello = Hello(run, host, key=KEY, extra_modules=MODULES, **fields)
        talk = Talk(hello)
        self.talks.append(talk)
        return talk


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KPLAY_STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def agents(state: Path) -> Iterator[Agents]:
    made = Agents()
    yield made
    for talk in made.talks:
        talk.session.close()
        talk.session.stream.kill()
