from __future__ import annotations

from typing import Any

from kplay.modules.helm_info import module
from kplay.testing import FakeHost, plan, play

LISTED = '[{"name": "rel", "namespace": "web", "chart": "my-web-1.2.3", "status": "deployed"}]'
ARGS = {"release_name": "rel", "release_namespace": "web"}


def host() -> FakeHost:
    there = FakeHost(files={"/usr/bin/helm": ""}).when("helm list", stdout=LISTED)
    there.when("helm get values rel -n web -o", stdout="null")
    there.when("helm get values rel -n web --all", stdout='{"a": 1}')
    for field in ("manifest", "notes", "hooks"):
        there.when(f"helm get {field}", stdout=f"the {field}")
    return there


def test_a_release() -> None:
    status = play(module, {**ARGS, "binary_path": "helm"}, host())["status"]
    assert (status["chart"], status["values"], status["manifest"], status["notes"]) == (
        "my-web-1.2.3", {}, "the manifest", "the notes",
    )  # fmt: skip


def test_all_values() -> None:
    assert play(module, {**ARGS, "get_all_values": True}, host())["status"]["values"] == {"a": 1}


def test_states() -> None:
    there = host()
    play(module, {**ARGS, "release_state": ["failed", "deployed"]}, there)
    assert {"--failed", "--deployed"} <= set(there.queries[0])


def test_no_release() -> None:
    none = FakeHost(files={"/usr/bin/helm": ""}).when("helm list", stdout="[]")
    assert "status" not in play(module, ARGS, none).fields


def test_a_helm_that_is_only_planned_is_unknown() -> None:
    assert "only be there once" in plan(module, ARGS, FakeHost()).msg


def test_which_cluster_is_meant(helm_connection: Any) -> None:
    there = host()
    play(module, {**ARGS, **helm_connection.args}, there)
    assert helm_connection.given_to(there.queries)
