from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.host import Completed
from kplay.execute.options import RunOptions
from kplay.modules.api import UNKNOWN
from kplay.modules.kubectl_apply import module
from kplay.plan.make import make
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from pathlib import Path

ADMIN = "/etc/kubernetes/admin.conf"
ENDS = ("--cache-dir=/dev/null/none", f"--kubeconfig={ADMIN}")
LAST = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}


def config_map(name: str = "one", data: Any = None, **meta: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "web", **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data or {"x": "1"}}


MAP = config_map()
TEXT = """\
kind: ConfigMap
apiVersion: v1
metadata: {name: one, namespace: web}
data: {x: "1"}
"""
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "pages.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Page"}},
}
PAGE = {"apiVersion": "example.com/v1", "kind": "Page", "metadata": {"name": "p"}}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}


@pytest.fixture
def there(cluster: Any) -> Any:
    cluster.host.add_file(ADMIN)
    cluster.strict = True
    cluster.objects["Namespace", "", "web"] = NAMESPACE
    return cluster


def test_an_object_is_created_shown_and_then_left(there: Any) -> None:
    planned = plan(module, {"definition": MAP}, there.host)
    assert planned.action == "create"
    assert list(planned.after["contents"]) == ["ConfigMap/web/one"]
    assert 'x: "1"' in planned.after["contents"]["ConfigMap/web/one"]
    done = play(module, {"definition": MAP}, there.host)
    assert done.changed
    assert [one["action"] for one in done["objects"]] == ["created"]
    assert there.host.runs[0].argv == ("kubectl", "apply", "-f", "-", *ENDS)
    again = play(module, {"definition": MAP}, there.host)
    assert not again.changed
    assert [one["action"] for one in again["objects"]] == ["unchanged"]


def test_only_what_differs_is_shown(there: Any) -> None:
    both = [MAP, config_map("two")]
    play(module, {"definition": both}, there.host)
    there.objects["ConfigMap", "web", "two"]["data"]["x"] = "9"
    planned = plan(module, {"definition": both}, there.host)
    assert planned.action == "update"
    assert list(planned.before["contents"]) == ["ConfigMap/web/two"]
    assert 'x: "9"' in planned.before["contents"]["ConfigMap/web/two"]
    assert [one["action"] for one in planned["objects"]] == ["unchanged", "configured"]


def test_manifests_are_files_folders_and_texts(there: Any) -> None:
    host = there.host
    host.add_file("/srv/one.yaml", TEXT)
    host.add_file("/srv/all/two.yml", TEXT.replace("one", "two"))
    host.add_file("/srv/all/three.json", json.dumps(config_map("three")))
    host.add_file("/srv/all/README.md", "no manifest")
    more = TEXT.replace("one", "four")
    done = play(module, {"src": ["/srv/one.yaml", "/srv/all"], "definition": more}, host)
    assert [one["name"] for one in done["objects"]] == ["one", "three", "two", "four"]
    listed = {"apiVersion": "v1", "kind": "List", "items": [MAP, config_map("two")]}
    assert not play(module, {"definition": listed}, host).changed


def test_a_manifest_that_an_earlier_step_writes_is_read(there: Any) -> None:
    there.host.add_file("/srv/one.yaml", TEXT)
    assert plan(module, {"src": ["/srv/one.yaml"]}, there.host).action == "create"
    refused = plan(module, {"src": ["/srv/none.yaml"]}, there.host)
    assert "/srv/none.yaml: No such file" in refused.msg


def test_a_url_is_kubectl_s_to_read(there: Any) -> None:
    plan(module, {"src": ["https://example.com/x.yaml"]}, there.host)
    assert "--filename=https://example.com/x.yaml" in there.host.queries[0]


def test_values_of_a_secret_are_not_shown(there: Any) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "web"},
        "stringData": {"word": "hunter2"},
    }
    planned = plan(module, {"definition": secret}, there.host)
    assert planned.action == "create"
    assert "hunter2" not in str(planned)
    assert "hunter2" not in str(play(module, {"definition": secret}, there.host))
    assert all("hunter2" not in " ".join(run.argv) for run in there.host.runs)


