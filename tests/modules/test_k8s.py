from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.host import Completed
from kplay.execute.options import RunOptions
from kplay.modules.k8s import module
from kplay.plan.make import make
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from pathlib import Path

MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "one", "namespace": "web"},
    "data": {"x": "1"},
}


def test_an_object_is_created_and_then_left(cluster: Any) -> None:
    args = {"resource_definition": MAP, "state": "present"}
    assert plan(module, args, cluster.host).action == "create"
    done = play(module, args, cluster.host)
    assert (done.changed, done["method"], done["result"]["data"]) == (True, "create", {"x": "1"})
    again = play(module, args, cluster.host)
    assert (again.changed, again["method"]) == (False, "update")
    assert cluster.verbs() == ["create"]


def test_a_definition_is_merged_into_what_is_there(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web", data={"x": "1"})
    args = {"definition": {**MAP, "data": {"y": "2"}}}
    planned = plan(module, args, cluster.host)
    assert planned.action == "update"
    assert '"y": "2"' in planned.after["content"]
    assert "resourceVersion" not in planned.after["content"]
    done = play(module, args, cluster.host)
    assert done["method"] == "update"
    assert done["result"]["data"] == {"x": "1", "y": "2"}


def test_a_kind_without_strategic_merge_is_merged(cluster: Any) -> None:
    cluster.add("Node", "n1")
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"a": "b"}}}
    play(module, {"inline": node}, cluster.host)
    assert cluster.objects["Node", "", "n1"]["metadata"]["labels"] == {"a": "b"}
    refused = play(module, {"inline": node, "merge_type": ["strategic-merge"]}, cluster.host)
    assert refused.failed
    assert "not supported" in refused.msg


@pytest.mark.parametrize(
    ("more", "verb", "method"),
    [
        ({"apply": True}, "apply", "apply"),
        ({"force": True}, "replace", "replace"),
        ({"server_side_apply": {"field_manager": "me", "force_conflicts": True}}, "apply", "apply"),
    ],
)
def test_ways_of_changing(cluster: Any, more: dict[str, Any], verb: str, method: str) -> None:
    cluster.add("ConfigMap", "one", "web", data={"x": "0"})
    done = play(module, {"definition": MAP, **more}, cluster.host)
    assert done["method"] == method
    assert cluster.verbs() == [verb]
    argv = cluster.host.runs[0].argv
    server_side = {"--server-side", "--field-manager=me", "--force-conflicts"}
    assert (server_side <= set(argv)) == ("server_side_apply" in more)


def test_a_name_and_a_kind_are_enough(cluster: Any) -> None:
    done = play(module, {"kind": "Namespace", "name": "web", "api_version": "v1"}, cluster.host)
    assert done["result"]["kind"] == "Namespace"
    made = {"kind": "ConfigMap", "namespace": "web", "generate_name": "made-"}
    assert play(module, made, cluster.host)["result"]["metadata"]["generateName"] == "made-"


def test_several_objects_give_a_list(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web", data={"x": "1"})
    other = {**MAP, "metadata": {"name": "two", "namespace": "web"}}
    done = play(module, {"definition": [MAP, other]}, cluster.host)
    rows = done["result"]["results"]
    assert [(row["method"], row["changed"]) for row in rows] == [
        ("update", False),
        ("create", True),
    ]
    listed = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [MAP, other]}
    assert not play(module, {"definition": listed}, cluster.host).changed


def test_what_the_labels_do_not_mean_is_left(cluster: Any) -> None:
    labelled = {**MAP, "metadata": {**MAP["metadata"], "labels": {"app": "a"}}}
    for selector, meant in (("app=a", True), ("app!=a", False), ("app", True), ("tier", False)):
        args = {"definition": labelled, "label_selectors": [selector]}
        assert (plan(module, args, cluster.host).action == "create") == meant


