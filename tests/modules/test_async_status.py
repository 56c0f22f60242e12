from __future__ import annotations

import json

import pytest

from kplay.modules.async_status import JOB_CHANGED, module
from kplay.testing import FakeHost, plan, play

PLACE = "/root/.kplay_async"
ARGS = {"jid": "j1.2", "_directory": PLACE}


def host_with(**job: object) -> FakeHost:
    known = {"ansible_job_id": "j1.2", "started": True, **job}
    return FakeHost(files={f"{PLACE}/j1.2": json.dumps(known)})


def test_a_job_under_way():
    result = play(module, ARGS, host_with(finished=False))
    assert not result.failed
    assert not result.changed
    assert result["finished"] is False
    assert result["results_file"] == f"{PLACE}/j1.2"


@pytest.mark.parametrize("changed", [True, False])
def test_a_job_that_ended_has_its_own_fields(changed: bool):
    result = play(module, ARGS, host_with(finished=True, rc=0, changed=changed, failed=False))
    assert (result["finished"], result["rc"], result[JOB_CHANGED]) == (True, 0, changed)


def test_a_job_that_failed_fails_who_asks():
    result = play(module, ARGS, host_with(finished=True, failed=True, rc=2, msg="bad"))
    assert (result.failed, result.msg, result["rc"]) == (True, "bad", 2)


@pytest.mark.parametrize("jid", ["j9.9", "../j1.2", "."])
def test_no_such_job(jid: str):
    result = plan_failure(jid)
    assert result.failed
    assert result.msg == "could not find job"


def plan_failure(jid: str):
    return play(module, {**ARGS, "jid": jid}, host_with(finished=True))


def test_what_is_no_job_is_said():
    host = FakeHost(files={f"{PLACE}/j1.2": "{"})
    assert play(module, ARGS, host).msg == "could not parse job output"


def test_cleanup_removes_the_file():
    host = host_with(finished=True, rc=0)
    args = {**ARGS, "mode": "cleanup"}
    assert plan(module, args, host).action == "run"
    result = play(module, args, host)
    assert not result.changed
    assert result["erased"] == f"{PLACE}/j1.2"
    assert play(module, args, host).failed


def test_a_job_that_a_plan_does_not_start_is_unknown() -> None:
    from kplay.modules.api import UNKNOWN

    planned = plan(module, {"jid": UNKNOWN}, FakeHost())
    assert (planned.action, planned.unknown) == (
        "unknown",
        "what becomes of a job that only the run starts",
    )