def test_a_namespace_is_given_to_those_that_name_none(there: Any) -> None:
    args = {"definition": config_map(namespace=None), "namespace": "web"}
    del args["definition"]["metadata"]["namespace"]
    assert play(module, args, there.host).changed
    assert there.host.runs[0].argv[4:6] == ("-n", "web")
    assert ("ConfigMap", "web", "one") in there.objects
    assert plan(module, args, there.host).action == "none"


@pytest.mark.parametrize("brought", ["manifest", "plan", "nobody"])
def test_a_kind_that_is_still_to_come(there: Any, brought: str) -> None:
    if brought == "plan":
        crd = "CustomResourceDefinition/pages.example.com"
        there.host.effects["kubernetes", crd] = {"state": "changed"}
    there.kinds.add("CustomResourceDefinition")
    listed = [PAGE, CRD] if brought == "manifest" else [PAGE]
    planned = plan(module, {"definition": listed}, there.host)
    assert planned.action == ("unknown" if brought == "nobody" else "create")
    if brought == "nobody":
        assert "the cluster has no kind Page in example.com/v1" in planned.msg


@pytest.mark.parametrize("brought", ["manifest", "plan", "nobody", "removed"])
def test_a_namespace_that_is_still_to_come(there: Any, brought: str) -> None:
    if brought != "removed":
        del there.objects["Namespace", "", "web"]
    if brought in ("plan", "removed"):
        state = "absent" if brought == "removed" else "changed"
        there.host.effects["kubernetes", "Namespace/web"] = {"state": state}
    listed = [MAP, NAMESPACE] if brought == "manifest" else [MAP]
    planned = plan(module, {"definition": listed}, there.host)
    assert planned.action == ("create" if brought in ("manifest", "plan") else "unknown")
    if planned.action == "unknown":
        assert "there is no namespace web" in planned.msg


def test_kinds_and_namespaces_are_applied_first_and_waited_for(there: Any) -> None:
    there.kinds |= {"CustomResourceDefinition", "Page"}
    del there.objects["Namespace", "", "web"]

    def documents(manifest: str) -> Any:
        found = [json.loads(one) for one in manifest.split("\n---\n")]
        return found[0].get("items", found)

    play(module, {"definition": [MAP, PAGE, CRD, NAMESPACE]}, there.host)
    assert there.verbs() == ["apply", "wait", "apply"]
    kinds = [[one["kind"] for one in documents(run.stdin)] for run in there.host.runs]
    assert kinds == [
        ["CustomResourceDefinition", "Namespace"],
        ["CustomResourceDefinition"],
        ["ConfigMap", "Page"],
    ]
    assert "--for=condition=Established" in there.host.runs[1].argv


def test_later_steps_of_a_plan_know_what_will_be(there: Any) -> None:
    planned = plan(module, {"definition": MAP}, there.host)
    for kind, key, value in planned.effects:
        there.host.effects[kind, key] = value
    assert plan(module, {"definition": MAP}, there.host).action == "none"
    other = plan(module, {"definition": config_map(data={"x": "2"})}, there.host)
    assert other.msg == "an earlier step changes ConfigMap/web/one"
    removed = plan(module, {"definition": MAP, "state": "absent"}, there.host)
    assert removed.action == "unknown"


def test_an_object_of_perhaps_another_cluster_is_not_taken_for_there(there: Any) -> None:
    planned = plan(module, {"definition": MAP}, there.host)
    for kind, key, value in planned.effects:
        there.host.effects[kind, key] = value
    other = plan(module, {"definition": MAP, "context": "other"}, there.host)
    assert other.action == "unknown"
    assert other.msg == "an earlier step changes ConfigMap/web/one, perhaps of another cluster"


def test_what_an_earlier_step_removes_is_created(there: Any) -> None:
    play(module, {"definition": MAP}, there.host)
    planned = plan(module, {"definition": MAP, "state": "absent"}, there.host)
    assert planned.action == "remove"
    for kind, key, value in planned.effects:
        there.host.effects[kind, key] = value
    assert plan(module, {"definition": MAP}, there.host).before["contents"] == {
        "ConfigMap/web/one": ""
    }


