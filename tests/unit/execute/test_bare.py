"""raw on a host without Python."""

from __future__ import annotations

from typing import Any

import pytest

from kplay.execute.bare import BareSession
from kplay.transport.base import Completed, NoPythonError


class Wire:
    def __init__(self) -> None:
        self.texts: list[tuple[str, bytes]] = []
        self.closed = False

    def run(self, text: str, stdin: bytes = b"", timeout: float = 0.0) -> Completed:
        del timeout
        self.texts.append((text, stdin))
        return Completed(3 if "fail" in text else 0, "out\n", "")

    def close(self) -> None:
        self.closed = True


class Agent:
    def __init__(self) -> None:
        self.sent: list[str] = []
        self.stats = "the agent's"

    def submit(self, steps: Any, blobs: Any, priority: Any = ()) -> None:
        del blobs, priority
        self.sent += [step["id"] for step in steps]

    def ack(self, ids: Any) -> None:
        self.sent += [f"ack {one}" for one in ids]

    def cancel(self) -> None:
        self.sent.append("cancel")

    def close(self, *, abandon: bool = False) -> None:
        self.sent.append(f"close {abandon}")


def step(name: str, cmd: str = "", become: Any = None, op: str = "apply", **more: Any) -> Any:
    args = {"cmd": cmd, **more} if cmd else {}
    module = "raw" if cmd else "copy"
    return {"id": name, "module": module, "op": op, "args": args, "become": become,
            "environment": {"LANG": "C"} if name == "env" else {}}  # fmt: skip


def session(agent: Agent | None = None) -> tuple[BareSession, Wire, list[Any]]:
    wire, heard = Wire(), list[Any]()

    def start() -> Any:
        if agent is None:
            raise NoPythonError("m: no Python 3 on the host")
        return agent

    made: Any = BareSession(wire, NoPythonError("none"), heard.append, start)  # type: ignore[arg-type]
    return made, wire, heard


@pytest.mark.parametrize(
    ("asked", "text", "stdin"),
    [
        (step("1", "ls /"), "/bin/sh -c 'ls /'", b""),
        (step("1", "ls", executable="/bin/ash"), "/bin/ash -c ls", b""),
        (step("env", "ls"), "env LANG=C /bin/sh -c ls", b""),
        (step("1", "ls", {"user": "root"}), "sudo -n -u root /bin/sh -c ls", b""),
        (
            step("1", "ls", {"user": "root", "password": "x"}),
            "sudo -S -p '' -u root /bin/sh -c ls",
            b"x\n",
        ),
        (step("1", "ls", {"method": "su", "user": "bob"}), "su bob -c '/bin/sh -c ls'", b""),
        (step("1", "ls", {"method": "doas"}), "doas -n -u root /bin/sh -c ls", b""),
    ],
)
def test_raw_runs_without_an_agent(asked: Any, text: str, stdin: bytes) -> None:
    bare, wire, heard = session()
    bare.submit([asked], {})
    assert wire.texts == [(text, stdin)]
    assert heard[0]["result"]["fields"]["stdout_lines"] == ["out"]
    assert heard[0]["result"]["changed"]


def test_a_status_fails() -> None:
    bare, _, heard = session()
    bare.submit([step("1", "fail")], {})
    result = heard[0]["result"]
    assert (result["failed"], result["fields"]["rc"]) == (True, 3)


def test_other_steps_want_python_by_then() -> None:
    agent = Agent()
    bare, wire, _ = session(agent)
    bare.submit([step("1", "install"), step("2")], {})
    bare.submit([step("3")], {})
    bare.ack(["2"])
    bare.cancel()
    bare.close(abandon=True)
    assert agent.sent == ["2", "3", "ack 2", "cancel", "close True"]
    assert bare.stats == "the agent's"
    assert wire.closed


def test_without_python_the_message_names_raw() -> None:
    bare, wire, _ = session()
    with pytest.raises(NoPythonError, match="`raw` can install it"):
        bare.submit([step("1")], {})
    bare.ack([])
    bare.cancel()
    bare.close()
    assert wire.closed


def test_a_plan_runs_nothing_and_knows_nothing_after_it() -> None:
    bare, wire, heard = session()
    bare.submit([step("1", "install", op="plan")], {})
    bare.submit([step("2", op="plan")], {})
    assert wire.texts == []
    assert [one["result"]["action"] for one in heard] == ["run", "unknown"]
    assert heard[1]["result"]["unknown"] == "no Python on the host yet"


def test_raw_that_a_plan_file_does_not_have_is_not_run() -> None:
    bare, wire, heard = session()
    bare.submit([{**step("1", "ls"), "agreed": {"action": "none", "key": ""}}], {})
    assert wire.texts == []
    assert heard[0]["result"]["drift"]["stops"]
    bare.submit([{**step("2", "ls"), "agreed": {"action": "run", "key": ""}}], {})
    bare.submit([{**step("3", "id"), "agreed": {"action": "none", "key": "", "accept": True}}], {})
    assert [text for text, _ in wire.texts] == ["/bin/sh -c ls", "/bin/sh -c id"]
    assert not heard[2]["result"]["drift"]["stops"]