def test_removing(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web")
    args = {
        "state": "absent",
        "kind": "ConfigMap",
        "name": "one",
        "namespace": "web",
        "wait": True,
        "wait_timeout": 9,
        "delete_options": {"gracePeriodSeconds": 0, "propagationPolicy": "Foreground"},
    }
    assert plan(module, args, cluster.host).action == "remove"
    assert play(module, args, cluster.host)["method"] == "delete"
    words = {"--wait=true", "--timeout=9s", "--grace-period=0", "--cascade=foreground"}
    assert words <= set(cluster.host.runs[0].argv)
    assert not play(module, args, cluster.host).changed
    assert not play(module, {"state": "absent", "kind": "Gizmo", "name": "g"}, cluster.host).changed


def test_patched_creates_nothing(cluster: Any) -> None:
    args = {"state": "patched", "definition": MAP}
    assert not play(module, args, cluster.host).changed
    cluster.add("ConfigMap", "one", "web", data={})
    assert play(module, args, cluster.host).changed


def test_waiting(cluster: Any) -> None:
    base = {"metadata": {"name": "d", "namespace": "web"}, "kind": "Deployment"}
    workload = {**base, "apiVersion": "apps/v1"}
    play(module, {"definition": workload, "wait": True, "wait_sleep": 1}, cluster.host)
    assert cluster.host.runs[-1].argv[1:4] == ("rollout", "status", "Deployment.v1.apps/d")
    pod = {**MAP, "kind": "Pod"}
    play(module, {"definition": pod, "wait": True, "wait_timeout": 7}, cluster.host)
    assert {"--for=condition=Ready", "--timeout=7s"} <= set(cluster.host.runs[-1].argv)
    asked = {"type": "Open", "status": False}
    changed = {**MAP, "data": {"n": "2"}}
    play(module, {"definition": changed, "wait": True, "wait_condition": asked}, cluster.host)
    assert "--for=condition=Open=False" in cluster.host.runs[-1].argv


def test_which_cluster_is_meant(cluster: Any, kubectl_connection: Any) -> None:
    args = {"definition": MAP, **kubectl_connection.args, "kubectl": "/opt/kubectl"}
    cluster.host.when("/opt/kubectl", does=cluster.answer)
    play(module, args, cluster.host)
    assert cluster.host.runs[0].argv[0] == "/opt/kubectl"
    assert kubectl_connection.given_to([cluster.host.runs[0].argv])


def test_a_secret_s_values_are_not_shown(cluster: Any) -> None:
    secret = {**MAP, "kind": "Secret", "stringData": {"p": "hunter2"}}
    planned = plan(module, {"definition": secret}, cluster.host)
    assert "hunter2" not in planned.after["content"]
    assert "(secret " in planned.after["content"]


def test_a_cluster_that_is_only_planned(cluster: Any) -> None:
    args = {"definition": MAP, "kubeconfig": "/etc/kubernetes/admin.conf"}
    planned = plan(module, args, cluster.host)
    assert "there is no kubeconfig /etc/kubernetes/admin.conf" in planned.msg
    cluster.host.effects["kubernetes", "cluster"] = {"state": "present"}
    assert plan(module, args, cluster.host).action == "create"


def test_an_object_that_an_earlier_step_changes_is_unknown(cluster: Any) -> None:
    cluster.add("ConfigMap", "one", "web")
    cluster.host.effects["kubernetes", "ConfigMap/web/one"] = {"state": "changed"}
    planned = plan(module, {"definition": MAP}, cluster.host)
    assert "an earlier step changes ConfigMap/web/one" in planned.msg


def test_manifests_of_the_host_are_read_by_kubectl(cluster: Any) -> None:
    host = cluster.host
    host.add_file("/srv/a.yml", MANIFESTS)
    done = play(module, {"src": "/srv/a.yml"}, host)
    assert [row["result"]["kind"] for row in done["result"]["results"]] == [
        "ConfigMap",
        "Namespace",
    ]
    assert "no file /srv/none.yml" in play(module, {"src": "/srv/none.yml"}, host).msg


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"metadata": {"name": "a"}}, "has no kind"),
        ({"kind": "ConfigMap"}, "the ConfigMap has no name"),
        (["text"], "an object is a mapping"),
    ],
)
def test_what_is_no_object(cluster: Any, definition: Any, said: str) -> None:
    done = play(module, {"definition": definition}, cluster.host)
    assert done.failed
    assert said in done.msg