def test_server_side(there: Any) -> None:
    there.add("ConfigMap", "one", "web", data={"x": "0"})
    play(module, {"definition": MAP, "server_side": True}, there.host)
    manner = ("--server-side", "--field-manager=kplay", "--force-conflicts")
    assert there.host.runs[0].argv[4:7] == manner
    assert any(argv[4:7] == manner for argv in there.host.queries)
    there.objects["ConfigMap", "web", "one"]["data"]["x"] = "0"
    own = {"server_side": True, "field_manager": "ci", "force_conflicts": False}
    play(module, {"definition": MAP, **own}, there.host)
    assert there.host.runs[1].argv[4:] == ("--server-side", "--field-manager=ci", *ENDS)
    there.objects["ConfigMap", "web", "one"]["data"]["x"] = "0"
    play(module, {"definition": MAP, "field_manager": "ci", "force_conflicts": True}, there.host)
    assert there.host.runs[2].argv[4:] == ENDS


CONFLICTS = """\
error: Apply failed with 2 conflicts: conflicts with "hpa" using apps/v1:
- .spec.replicas
- .spec.paused
Please review the fields above--they currently have other managers.
"""


def test_fields_of_other_managers_are_named(there: Any) -> None:
    there.add("ConfigMap", "one", "web", data={"x": "0"})
    there.apply = lambda *_: Completed(1, "", CONFLICTS)
    args = {"definition": MAP, "server_side": True, "force_conflicts": False}
    refused = plan(module, args, there.host)
    assert refused.msg == (
        "ConfigMap/web/one: .spec.replicas belongs to hpa, .spec.paused belongs to hpa; "
        "leave them out, or set force_conflicts: true"
    )


def test_what_the_api_server_refuses_fails_the_plan(there: Any) -> None:
    there.add("ConfigMap", "one", "web", data={"x": "0"})
    there.apply = lambda *_: Completed(1, "", "The ConfigMap is invalid: data: no\n")
    assert "ConfigMap/web/one: The ConfigMap is invalid" in plan(
        module, {"definition": MAP}, there.host
    ).msg  # fmt: skip


def test_what_client_side_apply_cannot_keep_is_refused(there: Any) -> None:
    large = {"definition": config_map(data={"x": "y" * 300_000})}
    refused = plan(module, large, there.host)
    assert refused.msg == (
        "ConfigMap/web/one is larger than the 256 KiB that client-side apply can keep of it; "
        "set server_side: true"
    )
    assert plan(module, {**large, "server_side": True}, there.host).action == "create"


def test_a_webhook_that_supports_no_dry_run_leaves_a_plan_open(there: Any) -> None:
    there.add("ConfigMap", "one", "web", data={"x": "0"})
    said = 'admission webhook "w.example.com" does not support dry run\n'
    there.apply = lambda *_: Completed(1, "", said)
    planned = plan(module, {"definition": MAP}, there.host)
    assert (planned.action, "webhook" in planned.msg) == ("unknown", True)


PRUNE = {"prune": True, "prune_selector": "set=one"}


def test_what_the_manifests_have_no_more_is_pruned(there: Any) -> None:
    mine = {"labels": {"set": "one"}, **LAST}
    there.add("ConfigMap", "gone", "web")["metadata"].update(mine)
    there.add("ConfigMap", "other", "web")["metadata"].update(LAST)
    there.add("ConfigMap", "elsewhere", "far")["metadata"].update(mine)
    there.add("ConfigMap", "by-hand", "web")["metadata"].update({"labels": {"set": "one"}})
    owned = {**mine, "ownerReferences": [{"kind": "Deployment"}]}
    there.add("ConfigMap", "owned", "web")["metadata"].update(owned)
    by = [{"manager": "kplay", "operation": "Apply"}]
    server_side = {"labels": {"set": "one"}, "managedFields": by}
    there.add("ConfigMap", "server-side", "web")["metadata"].update(server_side)
    there.add("Secret", "gone", "web")["metadata"].update(mine)
    args = {"definition": MAP, **PRUNE}
    planned = plan(module, args, there.host)
    gone = {"ConfigMap/web/gone", "ConfigMap/web/server-side"}
    assert {name for name, text in planned.after["contents"].items() if not text} == gone
    kinds = {**args, "prune_kinds": ["v1/Secret", "x.example.com/v1/Gizmo"]}
    assert plan(module, kinds, there.host).after["contents"]["Secret/web/gone"] == ""
    done = play(module, args, there.host)
    assert [one["action"] for one in done["objects"]] == ["created", "pruned", "pruned"]
    assert plan(module, args, there.host).action == "none"
    assert {name for _, _, name in there.objects if name != "web"} == {
        "one", "other", "elsewhere", "by-hand", "owned", "gone",
    }  # fmt: skip


