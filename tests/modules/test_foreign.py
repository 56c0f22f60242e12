"""The runner is real: what would run on the host runs here, under this Python."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from kplay.foreign.find import Foreign
from kplay.foreign.pack import pack
from kplay.modules.foreign import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import os
from ansible.module_utils.basic import AnsibleModule

def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(required=True), state=dict(default="present"), token=dict(no_log=True)),
        supports_check_mode=True,
    )
    name = module.params["name"]
    if name == "bad":
        module.fail_json(msg="a bad name", why="chosen")
    if name == "odd":
        raise RuntimeError("not foreseen")
    if name == "silent":
        return
    if name == "pale":
        module.exit_json(rc=3, changed=False)
    if name == "skip":
        module.exit_json(skipped=True, changed=False)
    module.warn("mind the step")
    module.deprecate("use other", version="9.0", collection_name="a.b")
    print("a stray line")
    changed = module.params["state"] == "absent"
    module.exit_json(
        changed=changed, name=name, checked=module.check_mode, stdout="a\\nb", said=module._name,
        token=module.params["token"], diff=dict(before="one\\n", after="two\\n") if changed else {},
        ansible_facts=dict(own_name=name, ansible_connection="local", own_interpreter="x"),
        silent=module.no_log, file=__file__)

if __name__ == "__main__":
    main()
"""


