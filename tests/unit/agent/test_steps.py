from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.agent.session import BlobSource

if TYPE_CHECKING:
    Agents = Any


def results(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["result"] for one in events if one["type"] == "result"]


def test_a_change_is_applied_once(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    put = {"module": "put", "path": str(tmp_path / "a"), "content": "one\n", "diff": True}
    first, second = results(talk.chain(put, put))
    assert (first["action"], first["changed"], first["failed"]) == ("create", True, False)
    assert first["diff"]
    assert (second["action"], second["changed"]) == ("none", False)
    assert (tmp_path / "a").read_text() == "one\n"


def test_a_plan_changes_nothing_and_sees_what_it_foresaw(agents: Agents, tmp_path: Path) -> None:
    talk = agents(mode="plan")
    path = str(tmp_path / "a")
    put = {"module": "put", "op": "plan", "path": path, "content": "one\n"}
    look = {"module": "act", "op": "plan", "look": path}
    first, again, seen = results(talk.chain(put, put, look))
    assert first["action"] == "create"
    assert first["known"] is False
    assert again["action"] == "none"
    assert seen["failed"] is False
    assert list(tmp_path.rglob("*")) == []


def test_what_only_the_run_can_tell_plans_as_unknown(agents: Agents, tmp_path: Path) -> None:
    talk = agents(mode="plan")
    path = str(tmp_path / "a")
    effect = ["path", path, {"state": "file", "content": {"__kplay_unknown__": True}}]
    result = talk.result(module="act", op="plan", look=path, effects=[effect])
    assert (result["action"], result["failed"]) == ("unknown", False)
    assert path in result["unknown"]


def test_observe_tells_what_is(agents: Agents, tmp_path: Path) -> None:
    result = agents(mode="plan").result(
        module="put", op="observe", path=str(tmp_path / "a"), content=""
    )
    assert result["fields"] == {"found": {"state": "absent"}}


def test_a_failed_step_drops_the_rest_of_its_chain(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    put = {"module": "put", "path": str(tmp_path / "a"), "content": ""}
    events = talk.chain({"module": "act", "do": "fail", "stop": True, "id": "x"}, dict(put, id="y"))
    assert results(events)[0]["fields"] == {"rc": 3, "msg": "it failed"}
    assert [one["step"] for one in events if one["type"] == "dropped"] == ["y"]
    assert results(talk.chain(put))[0]["changed"]


def test_without_stop_the_chain_goes_on(agents: Agents) -> None:
    fail = {"module": "act", "do": "fail"}
    assert len(results(agents().chain(fail, fail))) == 2


def test_a_bug_in_a_module_is_a_failed_result(agents: Agents) -> None:
    talk = agents()
    result = talk.result(module="act", do="crash")
    assert result["failed"]
    assert "RuntimeError: a bug" in result["fields"]["msg"]
    assert 'raise RuntimeError("a bug")' in result["fields"]["exception"]
    assert talk.result(module="act", do="nothing")["failed"] is False


def test_an_unknown_module_is_a_failed_result(agents: Agents) -> None:
    assert agents().result(module="nope")["fields"]["code"] == "unknown-module"
    assert agents().result(module="../nope")["fields"]["code"] == "unknown-module"


def test_what_was_applied_is_looked_at_again(agents: Agents) -> None:
    result = agents().result(module="liar")
    assert result["failed"]
    assert result["fields"]["msg"] == "after applying, mode is 'none', not '0644'"


def test_a_module_cannot_write_while_planning(agents: Agents) -> None:
    result = agents(mode="plan").result(module="writer", op="plan")
    assert "AttributeError" in result["fields"]["msg"]
    assert not Path("/tmp/kplay-must-not-exist").exists()


def test_query_runs_readers_only(agents: Agents) -> None:
    talk = agents(mode="plan")
    assert not talk.result(module="act", op="plan", query=["uname", "-r"])["failed"]
    refused = talk.result(module="act", op="plan", query=["touch", "/tmp/x"])
    assert "not a program that only reads" in refused["fields"]["msg"]


def test_guards_skip(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    for guards in ({"creates": "/etc"}, {"removes": "/nope"}, {"unless": "true"}):
        result = talk.result(module="act", do="fail", guards=guards)
        assert (result["action"], result["failed"]) == ("none", False)
    unguarded = {"creates": "/nope", "removes": "/etc", "unless": "false"}
    assert talk.result(module="act", do="fail", guards=unguarded)["failed"]


def test_a_guard_that_is_a_command_plans_as_unknown(agents: Agents, tmp_path: Path) -> None:
    guards = {"unless": f"touch {tmp_path}/x"}
    result = agents(mode="plan").result(module="act", op="plan", guards=guards)
    assert result["action"] == "unknown"
    assert not (tmp_path / "x").exists()


def test_a_step_has_its_environment(agents: Agents) -> None:
    talk = agents()
    cmd = {"module": "act", "do": "shell", "cmd": "echo $GREETING"}
    assert talk.result(**cmd, environment={"GREETING": "hi"})["fields"]["stdout"] == "hi\n"
    assert talk.result(**cmd)["fields"]["stdout"] == "\n"


def test_a_step_ends_at_its_timeout(agents: Agents) -> None:
    talk = agents()
    result = talk.result(module="act", do="shell", cmd="sleep 30 & sleep 30", timeout=1)
    assert result["fields"]["code"] == "timeout"
    assert result["ended"] - result["started"] < 8
    assert not talk.result(module="act", do="nothing")["failed"]


def test_output_comes_while_it_runs_and_is_bounded(agents: Agents) -> None:
    talk = agents()
    cmd = "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo last"
    events = talk.chain({"module": "act", "do": "shell", "cmd": cmd})
    output = "".join(one["text"] for one in events if one["type"] == "output")
    assert output.startswith("first\n")
    assert len(output) < 700_000
    stdout = results(events)[0]["fields"]["stdout"]
    assert "bytes cut here]" in stdout
    assert stdout.endswith("x" * 100 + "last\n")
    assert len(stdout) < 1_100_000


def test_a_daemon_that_holds_the_pipe_is_not_waited_for(agents: Agents) -> None:
    result = agents().result(module="act", do="shell", cmd="sleep 20 & echo up")
    assert result["fields"]["stdout"] == "up\n"
    assert result["ended"] - result["started"] < 5


def test_a_result_too_big_for_a_frame_fails_and_says_so(agents: Agents) -> None:
    result = agents().result(module="act", do="big")
    assert result["failed"]
    assert "over the limit" in result["fields"]["msg"]


def test_content_is_asked_for_when_it_is_written(agents: Agents, tmp_path: Path) -> None:
    talk = agents()
    blobs = [BlobSource.of_bytes(b"s" * 10), BlobSource.of_bytes(b"b" * 700_001)]
    refs = [{"$blob": one.sha256, "size": one.size} for one in blobs]
    steps = [
        {"module": "put", "path": str(tmp_path / str(index)), "content": ref}
        for index, ref in enumerate(refs)
    ]
    offered = {one.sha256: one for one in blobs}
    first = talk.chain(*steps, blobs=offered)
    assert [one["changed"] for one in results(first)] == [True, True]
    assert (tmp_path / "1").read_bytes() == b"b" * 700_001
    sent = talk.session.stats.bytes_sent
    assert [one["changed"] for one in results(talk.chain(*steps))] == [False, False]
    assert talk.session.stats.bytes_sent - sent < 2000


def test_a_plan_asks_for_no_content(agents: Agents, tmp_path: Path) -> None:
    talk = agents(mode="plan")
    blob = BlobSource.of_bytes(b"b" * 100_000)
    put = {"path": str(tmp_path / "a"), "content": {"$blob": blob.sha256, "size": blob.size}}
    before = talk.session.stats.bytes_sent
    events = talk.chain({"module": "put", "op": "plan", **put}, blobs={blob.sha256: blob})
    assert results(events)[0]["action"] == "create"
    assert talk.session.stats.bytes_sent - before < 2000


def test_content_that_is_not_what_was_named_fails(agents: Agents, tmp_path: Path) -> None:
    blob = BlobSource("0" * 64, 3, None, b"abc")
    put = {"path": str(tmp_path / "a"), "content": {"$blob": blob.sha256, "size": blob.size}}
    events = agents().chain({"module": "put", **put}, blobs={blob.sha256: blob})
    assert "not the one that was named" in results(events)[0]["fields"]["msg"]
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == []


def test_a_run_keeps_nothing_of_what_a_check_foresaw(agents: Agents, tmp_path: Path) -> None:
    put = {"module": "put", "op": "plan", "path": str(tmp_path / "a"), "content": "one\n"}
    assert [one["action"] for one in results(agents().chain(put, put))] == ["create", "create"]


def test_a_module_tells_why_its_step_did_not_end_in_time(agents: Agents) -> None:
    talk = agents()
    result = talk.result(module="act", do="sleep", seconds=30, timeout=1)
    assert result["fields"]["code"] == "timeout"
    assert result["fields"]["msg"] == "the step did not end within its timeout of 1 seconds"
    assert result["fields"]["why"] == 0
    assert result["ended"] - result["started"] < 10
    at_a_loss = talk.result(module="act", do="sleep", seconds=30, timeout=1, cmd="crash")
    assert at_a_loss["fields"]["code"] == "timeout"
    assert "why" not in at_a_loss["fields"]