def test_pruning_needs_a_label_and_kinds_that_are_kinds(there: Any) -> None:
    refused = plan(module, {"definition": MAP, "prune": True}, there.host)
    assert "prune needs prune_selector" in refused.msg
    refused = plan(module, {"definition": MAP, **PRUNE, "prune_kinds": ["Secret"]}, there.host)
    assert "prune_kinds are as apps/v1/Deployment" in refused.msg


def test_waits_for_a_condition(there: Any) -> None:
    args = {"definition": MAP, "wait_for": "condition=Ready", "timeout": 60}
    play(module, args, there.host)
    assert there.host.runs[1].argv[1:4] == ("wait", "--for=condition=Ready", "--timeout=60s")


def test_waits_for_workloads_to_run(there: Any) -> None:
    there.kinds.add("DaemonSet")
    meta = {"name": "flannel", "namespace": "web"}
    listed = [MAP, {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta}]
    there.host.when("kubectl rollout")
    play(module, {"definition": listed, "wait": True}, there.host)
    assert there.verbs() == ["apply", "rollout"]
    assert there.host.runs[1].argv[2:7] == (
        "status", "daemonset/flannel", "-n", "web", "--timeout=300s",
    )  # fmt: skip


def test_absent_objects_are_deleted_the_last_first(there: Any) -> None:
    both = [MAP, config_map("two"), {**PAGE, "metadata": {"name": "p"}}]
    there.add("ConfigMap", "one", "web")
    there.add("ConfigMap", "two", "web")
    args = {"definition": both, "state": "absent", "wait": True}
    planned = plan(module, args, there.host)
    assert (planned.action, set(planned.before["contents"])) == (
        "remove",
        {"ConfigMap/web/one", "ConfigMap/web/two"},
    )
    play(module, args, there.host)
    (run,) = there.host.runs
    assert run.argv[1:4] == ("delete", "--ignore-not-found", "--wait=true")
    assert [one["metadata"]["name"] for one in json.loads(run.stdin)["items"]] == ["two", "one"]
    assert plan(module, args, there.host).action == "none"


def test_a_failure_shows_what_kubectl_says(there: Any) -> None:
    there.host.when("kubectl apply", rc=1, stderr="a\nno such\n")
    assert play(module, {"definition": MAP}, there.host).msg == "kubectl apply failed: no such"
    there.host.when("kubectl label", rc=1, stderr="error: yaml: line 1\n")
    broken = play(module, {"definition": "a: ["}, there.host)
    assert broken.msg == "kubectl cannot read the manifest: error: yaml: line 1"
    nameless = play(module, {"definition": {"kind": "ConfigMap"}}, there.host)
    assert "an object needs a kind and a name" in nameless.msg
    assert "an object is a mapping" in play(module, {"definition": ["text"]}, there.host).msg


@pytest.mark.parametrize("what", ["cluster", "kubeconfig", "kubeconfig that is waited for"])
def test_a_cluster_that_is_only_planned_is_not_asked(there: Any, what: str) -> None:
    host = there.host
    host.add_file("/srv/one.yaml", TEXT)
    if what == "cluster":
        host.effects["kubernetes", "cluster"] = {"state": "present"}
    elif what == "kubeconfig":
        host.effects["path", ADMIN] = {"state": "file"}
    else:
        host.files.drop(ADMIN)
        host.effects["awaited", ADMIN] = {}
    planned = plan(module, {"src": ["/srv/one.yaml"]}, host)
    assert planned.action == "create"
    assert 'x: "1"' in planned.after["contents"]["ConfigMap/web/one"]
    assert {argv[1] for argv in host.queries} == {"label"}
    assert "warnings" not in planned.fields
    gone = plan(module, {"src": ["/srv/one.yaml"], "state": "absent"}, host)
    assert gone.action == "none"


def test_a_kubeconfig_of_another_cluster_that_a_step_brings(there: Any) -> None:
    there.host.effects["path", ADMIN] = {"state": "file", "content": "kind: Config\n"}
    planned = plan(module, {"definition": MAP}, there.host)
    assert (planned.action, planned["warnings"]) == (
        "create",
        [f"the cluster was not asked: an earlier step brings the kubeconfig {ADMIN}"],
    )


