import json
from typing import Any

import pytest

from kplay.modules.api import ModuleFailure
from kplay.modules.kubernetes_ready import module
from kplay.testing.host import FakeHost

ADMIN = "/etc/kubernetes/admin.conf"
KINDS = "deployments,daemonsets,statefulsets,pods"


def node(name: str, ready: bool) -> dict[str, Any]:
    status = {"type": "Ready", "status": str(ready), "message": "" if ready else "no CNI"}
    return {"kind": "Node", "metadata": {"name": name}, "status": {"conditions": [status]}}


def listing(*items: dict[str, Any]) -> str:
    return json.dumps({"kind": "List", "items": list(items)})


def cluster(*nodes: dict[str, Any], workloads: str = "") -> FakeHost:
    host = FakeHost(files={ADMIN: ""}).when("kubectl get nodes", stdout=listing(*nodes))
    return host.when(f"kubectl get {KINDS}", stdout=workloads or listing())


def observed(host: FakeHost, **args: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = module.observe(host, given)
    return given, dict(found), module.desire(given, found)


def test_nodes_that_are_ready_are_not_waited_for() -> None:
    args, found, wanted = observed(cluster(node("a", True), node("b", True)), nodes=["a", "b"])
    assert wanted == {}
    assert module.result is not None
    assert module.result(args, found, wanted, False) == {
        "nodes": {"a": True, "b": True},
        "waiting": [],
        "elapsed": 0,
    }


def test_says_which_nodes_are_not_ready() -> None:
    host = cluster(node("a", True), node("b", False), node("d", False))
    _, found, _ = observed(host, nodes=["a", "b", "c"], node_count=3)
    assert found["waiting"] == [
        "node b: no CNI",
        "node c: has not joined",
        "1 of 3 nodes are Ready",
    ]


def test_says_why_workloads_do_not_run() -> None:
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pinned = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes fit"}
    things = listing(
        {"kind": "Deployment", "metadata": {"name": "dns"}, "spec": {"replicas": 2},
         "status": {"readyReplicas": 1}},
        {"kind": "DaemonSet", "metadata": {"name": "proxy"},
         "status": {"desiredNumberScheduled": 3, "numberReady": 3, "observedGeneration": 1}},
        {"kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"replicas": 1}, "status": {}},
        {"kind": "Pod", "metadata": {"name": "dns-1"}, "status": {"containerStatuses": [waiting]}},
        {"kind": "Pod", "metadata": {"name": "db-0"}, "status": {"conditions": [pinned]}},
    )  # fmt: skip
    _, found, _ = observed(cluster(workloads=things), namespaces=["kube-system"])
    assert found["waiting"] == [
        "deployment kube-system/dns: 1 of 2 ready (ImagePullBackOff)",
        "statefulset kube-system/db: 0 of 1 ready (0/3 nodes fit)",
    ]


def test_asks_again_until_all_is_ready() -> None:
    answers = [listing(node("a", False)), listing(node("a", False)), listing(node("a", True))]
    host = FakeHost(files={ADMIN: ""})
    host.when("kubectl get nodes", does=lambda host, argv: answers.pop(0))
    args, found, wanted = observed(host)
    assert wanted == {"waiting": []}
    assert module.apply is not None
    fields = module.apply(host, args, found, wanted)
    assert fields == {"nodes": {"a": True}, "waiting": [], "elapsed": 2}


def test_says_after_the_time_what_is_not_ready() -> None:
    host = cluster(node("a", False))
    args, found, wanted = observed(host, timeout=5)
    assert module.apply is not None
    with pytest.raises(ModuleFailure, match="not ready after 5 seconds: node a: no CNI"):
        module.apply(host, args, found, wanted)


def test_an_api_server_that_does_not_answer_is_waited_for() -> None:
    host = FakeHost(files={ADMIN: ""}).when("kubectl", rc=1, stderr="was refused\n")
    assert observed(host)[1]["waiting"] == ["the API server: was refused"]
    host.scratch = lambda: True  # type: ignore[method-assign]
    assert "does not answer" in observed(host)[1]["waiting"][0]


def test_a_planned_cluster_is_not_asked() -> None:
    host = FakeHost()
    host.scratch = lambda: True  # type: ignore[method-assign]
    host.effects["awaited", "/etc/kubernetes/admin.conf"] = {}
    assert observed(host)[1]["waiting"] == ["the cluster"]


def test_a_namespace_that_cannot_be_read_is_named() -> None:
    host = cluster(node("a", True)).when(f"kubectl get {KINDS}", rc=1, stderr="forbidden\n")
    assert observed(host, namespaces=["x"])[1]["waiting"] == ["namespace x: forbidden"]


def test_which_cluster_is_asked_and_by_which_program() -> None:
    host = FakeHost().when("/opt/kubectl get nodes", stdout=listing(node("a", True)))
    own = {"kubectl": "/opt/kubectl", "kubeconfig": "/k.conf", "context": "lab"}
    assert observed(host, **own)[1]["nodes"] == {"a": True}
    assert host.queries[0][0] == "/opt/kubectl"
    assert host.queries[0][-2:] == ("--kubeconfig=/k.conf", "--context=lab")


@pytest.mark.parametrize(("sleep", "asked"), [(2.0, 4), (5.0, 2)])
def test_how_often_it_is_asked(sleep: float, asked: int) -> None:
    host = cluster(node("a", False))
    args, found, wanted = observed(host, timeout=5, sleep=sleep)
    assert module.apply is not None
    with pytest.raises(ModuleFailure, match="not ready after"):
        module.apply(host, args, found, wanted)
    assert len(host.queries) == asked
