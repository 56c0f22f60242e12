import json
from typing import Any

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import ModuleFailure, compare
from kplay.modules.kubectl_apply import module
from kplay.testing.host import FakeHost

ADMIN = "/etc/kubernetes/admin.conf"
ENDS = ("--cache-dir=/dev/null/none", f"--kubeconfig={ADMIN}")


def cluster() -> FakeHost:
    return FakeHost(files={ADMIN: ""}).when("kubectl", stdout="x configured\n")


def planning(host: FakeHost) -> FakeHost:
    host.scratch = lambda: True  # type: ignore[method-assign]
    return host


def plan(host: FakeHost, **args: Any) -> Any:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = module.observe(host, given)
    return compare(module, found, module.desire(given, found)), given, found


def through(host: FakeHost, **args: Any) -> tuple[str, dict[str, Any]]:
    change, given, found = plan(host, **args)
    if change.action == "none":
        return change.action, {}
    assert module.apply is not None
    return change.action, dict(module.apply(host, given, found, module.desire(given, found)))


def test_what_is_applied_is_left() -> None:
    host = cluster().when("kubectl diff", rc=0)
    assert through(host, src=["/srv/flannel.yaml"])[0] == "none"
    assert host.queries == [("kubectl", "diff", "-f", "/srv/flannel.yaml", *ENDS)]


def test_a_difference_is_applied() -> None:
    host = cluster().when("kubectl diff", rc=1, stdout="-a\n+b\n")
    action, fields = through(host, src=["/srv/a.yaml", "/srv/b.yaml"], namespace="web")
    assert action == "update"
    assert host.runs[0].argv == (
        "kubectl", "apply", "-f", "/srv/a.yaml", "-f", "/srv/b.yaml", "-n", "web", *ENDS,
    )  # fmt: skip
    assert fields["stdout"] == "x configured\n"


def test_a_definition_goes_by_standard_input() -> None:
    host = cluster().when("kubectl diff", rc=1)
    through(host, definition={"kind": "Namespace", "metadata": {"name": "web"}})
    sent = json.loads(host.runs[0].stdin)
    assert sent["kind"] == "List"
    assert sent["items"] == [{"kind": "Namespace", "metadata": {"name": "web"}}]
    through(host, definition="kind: Namespace\n")
    assert host.runs[1].stdin == "kind: Namespace\n"
    assert host.runs[1].argv[:4] == ("kubectl", "apply", "-f", "-")


def test_server_side() -> None:
    host = cluster().when("kubectl diff", rc=1)
    through(host, src=["/x"], server_side=True)
    assert host.runs[0].argv[4:7] == (
        "--server-side", "--field-manager=kplay", "--force-conflicts",
    )  # fmt: skip
    assert host.queries[0][4:] == host.runs[0].argv[4:]


def test_waits_for_a_condition() -> None:
    host = cluster().when("kubectl diff", rc=1)
    through(host, src=["/x"], wait_for="condition=Ready", timeout=60)
    assert host.runs[1].argv[1] == "wait"
    assert host.runs[1].argv[2:4] == ("--for=condition=Ready", "--timeout=60s")


def test_waits_for_workloads_to_run() -> None:
    got = {
        "kind": "List",
        "items": [
            {"kind": "ConfigMap", "metadata": {"name": "c"}},
            {"kind": "DaemonSet", "metadata": {"name": "flannel", "namespace": "net"}},
        ],
    }
    host = cluster().when("kubectl diff", rc=1).when("kubectl get", stdout=json.dumps(got))
    through(host, src=["/x"], wait=True)
    assert [run.argv[1] for run in host.runs] == ["apply", "get", "rollout"]
    assert host.runs[2].argv[2:7] == (
        "status", "daemonset/flannel", "-n", "net", "--timeout=300s",
    )  # fmt: skip


