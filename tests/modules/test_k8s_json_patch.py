from __future__ import annotations

from typing import Any

from kplay.modules.k8s_json_patch import module
from kplay.testing import plan, play

ARGS = {
    "kind": "ConfigMap",
    "api_version": "v1",
    "name": "one",
    "namespace": "web",
    "patch": [{"op": "replace", "path": "/data/x", "value": "9"}],
}


def test_an_object_is_patched_once(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web", data={"x": "1"})
    planned = plan(module, ARGS, cluster.host)
    assert planned.action == "update"
    assert 'x: "9"' in planned.after["content"]
    done = play(module, {**ARGS, "wait": True}, cluster.host)
    assert done["result"]["data"] == {"x": "9"}
    again = play(module, ARGS, cluster.host)
    assert (again.changed, again["result"]["data"]) == (False, {"x": "9"})


def test_an_object_that_is_not_there(cluster: Any) -> None:
    done = play(module, ARGS, cluster.host)
    assert done.msg == "there is no ConfigMap/web/one"


def test_which_cluster_is_meant(cluster: Any, kubectl_connection: Any) -> None:
    cluster.add("ConfigMap", "one", "web", data={"x": "1"})
    waiting = {"wait_condition": {"type": "Open"}, "wait_sleep": 1, "wait_timeout": 5}
    play(module, {**ARGS, **kubectl_connection.args, "wait": True, **waiting}, cluster.host)
    assert {"--for=condition=Open=True", "--timeout=5s"} <= set(cluster.host.runs[-1].argv)
    assert kubectl_connection.given_to(cluster.host.queries)
