from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent import slot
from kplay.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Agents = Any

SLOW = {"module": "act", "do": "shell", "id": "slow"}


def gone(pid: int, timeout: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_an_acknowledged_run_leaves_nothing(agents: Agents, state: Path, tmp_path: Path) -> None:
    talk = agents()
    talk.chain({"module": "put", "id": "a", "path": str(tmp_path / "f"), "content": "x" * 10})
    assert list(state.rglob("*.slot"))
    talk.session.ack(["a"])
    talk.session.close()
    assert not state.exists()
    assert gone(talk.pid)


def test_what_a_plan_runs_for_its_author_leaves_no_record(agents: Agents, state: Path) -> None:
    talk = agents(mode="plan")
    told = talk.chain({"module": "act", "do": "shell", "id": "a", "cmd": "echo did"})
    assert next(one for one in told if one["type"] == "result")["result"]["changed"] is True
    assert next(one["type"] for one in told) == "started"
    assert not state.exists()


def test_steps_that_change_nothing_write_nothing(agents: Agents, state: Path) -> None:
    talk = agents()
    here = Path("/etc/hostname")
    talk.chain({"module": "put", "path": str(here), "content": here.read_text()})
    assert not state.exists()


def test_the_step_in_flight_ends_and_is_held(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    mark = tmp_path / "mark"
    slow = {**SLOW, "cmd": f"sleep 1; echo did; touch {mark}"}
    never = {"module": "put", "path": str(tmp_path / "never"), "content": ""}
    talk.session.submit([_step(slow), _step(never)], {})
    talk.until("started")
    talk.session.close(abandon=True)
    again = agents()
    held = again.session.welcome["held"]
    assert [(one["id"], one["state"]) for one in held] == [("slow", "ended")]
    assert held[0]["result"]["fields"]["stdout"] == "did\n"
    assert mark.exists()
    assert not (tmp_path / "never").exists()
    waited = [one for one in _drain(again) if one["type"] == "waiting"]
    assert waited


def test_an_agent_that_was_killed_leaves_an_interrupted_step(agents: Agents) -> None:
    talk = agents()
    talk.session.submit([_step({**SLOW, "cmd": "sleep 2"})], {})
    talk.until("started")
    os.kill(talk.pid, signal.SIGKILL)
    closed = talk.until("closed")[-1]
    assert closed["error"]
    held = agents().session.welcome["held"]
    assert [(one["id"], one["state"]) for one in held] == [("slow", "interrupted")]


def test_slots_are_of_one_run_and_host(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    talk.chain({"module": "put", "path": str(tmp_path / "f"), "content": "x"})
    talk.session.close()
    assert len(agents(mode="plan").session.welcome["held"]) == 1
    assert agents(run="other", mode="plan").session.welcome["held"] == []


def test_secret_results_are_sealed(agents: Agents, state: Path) -> None:
    talk = agents()
    secret = {"module": "act", "do": "shell", "cmd": "echo hunter2", "no_log": True, "id": "s"}
    events = talk.chain(secret)
    assert not [one for one in events if one["type"] == "output"]
    written = b"".join(path.read_bytes() for path in state.rglob("*.slot"))
    assert b"sealed" in written
    assert b"hunter2" not in written
    talk.session.close()
    held = agents().session.welcome["held"]
    assert held[0]["result"]["fields"]["stdout"] == "hunter2\n"


def test_the_state_directory_is_private(agents: Agents, state: Path, tmp_path: Path) -> None:
    agents().chain({"module": "put", "path": str(tmp_path / "f"), "content": "x"})
    for path in (state, *state.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_another_run_is_locked_out_and_told_by_whom(agents: Agents) -> None:
    agents(holder={"user": "ann", "controller": "ops1", "pid": 7, "since": "12:00"})
    with pytest.raises(LockedError, match="held by run run-1 of ann on ops1 since 12:00"):
        agents(run="run-2")
    holder = agents(run="run-2", mode="plan").session.welcome["holder"]
    assert (holder["user"], holder["run"]) == ("ann", "run-1")


def test_the_lock_is_free_when_its_holder_ends(agents: Agents) -> None:
    agents().session.close()
    assert agents(run="run-2").session.welcome["type"] == "welcome"


def test_a_new_connection_of_the_same_run_takes_over(agents: Agents) -> None:
    old = agents()
    agents()
    assert gone(old.pid)


def test_cancel_drops_what_has_not_started(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    slow = {**SLOW, "cmd": "sleep 1; echo done"}
    put = {"module": "put", "path": str(tmp_path / "never"), "content": "", "id": "put"}
    talk.session.submit([_step(slow), _step(put)], {})
    talk.until("started")
    talk.session.cancel()
    events = talk.until("end")
    assert [one["step"] for one in events if one["type"] == "dropped"] == ["put"]
    assert next(one for one in events if one["type"] == "result")["result"]["failed"] is False


def test_cancel_wakes_a_step_that_sleeps(agents: Agents) -> None:
    talk = agents()
    talk.session.submit([_step({"module": "act", "do": "sleep", "seconds": 60, "id": "z"})], {})
    talk.until("started")
    talk.session.cancel()
    events = talk.until("end", timeout=5)
    assert events[-2]["result"]["fields"]["code"] == "cancelled"


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.fail("a full disk is made by mounting one: run as root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    monkeypatch.setenv("KPLAY_STATE_DIRECTORY", str(place / "state"))
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_on_a_full_disk_nothing_is_applied(
    agents: Agents, small_disk: Path, tmp_path: Path
) -> None:
    talk = agents()
    (small_disk / "fill").write_bytes(b"x" * 60 * 1024)
    result = talk.result(module="put", path=str(tmp_path / "f"), content="x")
    assert result["fields"]["code"] == "disk-full"
    assert "nothing was applied" in result["fields"]["msg"]
    assert not (tmp_path / "f").exists()


def test_a_disk_that_fills_up_loses_output_not_the_fact(state: Path, small_disk: Path) -> None:
    slots = slot.Slots(str(small_disk / "state"), "r", "h", b"k" * 32)
    slots.start("a", "act", no_log=False, when=1.0)
    with contextlib.suppress(OSError):
        (small_disk / "fill").write_bytes(b"x" * 64 * 1024)
    result = {"changed": True, "failed": False, "fields": {"rc": 0, "stdout": "y" * 60_000}}
    slots.end("a", result)
    held = slots.held()[0]
    assert (held["state"], held["result"]["changed"]) == ("ended", True)
    assert "disk was full" in held["result"]["fields"]["msg"]


def test_another_users_state_directory_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
        slots = slot.Slots(str(tmp_path), "r", "h", b"")
        with pytest.raises(slot.DiskFull, match="another user owns"):
            slots.start("a", "act", no_log=False, when=1.0)


def _step(fields: dict[str, Any]) -> dict[str, Any]:
    known = {"id", "module", "op"}
    args = {key: value for key, value in fields.items() if key not in known}
    return {
        "op": "apply",
        "id": "later",
        "args": args,
        **{k: fields[k] for k in known & set(fields)},
    }


def _drain(talk: Any) -> list[dict[str, Any]]:
    found = []
    while not talk.events.empty():
        found.append(talk.events.get())
    return found


@pytest.mark.parametrize("other_user", [False, True])
def test_a_step_that_waits_for_content_ends_when_the_controller_is_gone(
    agents: Agents, tmp_path: Path, other_user: bool
) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    sudo.chmod(0o755)
    become = {"user": "other", "method": "sudo", "exe": str(sudo)} if other_user else None
    talk = agents()
    content = {"$blob": "0" * 64, "size": 10}
    put = {"module": "put", "path": str(tmp_path / "file"), "content": content}
    talk.session.submit([{**_step(put), "become": become}], {})
    talk.until("started")
    talk.session.close(abandon=True)
    assert gone(talk.pid)
    assert not (tmp_path / "file").exists()
