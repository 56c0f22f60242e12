from __future__ import annotations

from typing import Any

from kplay.modules.helm_repository import module
from kplay.testing import FakeHost, plan, play

ARGS = {"repo_name": "stable", "repo_url": "https://charts"}
EMPTY = "Error: no repositories to show\n"


def host(*listed: str) -> FakeHost:
    rows = ", ".join(f'{{"name": "{one}", "url": "https://{one}"}}' for one in listed)
    there = FakeHost(files={"/usr/bin/helm": ""}).when("helm repo", stdout="done\n")
    if not listed:
        return there.when("helm repo list", rc=1, stderr=EMPTY)
    return there.when("helm repo list", stdout=f"[{rows}]")


def test_a_repository_is_added() -> None:
    there = host("other")
    assert plan(module, ARGS, there).action == "create"

    def added(on: FakeHost, _argv: object) -> None:
        on.when("helm repo list", stdout='[{"name": "stable", "url": "https://charts"}]')

    there.when("helm repo add", stdout="done\n", does=added)
    more = {"repo_username": "u", "repo_password": "hunter2", "pass_credentials": True}
    done = play(module, {**ARGS, **more, "insecure_skip_tls_verify": True}, there)
    assert done["stdout"] == "done\n"
    assert there.runs[0].argv == (
        "helm", "repo", "add", "stable", "https://charts", "--username", "u", "--password-stdin",
        "--insecure-skip-tls-verify", "--pass-credentials",
    )  # fmt: skip
    assert there.runs[0].stdin == "hunter2"


def test_one_that_is_there_is_left() -> None:
    args = {"name": "stable", "url": "https://stable", "state": "present"}
    assert not play(module, args, host("stable")).changed


def test_another_address_wants_force() -> None:
    assert "force_update changes it" in play(module, ARGS, host("stable")).msg
    assert plan(module, {**ARGS, "force_update": True}, host("stable")).action == "update"


def test_removing() -> None:
    args = {"repo_name": "stable", "repo_state": "absent"}
    assert plan(module, args, host("stable")).action == "remove"
    assert not play(module, args, host()).changed


def test_what_is_missing() -> None:
    assert "repo_url is needed" in play(module, {"name": "stable"}, host()).msg
    assert plan(module, ARGS, FakeHost()).action == "create"


def test_which_cluster_is_meant(helm_connection: Any) -> None:
    there = host()
    play(module, {**ARGS, **helm_connection.args}, there)
    assert helm_connection.given_to(there.queries)
