"""Hosts that reboot, or that are waited for; the fleet's side, without a host."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import Any

import pytest

from kplay.agent.session import Stats
from kplay.errors import UnreachableError
from kplay.transport.base import Completed
from kplay.walk.fleet import Fleet


@dataclass
class Wire:
    """A connection to a machine that counts its boots."""

    machine: Machine

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        del stdin, timeout
        if "/proc/1/stat" in text:
            return Completed(0, f"boot {self.machine.boots}", "")
        return Completed(0 if text == self.machine.healthy else 1, "", "")


@dataclass
class Machine:
    boots: int = 1
    down: int = 0
    """How many times it does not answer."""
    healthy: str = "whoami"
    fails: bool = False
    opened: int = 0

    def open(self, host: str, post: Any) -> Any:
        del host
        if self.down:
            self.down -= 1
            raise UnreachableError("m: no route to host")
        self.opened += 1
        return Session(self, post)


@dataclass
class Session:
    machine: Machine
    post: Any
    welcome: dict[str, Any] = field(default_factory=dict)
    stats: Stats = field(default_factory=Stats)

    @property
    def connection(self) -> Wire:
        return Wire(self.machine)

    def submit(self, steps: Any, blobs: Any, priority: Any = ()) -> None:
        del blobs, priority
        for step in steps:
            failed = step["module"] == "reboot" and self.machine.fails
            if step["module"] == "reboot" and not failed:
                self.machine.boots += 1
                self.machine.down = 1
            fields = {"msg": "no"} if failed else {}
            result = {"failed": failed, "changed": True, "fields": fields}
            self.post({"type": "result", "step": step["id"], "result": result})
            if step["module"] == "reboot" and not failed:
                self.post({"type": "closed", "error": "gone"})

    def ack(self, ids: Any) -> None: ...

    def cancel(self) -> None: ...

    def close(self, *, abandon: bool = False) -> None: ...


def step(name: str, module: str, **args: Any) -> dict[str, Any]:
    return {"id": name, "module": module, "op": "apply", "args": args}


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    fleets = []

    def make(machine: Machine) -> tuple[Fleet, queue.SimpleQueue[dict[str, Any]]]:
        frames: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        made = Fleet(machine.open, lambda _host, frame: frames.put(frame), 5)
        fleets.append(made)
        return made, frames

    yield make
    for one in fleets:
        one.close()


def results(frames: queue.SimpleQueue[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        frame = frames.get(timeout=10)
        if frame["type"] != "open":
            found.append(frame)
    return found


def test_a_reboot_is_answered_when_the_host_is_back(fleet: Any) -> None:
    machine = Machine()
    made, frames = fleet(machine)
    made.submit("m", [step("1", "command"), step("2", "reboot")], {}, ())
    made.submit("m", [step("3", "command")], {}, ())
    first, second, third = results(frames, 3)
    assert [one["step"] for one in (first, second, third)] == ["1", "2", "3"]
    assert second["result"]["fields"] == {"rebooted": True, "elapsed": 0}
    assert (second["result"]["changed"], second["result"]["failed"]) == (True, False)
    assert machine.opened == 2


def test_a_reboot_that_is_refused_fails(fleet: Any) -> None:
    made, frames = fleet(Machine(fails=True))
    made.submit("m", [step("1", "reboot")], {}, ())
    made.submit("m", [step("2", "command")], {}, ())
    first, second = results(frames, 2)
    assert first["result"]["failed"]
    assert second["step"] == "2"


def test_a_host_that_stays_away_fails_the_reboot(fleet: Any) -> None:
    made, frames = fleet(Machine(healthy="other"))
    made.submit("m", [step("1", "reboot", reboot_timeout=0.05)], {}, ())
    (first,) = results(frames, 1)
    assert first["result"]["failed"]
    assert first["result"]["fields"]["msg"].startswith("Timed out waiting for last boot time")


def test_a_host_is_waited_for(fleet: Any) -> None:
    machine = Machine(down=3)
    made, frames = fleet(machine)
    made.submit("m", [step("1", "wait_for_connection", timeout=30)], {}, ())
    (first,) = results(frames, 1)
    assert not first["result"]["failed"]
    assert machine.down == 0


def test_a_host_that_never_comes_fails_its_step(fleet: Any) -> None:
    machine = Machine(down=10**6)
    made, frames = fleet(machine)
    made.submit("m", [step("1", "wait_for_connection", timeout=0.05)], {}, ())
    (first,) = results(frames, 1)
    message = "timed out waiting for ping module test: m: no route to host"
    assert first["result"]["fields"]["msg"] == message
    machine.down = 0
    made.submit("m", [step("2", "command")], {}, ())
    assert results(frames, 1)[0]["step"] == "2"