def test_what_kubectl_says_is_the_failure() -> None:
    host = FakeHost(files={"/usr/bin/kubectl": ""})
    host.when("kubectl get", rc=1, stderr="error: You must be logged in\n")
    done = play(module, {"definition": MAP}, host)
    assert done.failed
    assert done.msg == "kubectl get failed: error: You must be logged in"


def test_new_objects_are_asked_about_in_one_go(cluster: Any) -> None:
    several = [{**MAP, "metadata": {"name": f"m{n}", "namespace": "web"}} for n in range(5)]
    planned = plan(module, {"definition": several}, cluster.host)
    assert (planned.action, planned.fields.get("warnings")) == ("create", None)
    (asked,) = [argv for argv in cluster.host.queries if "--dry-run=server" in argv]
    assert asked[1:4] == ("create", "-f", "-")
    play(module, {"definition": several}, cluster.host)
    assert cluster.verbs() == ["create"] * 5


def test_a_new_object_that_the_api_server_refuses_fails_the_plan(cluster: Any) -> None:
    said = 'error when creating "STDIN": ConfigMap in version "v1": unknown field "dat"'
    real = cluster.create

    def create(words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        if "dat" in given:
            return Completed(1, "", f"Error from server (BadRequest): {said}\n")
        return real(words, key, given)

    cluster.create = create
    wrong = {**MAP, "dat": {}, "metadata": {"name": "two", "namespace": "web"}}
    refused = plan(module, {"definition": [MAP, wrong]}, cluster.host)
    assert refused.failed
    assert refused.msg == (
        'ConfigMap/web/two: Error from server (BadRequest): ConfigMap in version "v1": '
        'unknown field "dat"'
    )
    cluster.strict = True
    alone = plan(module, {"definition": MAP}, cluster.host)
    assert (alone.action, alone.msg) == (
        "unknown",
        "there is no namespace web, which ConfigMap/web/one needs, unless an earlier step makes it",
    )
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
    planned = plan(module, {"definition": [namespace, MAP]}, cluster.host)
    assert planned.action == "create"
    assert planned["warnings"] == [
        "the API server could not be asked about ConfigMap/web/one: there is no namespace web yet"
    ]


def test_a_cluster_that_refuses(cluster: Any) -> None:
    refused = Completed(1, "", 'Error from server (NotFound): namespaces "web" not found\n')
    cluster.create = lambda *_: refused
    done = play(module, {"definition": MAP}, cluster.host)
    assert 'namespaces "web" not found' in done.msg


MANIFESTS = """\
kind: ConfigMap
apiVersion: v1
metadata: {name: "{{ inventory_hostname }}"}
---
kind: Namespace
apiVersion: v1
metadata: {name: two}
"""


@pytest.mark.parametrize("way", ["template", "text", "file"])
def test_manifests_of_the_playbook_are_read_on_the_controller(way: str, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "templates/all.j2").write_text(MANIFESTS)
    (tmp_path / "files/all.yml").write_text(MANIFESTS.replace("{{ inventory_hostname }}", "h1"))
    args: dict[str, Any] = {
        "template": {"template": {"path": "all.j2"}},
        "text": {"definition": MANIFESTS},
        "file": {"src": "all.yml"},
    }[way]
    config = str(tmp_path / "config")
    tasks = [{"wait_for": {"path": config}}, {"k8s": {"kubeconfig": config, **args}}]
    playbook = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "site.yml").write_text(json.dumps(playbook))
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
    (change,) = make(options, lambda _event: None).data.changes
    assert change.action == "create"
    assert "name: h1" in str(change.diff)
    assert "kind: Namespace" in str(change.diff)


def test_a_manifest_that_is_no_yaml(tmp_path: Path) -> None:
    task = {"k8s": {"definition": "a: [", "kubeconfig": "/no/such/config"}}
    playbook = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    (tmp_path / "site.yml").write_text(json.dumps(playbook))
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
    made = make(options, lambda _event: None)
    assert "not valid YAML" in str(made)