def test_a_way_to_the_cluster_that_nothing_makes_is_named(there: Any) -> None:
    there.host.files.drop(ADMIN)
    planned = plan(module, {"definition": MAP}, there.host)
    assert planned.action == "unknown"
    assert planned.msg == f"there is no kubeconfig {ADMIN}, unless an earlier step makes it"
    there.host.effects["path", ADMIN] = {"state": "absent"}
    assert "there is no kubeconfig" in plan(module, {"definition": MAP}, there.host).msg


@pytest.mark.parametrize(
    "said",
    [
        "Error in configuration: context was not found for specified context: lab\n",
        'error: context "lab" does not exist\n',
    ],
)
def test_a_context_that_is_not_there_is_named(there: Any, said: str) -> None:
    there.host.when("kubectl get", rc=1, stderr=said)
    planned = plan(module, {"definition": MAP, "context": "lab"}, there.host)
    what = f"there is no context lab in {ADMIN}, unless an earlier step makes it"
    assert (planned.action, planned.msg) == ("unknown", what)


def test_a_plan_does_not_ask_a_kubectl_that_is_not_there() -> None:
    bare = FakeHost(files={"/srv/one.yaml": TEXT})
    bare.effects["kubernetes", "cluster"] = {"state": "present"}
    planned = plan(module, {"src": ["/srv/one.yaml"]}, bare)
    assert planned.action == "create"
    assert planned.after["contents"] == {"ConfigMap/web/one": UNKNOWN}
    # there is a cluster, and the program that could ask it comes with an earlier step
    there = FakeHost(files={ADMIN: "", "/srv/one.yaml": TEXT})
    assert "only kubectl can ask" in plan(module, {"src": ["/srv/one.yaml"]}, there).msg


def test_a_plan_does_not_guess_when_the_api_server_is_silent(there: Any) -> None:
    there.host.when("kubectl get", rc=1, stderr="The connection to the server x was refused\n")
    assert "does not answer" in plan(module, {"definition": MAP}, there.host).msg
    there.host.effects["kubernetes", "cluster"] = {"state": "absent"}
    removed = plan(module, {"definition": MAP, "state": "absent"}, there.host)
    assert removed.action == "unknown"


def test_which_cluster_is_asked_and_by_which_program(there: Any) -> None:
    there.host.when("/opt/kubectl", does=there.answer)
    there.host.add_file("/k.conf")
    own = {"kubectl": "/opt/kubectl", "kubeconfig": "/k.conf", "context": "lab"}
    play(module, {"definition": MAP, **own}, there.host)
    ends = ("--cache-dir=/dev/null/none", "--kubeconfig=/k.conf", "--context=lab")
    assert there.host.queries[0] == (
        "/opt/kubectl", "get", "-f", "-", "--ignore-not-found", "-o", "json", *ends,
    )  # fmt: skip
    assert there.host.runs[0].argv == ("/opt/kubectl", "apply", "-f", "-", *ends)


def test_a_text_of_the_playbook_is_read_on_the_controller(tmp_path: Path) -> None:
    config = str(tmp_path / "config")
    task = {"kubectl_apply": {"kubeconfig": config, "definition": TEXT}}
    tasks = [{"wait_for": {"path": config}}, task]
    playbook = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "site.yml").write_text(json.dumps(playbook))
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    options = RunOptions((tmp_path / "site.yml",), (str(tmp_path / "hosts"),))
    (change,) = make(options, lambda _event: None).data.changes
    assert change.action == "create"
    assert change.diff[0]["path"] == "ConfigMap/web/one"


def test_values_that_only_the_run_can_tell(there: Any) -> None:
    args = {"definition": config_map(data={"x": UNKNOWN})}
    planned = plan(module, args, there.host)
    assert planned.action == "create"
    assert "x: (known after the run)" in planned.after["contents"]["ConfigMap/web/one"]
    there.add("ConfigMap", "one", "web", data={"x": "0"})
    assert plan(module, args, there.host).action == "unknown"
    assert plan(module, {"definition": UNKNOWN}, there.host).action == "unknown"
    nameless = config_map(name=UNKNOWN)
    assert plan(module, {"definition": nameless}, there.host).action == "unknown"
