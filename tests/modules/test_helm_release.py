from __future__ import annotations

from typing import Any

import pytest
from helm_double import ARGS, CRD, Helm, config_map

from kplay.agent.host import Completed
from kplay.modules.helm_release import module
from kplay.testing import plan, play


def test_a_release_is_planned_by_its_objects_installed_and_then_left(helm: Helm) -> None:
    planned = plan(module, ARGS, helm.host)
    assert planned.action == "create"
    assert planned.after["chart"] == "web-1.0.0"
    assert planned.after["contents"]["values"] == "greeting: hi\n"
    assert "greeting: hi" in planned.after["contents"]["ConfigMap/rel"]
    assert ("kubernetes", "ConfigMap/web/rel", {"state": "changed"}) in planned.effects
    done = play(module, ARGS, helm.host)
    assert (done.changed, done["release"]["revision"]) == (True, "1")
    assert plan(module, ARGS, helm.host).action == "none"
    again = play(module, ARGS, helm.host)
    assert (again.changed, again["release"]["revision"]) == (False, "1")
    assert "values" not in again["release"]


def test_one_value_is_one_object_s_one_field(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    planned = plan(module, {**ARGS, "values": {"greeting": "bye"}}, helm.host)
    assert planned.action == "update"
    assert set(planned.after) == {"contents"}
    assert set(planned.after["contents"]) == {"values", "ConfigMap/rel"}
    before = planned.before["contents"]["ConfigMap/rel"]
    assert (
        before.replace("greeting: hi", "greeting: bye")
        == (planned.after["contents"]["ConfigMap/rel"])
    )


INVALID = 'The ConfigMap "rel" is invalid: data: hunter2 is no greeting\n'


def refuse(helm: Helm, verb: str, said: str = INVALID) -> None:
    setattr(helm.cluster, verb, lambda *_: Completed(1, "", said))


def test_a_new_object_that_the_api_server_refuses_fails_the_plan(helm: Helm) -> None:
    refuse(helm, "create")
    planned = plan(module, {**ARGS, "secret_values": {"word": "hunter2"}}, helm.host)
    assert planned.failed
    said = 'ConfigMap/rel: The ConfigMap "rel" is invalid: data: (secret) is no greeting'
    assert planned.msg == said
    assert "hunter2" not in str(planned)
    (asked,) = [argv for argv in helm.host.queries if argv[:2] == ("kubectl", "create")]
    # helm has the API server pass over fields that there are not
    assert asked[2:7] == ("-f", "-", "--validate=false", "-n", "web")


def test_a_namespace_that_helm_makes_is_still_to_come(helm: Helm) -> None:
    helm.cluster.strict = True
    planned = plan(module, ARGS, helm.host)
    assert "there is no namespace web, which ConfigMap/rel needs" in planned.msg
    planned = plan(module, {**ARGS, "create_namespace": True}, helm.host)
    assert planned.action == "create"
    assert planned["warnings"] == [
        "the API server could not be asked about ConfigMap/rel: there is no namespace web yet"
    ]
    elsewhere = config_map({}, name="other", namespace="default")
    helm.extra = [elsewhere]
    planned = plan(module, {**ARGS, "create_namespace": True}, helm.host)
    assert "ConfigMap/default/other" not in planned["warnings"][0]


def test_a_change_that_the_api_server_refuses_fails_the_plan(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    bye = {**ARGS, "values": {"greeting": "bye"}}
    merged = helm.cluster.apply
    refuse(helm, "apply")
    # What helm would send is taken
    assert plan(module, bye, helm.host).action == "update"
    refuse(helm, "patch")
    planned = plan(module, bye, helm.host)
    assert planned.failed
    assert planned.msg.startswith('ConfigMap/rel: The ConfigMap "rel" is invalid')
    helm.cluster.apply = merged
    assert plan(module, bye, helm.host).action == "update"
    assert plan(module, ARGS, helm.host).action == "none"


def test_a_webhook_without_dry_run_is_said(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    refuse(helm, "apply", 'admission webhook "w" does not support dry run\n')
    planned = plan(module, {**ARGS, "values": {"greeting": "bye"}}, helm.host)
    assert planned.action == "update"
    assert "a webhook of the cluster supports no dry run" in planned["warnings"][0]


def test_another_version_of_the_chart_is_a_change(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    helm.version = "1.0.1"
    planned = plan(module, {**ARGS, "version": "^1.0.0"}, helm.host)
    assert planned.after["chart"] == "web-1.0.1"


def test_what_was_changed_or_removed_in_the_cluster_is_seen_and_mended(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    helm.cluster.objects["ConfigMap", "web", "rel"]["data"] = {"greeting": "hand", "own": "1"}
    planned = plan(module, ARGS, helm.host)
    assert planned.action == "update"
    name = "ConfigMap/rel in the cluster"
    assert list(planned.after["contents"]) == [name]
    assert "greeting: hand" in planned.before["contents"][name]
    assert "greeting: hi" in planned.after["contents"][name]
    assert "own:" in planned.after["contents"][name]
    del helm.cluster.objects["ConfigMap", "web", "rel"]
    planned = plan(module, ARGS, helm.host)
    assert planned.before["contents"] == {name: ""}
    play(module, ARGS, helm.host)
    assert plan(module, ARGS, helm.host).action == "none"


def test_more_that_others_have_added_to_an_object_is_no_change(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    helm.cluster.objects["ConfigMap", "web", "rel"]["data"]["own"] = "1"
    assert plan(module, ARGS, helm.host).action == "none"


def test_helm_leaves_what_was_changed_in_a_kind_of_its_own(helm: Helm) -> None:
    helm.cluster.kinds.add("Page")
    page = {"apiVersion": "example.com/v1", "kind": "Page", "metadata": {"name": "p"}}
    helm.extra = [{**page, "spec": {"title": "a"}}]
    play(module, ARGS, helm.host)
    helm.cluster.objects["Page", "web", "p"]["spec"]["title"] = "hand"
    planned = plan(module, ARGS, helm.host)
    assert (planned.action, planned["left"]) == ("none", ["Page/p"])
    assert "Page/p stands otherwise" in planned["warnings"][0]
    forced = plan(module, {**ARGS, "force": True}, helm.host)
    assert list(forced.after["contents"]) == ["Page/p in the cluster"]
    helm.extra = [{**page, "spec": {"title": "b"}}]
    planned = plan(module, ARGS, helm.host)
    assert set(planned.after["contents"]) == {"Page/p", "Page/p in the cluster"}


def test_what_the_release_drops_is_removed_unless_it_is_kept(helm: Helm) -> None:
    kept = {"annotations": {"helm.sh/resource-policy": "keep"}}
    helm.extra = [config_map({}, name="old"), config_map({}, name="kept", **kept)]
    play(module, ARGS, helm.host)
    helm.extra = []
    planned = plan(module, ARGS, helm.host)
    assert planned.after["contents"] == {"ConfigMap/old": ""}


def test_crds_of_a_chart_are_installed_once(helm: Helm) -> None:
    helm.crds = [CRD]
    helm.cluster.kinds.add("CustomResourceDefinition")
    name = "CustomResourceDefinition/pages.example.com"
    planned = plan(module, ARGS, helm.host)
    assert name in planned.after["contents"]
    assert ("kubernetes", "any CustomResourceDefinition", {"state": "changed"}) in planned.effects
    assert name not in plan(module, {**ARGS, "skip_crds": True}, helm.host).after["contents"]
    helm.cluster.objects["CustomResourceDefinition", "", "pages.example.com"] = CRD
    assert name not in plan(module, ARGS, helm.host).after["contents"]


def test_a_release_that_failed_is_compared_with_what_is_deployed(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    helm.release("failed", {"greeting": "bye"})
    planned = plan(module, ARGS, helm.host)
    assert planned.after["status"] == "deployed"
    assert set(planned.after["contents"]) == {"values"}


def test_a_release_that_another_helm_left_half_done_is_gone_back_from_when_asked(
    helm: Helm,
) -> None:
    play(module, ARGS, helm.host)
    helm.release("pending-upgrade", {"greeting": "bye"})
    refused = plan(module, ARGS, helm.host)
    assert refused.failed
    assert "pending-upgrade since today (revision 2)" in refused.msg
    asked = {**ARGS, "interrupted": "rollback", "wait": True, "timeout": "30"}
    assert plan(module, asked, helm.host).after["status"] == "deployed"
    play(module, asked, helm.host)
    assert helm.ran()[-2] == [
        "rollback", "rel", "1", "-n", "web", "--wait", "--timeout=30s",
        "--kubeconfig=/root/.kube/config",
    ]  # fmt: skip
    helm.revisions[:] = []
    helm.release("pending-install", {})
    play(module, asked, helm.host)
    assert [argv[0] for argv in helm.ran()[-2:]] == ["uninstall", "upgrade"]


def test_a_failed_upgrade_says_what_the_release_is_now(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    upgrade = helm.upgrade

    def fail(words: list[str], stdin: str) -> Any:
        if "--dry-run=server" in words:
            return upgrade(words, stdin)
        return Completed(1, "", "Error: UPGRADE FAILED: timed out\n")

    helm.upgrade = fail  # type: ignore[method-assign]
    done = play(module, {**ARGS, "values": {"greeting": "bye"}, "atomic": True}, helm.host)
    assert done.msg == (
        "helm upgrade failed: Error: UPGRADE FAILED: timed out; "
        "the release is now deployed, at revision 1"
    )


def test_removing(helm: Helm) -> None:
    args = {**ARGS, "state": "absent", "keep_history": True, "disable_hook": True, "wait": True}
    assert plan(module, args, helm.host).action == "none"
    play(module, ARGS, helm.host)
    planned = plan(module, args, helm.host)
    assert planned.action == "remove"
    assert set(planned.before["contents"]) == {"values", "ConfigMap/rel"}
    play(module, args, helm.host)
    assert helm.ran()[-1][:7] == [
        "uninstall", "rel", "-n", "web", "--wait", "--keep-history", "--no-hooks",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"version": "1.2"}, "--version=1.2"),
        ({"repo_url": "https://charts", "chart": "web"}, "web --repo=https://charts"),
        ({"chart": "oci://registry/web", "plain_http": True}, "oci://registry/web --plain-http"),
        ({"create_namespace": True}, "--create-namespace"),
        ({"atomic": True, "timeout": "5m"}, "--atomic --timeout=5m"),
        ({"force": True}, "--force"),
        ({"history_max": 3}, "--history-max=3"),
        ({"disable_hook": True}, "--no-hooks"),
        ({"skip_crds": True}, "--skip-crds"),
        ({"skip_schema_validation": True}, "--skip-schema-validation"),
        ({"take_ownership": True}, "--take-ownership"),
        ({"insecure_skip_tls_verify": True}, "--insecure-skip-tls-verify"),
        ({"values_files": ["/srv/v.yml"]}, "--values=/srv/v.yml --values=-"),
        ({"context": "c", "host": "https://k"}, "--kube-context=c --kube-apiserver=https://k"),
        ({"ca_cert": "/ca"}, "--kube-ca-file=/ca"),
        ({"validate_certs": False}, "--kube-insecure-skip-tls-verify"),
    ],
)
def test_options(helm: Helm, more: dict[str, Any], words: str) -> None:
    assert play(module, {**ARGS, **more}, helm.host).changed
    assert set(words.split()) <= set(helm.ran()[-1]), helm.ran()
    rehearsal = [argv for argv in helm.host.queries if "--dry-run=server" in argv]
    assert set(words.split()) <= set(rehearsal[0])


def test_which_programs_are_called(helm: Helm) -> None:
    helm.host.when("/opt/helm", does=helm.answer).when("/opt/kubectl", does=helm.cluster.answer)
    args = {**ARGS, "binary_path": "/opt/helm", "kubectl": "/opt/kubectl"}
    assert play(module, args, helm.host).changed
    assert {argv[0] for argv in helm.host.queries} == {"/opt/helm", "/opt/kubectl"}


def test_a_release_without_a_chart(helm: Helm) -> None:
    refused = plan(module, {"name": "rel"}, helm.host)
    assert refused.msg == "chart is needed where the release is to be present"


def test_drift_alone_may_be_told_and_no_more(helm: Helm) -> None:
    play(module, ARGS, helm.host)
    helm.cluster.objects["ConfigMap", "web", "rel"]["data"] = {"greeting": "hand"}
    args = {**ARGS, "drift": "tell"}
    planned = plan(module, args, helm.host)
    assert (planned.action, planned["left"]) == ("none", ["ConfigMap/rel"])
    assert planned["warnings"] == ["ConfigMap/rel stands otherwise than the release has it"]
    assert plan(module, {**args, "drift": "mend"}, helm.host).action == "update"
    more = plan(module, {**args, "values": {"greeting": "bye"}}, helm.host)
    assert "ConfigMap/rel in the cluster" in more.after["contents"]
