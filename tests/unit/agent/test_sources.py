"""Texts that go ahead of steps: each once, in memory, for plans and jobs too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.agent.session import BlobSource
from kplay.foreign.find import Places, installed
from kplay.foreign.pack import Packed, pack

if TYPE_CHECKING:
    from pathlib import Path

    Agents = Any


def packed(name: str) -> tuple[Packed, dict[str, BlobSource]]:
    module = installed(name, Places())
    assert module is not None
    made = pack(module)
    return made, {made.listed: BlobSource(made.listed, 0, sources=made.sources)}


def call(name: str, made: Packed, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "module": "foreign",
        "name": name,
        "package": f"ansible.modules.{name}",
        "listed": made.listed,
        "parameters": parameters,
        "may_be_told": sorted(made.told),
        "checks": made.checks,
        **fields,
    }


def test_what_two_modules_share_is_sent_once(agents: Agents, tmp_path: Path, state: Path) -> None:
    talk = agents(mode="plan")
    known = str(tmp_path / "known_hosts")
    made, blobs = packed("known_hosts")
    entry = call("known_hosts", made, {"name": "x", "path": known, "state": "absent"}, op="plan")
    sent = []
    for _ in range(2):
        before = talk.session.stats.bytes_sent
        result = next(one for one in talk.chain(entry, blobs=blobs) if one["type"] == "result")
        assert (result["result"]["action"], result["result"]["failed"]) == ("none", False)
        sent.append(talk.session.stats.bytes_sent - before)
    before = talk.session.stats.bytes_sent
    other, more = packed("tempfile")
    talk.chain(call("tempfile", other, {"path": str(tmp_path)}, op="plan"), blobs=more)
    third = talk.session.stats.bytes_sent - before
    assert sent[0] > 100_000
    assert sent[1] < 2_000
    assert third < sent[0] / 5
    assert list(tmp_path.rglob("*")) == [path for path in tmp_path.rglob("*") if path == state]


def test_a_plan_leaves_nothing_behind_and_an_apply_does(agents: Agents, tmp_path: Path) -> None:
    made, blobs = packed("tempfile")
    where = tmp_path / "made"
    where.mkdir()
    entry = call("tempfile", made, {"path": str(where), "prefix": "x"})
    planned = agents(mode="plan", run="p").chain({**entry, "op": "plan"}, blobs=blobs)
    assert next(one for one in planned if one["type"] == "result")["result"]["action"] == "run"
    assert list(where.iterdir()) == []
    applied = agents().chain(entry, blobs=blobs)
    result = next(one for one in applied if one["type"] == "result")["result"]
    assert [str(one) for one in where.iterdir()] == [result["fields"]["path"]]