def runs(host: FakeHost, argv: Any) -> Any:
    from kplay.agent.host import Completed

    done = subprocess.run(
        [str(one) for one in argv], input=host.stdin, capture_output=True, text=True, check=False
    )
    return Completed(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def host() -> FakeHost:
    return FakeHost(facts={"executable": sys.executable}).when([], does=runs)


@pytest.fixture
def args(tmp_path: Path, host: FakeHost) -> dict[str, Any]:
    return given(tmp_path, host, SOURCE)


def given(folder: Path, host: FakeHost, source: str) -> dict[str, Any]:
    path = folder / "own.py"
    path.write_text(source, encoding="utf-8")
    packed = pack(Foreign("own", "own", path, "ansible.modules.own"))
    host.sources.update(packed.sources)
    return {
        "name": "own",
        "package": "ansible.modules.own",
        "listed": packed.listed,
        "parameters": {"name": "a", "token": "hushhush"},
        "told": {"version": packed.version, "module_name": "own", "unheard_of": 1, "no_log": False},
        "may_be_told": sorted(packed.told),
        "checks": packed.checks,
    }


def named(args: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return {**args, "parameters": {"name": name, **more}}


def test_it_runs_and_its_result_is_read(host: FakeHost, args: dict[str, Any]) -> None:
    done = play(module, args, host)
    assert not done.failed, done.fields
    assert not done.changed
    assert (done["name"], done["checked"], done["said"]) == ("a", False, "own")
    assert done["stdout_lines"] == ["a", "b"]
    assert done["token"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" or set(done["token"]) == {"*"}
    assert "invocation" not in done.fields
    assert not [name for name in done.fields if name.startswith("_ansible_")]
    assert done["file"] == "kplay:ansible/modules/own.py"


def test_what_it_warns_of_is_text(host: FakeHost, args: dict[str, Any]) -> None:
    done = play(module, args, host)
    assert done["warnings"] == ["mind the step"]
    assert [one["msg"] for one in done["deprecations"]] == ["use other"]


def test_its_facts_do_not_lead_the_next_task_elsewhere(
    host: FakeHost, args: dict[str, Any]
) -> None:
    assert play(module, args, host)["ansible_facts"] == {"own_name": "a"}


def test_what_it_changes_is_changed(host: FakeHost, args: dict[str, Any]) -> None:
    done = play(module, named(args, "a", state="absent"), host)
    assert done.changed
    assert (done.action, done["diff"]) == ("run", {"before": "one\n", "after": "two\n"})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad", "a bad name"),
        ("odd", "MODULE FAILURE: RuntimeError: not foreseen"),
        ("silent", "MODULE FAILURE: it said nothing"),
        ("pale", "the module failed"),
    ],
)
def test_its_failure_is_the_step_s(
    host: FakeHost, args: dict[str, Any], name: str, message: str
) -> None:
    done = play(module, named(args, name), host)
    assert done.failed
    assert done.msg == message
    if name == "bad":
        assert done["why"] == "chosen"
    if name == "odd":
        assert done["rc"] == 1
        assert done["exception"].startswith("Traceback")
        assert "kplay:ansible/modules/own.py" in done["module_stderr"]


def test_an_argument_that_it_does_not_know_is_said(host: FakeHost, args: dict[str, Any]) -> None:
    done = play(module, named(args, "a", colour="red"), host)
    assert done.failed
    assert "colour" in done.msg


def test_one_that_prints_no_result_failed(args: dict[str, Any]) -> None:
    silent = FakeHost(facts={"executable": sys.executable}).when([], stdout="no JSON\n")
    silent.sources.update({args["listed"]: "{}"})
    done = play(module, args, silent)
    assert done.failed
    assert done.msg == "MODULE FAILURE: no JSON"
    assert done["module_stdout"] == "no JSON"


def test_planning_asks_its_check_mode(host: FakeHost, args: dict[str, Any]) -> None:
    nothing = plan(module, args, host)
    assert nothing.action == "none"
    assert (nothing["checked"], nothing["silent"], nothing["name"]) == (True, True, "a")
    changes = plan(module, named(args, "a", state="absent"), host)
    assert (changes.action, changes.changed, changes.known) == ("update", True, False)
    assert changes["diff"] == {"before": "one\n", "after": "two\n"}
    assert changes["ansible_facts"] == {"own_name": "a"}


def test_what_fails_in_check_mode_fails_in_a_plan(host: FakeHost, args: dict[str, Any]) -> None:
    done = plan(module, named(args, "bad"), host)
    assert (done.failed, done.msg) == (True, "a bad name")


def test_one_that_skips_its_check_mode_is_planned_as_run(
    host: FakeHost, args: dict[str, Any]
) -> None:
    done = plan(module, named(args, "skip"), host)
    assert (done.action, done.after) == ("run", {"module": "own"})
    assert play(module, named(args, "skip"), host)["skipped"] is True


def test_one_without_check_mode_is_not_asked(tmp_path: Path, host: FakeHost) -> None:
    args = given(tmp_path, host, SOURCE.replace("supports_check_mode=True,", ""))
    assert plan(module, args, host).action == "run"
    assert host.queries == []


def test_an_argument_that_is_not_known_yet_leaves_the_plan_open(
    host: FakeHost, args: dict[str, Any]
) -> None:
    from kplay.modules.api import UNKNOWN

    done = plan(module, named(args, "a", state=UNKNOWN), host)
    assert (done.action, done.known) == ("unknown", False)
    assert host.queries == []


def test_a_module_may_ask_for_another_python(tmp_path: Path, host: FakeHost) -> None:
    source = """
import sys
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import (
    has_respawned, probe_interpreters_for_module, respawn_module)

def main():
    if not has_respawned():
        respawn_module(probe_interpreters_for_module(["/no/such", sys.executable], "json"))
    module = AnsibleModule(argument_spec=dict(name=dict()))
    module.exit_json(changed=False, again=has_respawned(), name=module.params["name"])

if __name__ == "__main__":
    main()
"""
    done = play(module, named(given(tmp_path, host, source), "a"), host)
    assert (done["again"], done["name"]) == (True, "a")


def test_nothing_of_a_module_stands_in_the_argument_list(
    host: FakeHost, args: dict[str, Any]
) -> None:
    play(module, args, host)
    assert "hushhush" not in json.dumps(host.runs[0].argv)
    assert "hushhush" in host.runs[0].stdin


def test_a_python_that_is_too_old_for_ansible_is_said(host: FakeHost, args: dict[str, Any]) -> None:
    listed = json.loads(host.sources[args["listed"]])
    # What a syntax that came later is to an older Python
    host.sources[listed["ansible/module_utils/basic.py"]] = "match = : later\n"
    done = play(module, args, host)
    assert done.failed
    assert "does not run under the host's Python 3." in done.msg
