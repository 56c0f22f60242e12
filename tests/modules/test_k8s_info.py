from __future__ import annotations

from typing import Any

from kplay.modules.k8s_info import module
from kplay.testing import plan, play


def test_objects_that_match(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web")
    cluster.add("ConfigMap", "two", "db")
    done = play(module, {"kind": "ConfigMap", "api_version": "v1"}, cluster.host)
    assert [one["metadata"]["name"] for one in done["resources"]] == ["two", "one"]
    assert done["api_found"] is True
    assert "--all-namespaces" in cluster.host.queries[-1]
    assert "managedFields" not in done["resources"][0]["metadata"]


def test_one_object(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web")
    args = {"kind": "ConfigMap", "name": "one", "namespace": "web"}
    done = play(module, {**args, "hidden_fields": ["metadata.uid", "no.such.field"]}, cluster.host)
    assert "uid" not in done["resources"][0]["metadata"]
    assert play(module, {**args, "name": "none"}, cluster.host)["resources"] == []


def test_selectors(cluster: Any) -> None:
    selectors = {"label_selectors": ["a=b", "c"], "field_selectors": ["status.phase=Running"]}
    play(module, {"kind": "Pod", **selectors}, cluster.host)
    assert "--selector=a=b,c" in cluster.host.queries[-1]
    assert "--field-selector=status.phase=Running" in cluster.host.queries[-1]


def test_a_kind_that_the_cluster_does_not_know(cluster: Any) -> None:
    done = play(module, {"kind": "Gizmo", "api_version": "example.com/v1"}, cluster.host)
    assert (done["resources"], done["api_found"]) == ([], False)


def test_waiting_for_a_pod(cluster: Any) -> None:
    pod = cluster.add("Pod", "p", "web", status={})

    def later(_seconds: float) -> None:
        pod["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}

    cluster.host.sleep = later
    args = {"kind": "Pod", "name": "p", "namespace": "web", "wait": True, "wait_sleep": 1}
    done = play(module, args, cluster.host)
    assert done["resources"][0]["status"]["conditions"]


def test_waiting_ends(cluster: Any) -> None:
    cluster.add("Deployment", "d", "web", spec={"replicas": 2}, status={"availableReplicas": 1})
    args = {"kind": "Deployment", "name": "d", "namespace": "web", "wait": True}
    done = play(module, {**args, "wait_timeout": 10}, cluster.host)
    assert done.failed
    assert done.msg == "Deployment: not as waited for within 10 seconds"
    condition = {"type": "Available", "status": "True", "reason": "Enough"}
    cluster.objects["Deployment", "web", "d"]["status"]["conditions"] = [condition]
    assert not play(module, {**args, "wait_condition": condition}, cluster.host).failed


def test_a_cluster_that_is_only_planned_is_unknown(cluster: Any) -> None:
    cluster.host.effects["kubernetes", "cluster"] = {"state": "present"}
    planned = plan(module, {"kind": "Pod"}, cluster.host)
    assert "only be there once" in planned.msg


def test_which_cluster_is_meant(cluster: Any, kubectl_connection: Any) -> None:
    play(module, {"kind": "Pod", **kubectl_connection.args}, cluster.host)
    assert kubectl_connection.given_to(cluster.host.queries)
