"""k8s_initial_secret: values that are drawn once, and neither shown nor put into an argument."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kplay.modules.k8s_initial_secret import drawn, module
from kplay.testing import plan, play

ARGS: dict[str, Any] = {
    "name": "bootstrap-secret",
    "namespace": "cattle-system",
    "generate": {"bootstrapPassword": 32},
}
KEY = ("Secret", "cattle-system", "bootstrap-secret")


def value(cluster: Any, key: str = "bootstrapPassword") -> str:
    return base64.b64decode(cluster.objects[KEY]["data"][key]).decode()


def told(cluster: Any) -> str:
    """All that any program was called with."""
    return " ".join(" ".join(one.argv) for one in cluster.host.runs)


def test_a_value_is_drawn_once(cluster: Any) -> None:
    planned = plan(module, ARGS, cluster.host)
    assert planned.action == "create"
    assert planned.after == {"keys": {"bootstrapPassword": "drawn"}, "state": "present"}
    made = play(module, ARGS, cluster.host)
    assert made.fields == {"keys": ["bootstrapPassword"]}
    first = value(cluster)
    assert len(first) == 32
    assert first not in told(cluster)
    assert first not in repr(made)
    assert plan(module, ARGS, cluster.host).action == "none"
    again = play(module, ARGS, cluster.host)
    assert (again.changed, again.fields) == (False, {"keys": ["bootstrapPassword"]})
    assert value(cluster) == first


def test_a_plan_asks_whether_there_may_be_one(cluster: Any) -> None:
    cluster.strict = True
    planned = plan(module, ARGS, cluster.host)
    assert planned.action == "unknown"
    assert planned.msg.startswith("there is no namespace cattle-system, which Secret/")
    cluster.host.effects["kubernetes", "Namespace/cattle-system"] = {"state": "changed"}
    planned = plan(module, ARGS, cluster.host)
    assert planned.action == "create"
    assert "there is no namespace cattle-system yet" in planned["warnings"][0]


def test_a_value_that_is_given_is_taken_the_first_time_alone(cluster: Any) -> None:
    args = ARGS | {"initial": {"bootstrapPassword": "of the vault"}}
    assert plan(module, args, cluster.host).after["keys"] == {"bootstrapPassword": "given"}
    made = play(module, args, cluster.host)
    assert value(cluster) == "of the vault"
    assert "of the vault" not in told(cluster) + repr(made)
    other = ARGS | {"initial": {"bootstrapPassword": "another"}}
    assert plan(module, other, cluster.host).action == "none"
    assert not play(module, other, cluster.host).changed
    assert value(cluster) == "of the vault"


def test_an_empty_one_is_drawn(cluster: Any) -> None:
    play(module, ARGS | {"initial": {"bootstrapPassword": ""}}, cluster.host)
    assert len(value(cluster)) == 32


def test_a_key_that_is_lacking_is_added_and_the_others_are_kept(cluster: Any) -> None:
    cluster.add("Secret", "bootstrap-secret", "cattle-system", data={"other": "eA=="})
    assert plan(module, ARGS, cluster.host).action == "update"
    play(module, ARGS, cluster.host)
    assert cluster.objects[KEY]["data"]["other"] == "eA=="
    drawn_now = value(cluster)
    assert len(drawn_now) == 32
    assert drawn_now not in told(cluster)


def test_labels_annotations_and_type(cluster: Any) -> None:
    more = {"labels": {"a": "b"}, "annotations": {"c": "d"}, "type": "example.com/x"}
    play(module, ARGS | more, cluster.host)
    made = cluster.objects[KEY]
    assert (made["metadata"]["labels"], made["metadata"]["annotations"]) == ({"a": "b"}, {"c": "d"})
    assert made["type"] == "example.com/x"


def test_it_is_removed(cluster: Any) -> None:
    play(module, ARGS, cluster.host)
    gone = ARGS | {"state": "absent"}
    assert plan(module, gone, cluster.host).action == "remove"
    assert play(module, gone, cluster.host).changed
    assert KEY not in cluster.objects
    assert plan(module, gone, cluster.host).action == "none"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"generate": {}}, "names at least one key"),
        ({"generate": {}, "initial": {"k": ""}}, "k is empty in `initial`"),
    ],
)
def test_what_is_refused(cluster: Any, more: dict[str, Any], said: str) -> None:
    failed = play(module, ARGS | more, cluster.host)
    assert failed.failed
    assert said in failed.msg


def test_what_is_drawn_differs() -> None:
    many = {drawn(24) for _ in range(100)}
    assert len(many) == 100
    assert all(one.isalnum() and len(one) == 24 for one in many)


def test_which_cluster_is_meant(cluster: Any, kubectl_connection: Any) -> None:
    play(module, ARGS | kubectl_connection.args, cluster.host)
    assert kubectl_connection.given_to(cluster.host.queries)