def test_absent_objects_are_deleted() -> None:
    host = cluster().when("kubectl get", stdout="pod/x\n")
    assert through(host, src=["/x"], state="absent")[0] == "remove"
    assert host.runs[0].argv[1] == "delete"
    gone = cluster().when("kubectl get", stdout="")
    assert through(gone, src=["/x"], state="absent")[0] == "none"


def test_a_failure_shows_what_kubectl_says() -> None:
    host = cluster().when("kubectl diff", rc=1).when("kubectl apply", rc=1, stderr="a\nno such\n")
    with pytest.raises(ModuleFailure, match="kubectl apply failed: no such"):
        through(host, src=["/x"])


@pytest.mark.parametrize(
    "prepare",
    [
        lambda host: host.effects.update({("kubernetes", "cluster"): {"state": "present"}}),
        lambda host: host.effects.update({("path", ADMIN): {"state": "file"}}),
        lambda host: host.files.drop(ADMIN),
    ],
    ids=["cluster", "kubeconfig", "nothing yet"],
)
def test_a_cluster_that_is_only_planned_is_not_asked(prepare: Any) -> None:
    host = planning(cluster())
    prepare(host)
    assert plan(host, src=["/x"])[0].action == "create"
    assert host.queries == []


def test_a_plan_does_not_ask_a_kubectl_that_is_not_there() -> None:
    assert plan(planning(FakeHost()), src=["/x"])[0].action == "create"
    # there is a cluster, and the program that could ask it comes with an earlier step
    with pytest.raises(UnknownValue, match="only kubectl can ask"):
        plan(planning(FakeHost(files={ADMIN: ""})), src=["/x"])
    planned = planning(cluster()).when("kubectl", rc=127)
    with pytest.raises(UnknownValue, match="only kubectl can ask"):
        plan(planned, src=["/x"])


def test_a_plan_after_a_reset_creates_nothing() -> None:
    host = planning(cluster()).when("kubectl get", rc=1, stderr="dial: connection refused")
    host.effects["kubernetes", "cluster"] = {"state": "absent"}
    with pytest.raises(UnknownValue):
        plan(host, src=["/x"], state="absent")


def test_a_plan_does_not_guess_when_the_api_server_is_silent() -> None:
    host = planning(cluster())
    host.when("kubectl diff", rc=1, stderr="The connection to the server x was refused\n")
    with pytest.raises(UnknownValue, match="does not answer"):
        plan(host, src=["/x"])


def test_a_kind_or_namespace_that_is_yet_to_come_is_a_difference() -> None:
    host = planning(cluster()).when("kubectl diff", rc=2, stderr='no matches for kind "X"\n')
    assert plan(host, src=["/x"])[0].action == "update"


def test_objects_of_which_none_is_there_are_created() -> None:
    host = cluster().when("kubectl diff", rc=1, stdout="+b\n").when("kubectl get", stdout="")
    assert through(host, src=["/srv/a.yaml"])[0] == "create"
    host.when("kubectl get", stdout="configmap/a\n")
    assert through(host, src=["/srv/a.yaml"])[0] == "update"


def test_which_cluster_is_asked_and_by_which_program() -> None:
    host = FakeHost().when("/opt/kubectl diff", rc=1).when("/opt/kubectl")
    own = {"kubectl": "/opt/kubectl", "kubeconfig": "/k.conf", "context": "lab"}
    through(host, src=["/x"], **own)
    ends = ("--cache-dir=/dev/null/none", "--kubeconfig=/k.conf", "--context=lab")
    assert host.queries[0] == ("/opt/kubectl", "diff", "-f", "/x", *ends)
    assert host.runs[0].argv == ("/opt/kubectl", "apply", "-f", "/x", *ends)


def test_fields_of_other_managers() -> None:
    host = cluster().when("kubectl diff", rc=1)
    through(host, src=["/x"], server_side=True, field_manager="ci", force_conflicts=False)
    assert host.runs[0].argv[4:] == ("--server-side", "--field-manager=ci", *ENDS)
    through(host, src=["/x"], field_manager="ci", force_conflicts=True)
    assert host.runs[1].argv[4:] == ENDS
