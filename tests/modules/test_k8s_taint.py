from __future__ import annotations

from typing import Any

import pytest

from kplay.modules.k8s_taint import module
from kplay.testing import plan, play

SLOW = {"key": "disk", "value": "slow", "effect": "NoSchedule"}
GONE = {"key": "gone", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}


@pytest.fixture
def node(cluster: Any) -> Any:
    cluster.add("Node", "n1", spec={"taints": [GONE]})
    return cluster


def taints(cluster: Any) -> list[Any]:
    return cluster.objects["Node", "", "n1"]["spec"].get("taints", [])


def test_a_taint_is_added_to_the_others(node: Any) -> None:
    args = {"name": "n1", "taints": [SLOW], "state": "present"}
    assert plan(module, args, node.host).action == "update"
    assert play(module, args, node.host)["result"]["kind"] == "Node"
    assert taints(node) == [SLOW, GONE]
    assert not play(module, args, node.host).changed


def test_or_takes_their_place(node: Any) -> None:
    play(module, {"name": "n1", "taints": [SLOW], "replace": True}, node.host)
    assert taints(node) == [SLOW]


def test_taints_go_by_key_and_effect(node: Any) -> None:
    other = {"name": "n1", "state": "absent", "taints": [{"key": "gone", "effect": "NoSchedule"}]}
    assert not play(module, other, node.host).changed
    play(module, {"name": "n1", "state": "absent", "taints": [{"key": "gone"}]}, node.host)
    assert taints(node) == []


def test_what_is_wrong(node: Any) -> None:
    assert "has no effect" in play(module, {"name": "n1", "taints": [{"key": "a"}]}, node.host).msg
    assert "no node n2" in play(module, {"name": "n2", "taints": [SLOW]}, node.host).msg


def test_which_cluster_is_meant(node: Any, kubectl_connection: Any) -> None:
    play(module, {"name": "n1", "taints": [SLOW], **kubectl_connection.args}, node.host)
    assert kubectl_connection.given_to(node.host.queries)
