from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay.agent.host import APART_REFUSED, Completed
from kplay.modules.api import UNKNOWN
from kplay.modules.helm_release import module
from kplay.testing import plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.testing import FakeHost

CHART = "/srv/web"
ARGS = {
    "name": "rel",
    "namespace": "web",
    "chart": CHART,
    "kubeconfig": "/root/.kube/config",
    "values": {"greeting": "hi"},
}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "pages.example.com"},
}


def config_map(values: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "rel", **meta},
        "data": {key: str(value) for key, value in values.items()},
    }


class Helm:
    """A helm over the cluster of the neighbours; its chart is a ConfigMap of all values."""

    def __init__(self, cluster: Any) -> None:
        self.cluster, self.host = cluster, cluster.host
        self.revisions: list[dict[str, Any]] = []
        self.version, self.extra, self.crds = "1.0.0", [], []
        self.refuse = ""
        self.host.add_dir(CHART)
        self.host.add_file("/usr/bin/helm")
        self.host.when("helm", does=self.answer)

    @property
    def last(self) -> dict[str, Any]:
        return self.revisions[-1]

    def release(self, status: str, values: dict[str, Any]) -> None:
        for one in self.revisions:
            one["status"] = "superseded" if status == "deployed" else one["status"]
        self.revisions.append(
            {
                "name": "rel", "namespace": "web", "revision": str(len(self.revisions) + 1),
                "updated": "today", "status": status, "chart": f"web-{self.version}",
                "app_version": "9", "values": values, "manifest": self.render(values),
            }
        )  # fmt: skip

    def render(self, values: dict[str, Any]) -> str:
        return "---\n".join(yaml.safe_dump(one) for one in (config_map(values), *self.extra))

    def answer(self, host: FakeHost, argv: Sequence[str]) -> Completed:
        words = list(argv)[1:]
        made = getattr(self, words[0])(words, host.stdin)
        return made if isinstance(made, Completed) else Completed(0, made, "")

    def list(self, _words: list[str], _stdin: str) -> str:
        return json.dumps(self.revisions[-1:])

    def history(self, _words: list[str], _stdin: str) -> str:
        return json.dumps([{**one, "revision": int(one["revision"])} for one in self.revisions])

    def status(self, words: list[str], _stdin: str) -> str:
        asked = [int(word.partition("=")[2]) for word in words if word.startswith("--revision=")]
        one = self.revisions[asked[0] - 1] if asked else self.last
        return json.dumps({"config": one["values"], "manifest": one["manifest"], "hooks": []})

    def show(self, words: list[str], _stdin: str) -> str:
        if words[1] == "chart":
            return f"apiVersion: v2\nname: web\nversion: {self.version}\n"
        return "---\n".join(yaml.safe_dump(one) for one in self.crds)

    def template(self, _words: list[str], stdin: str) -> str:
        return self.render(json.loads(stdin or "{}"))

    def upgrade(self, words: list[str], stdin: str) -> str | Completed:
        if self.refuse:
            return Completed(1, "", self.refuse)
        values = json.loads(stdin or "{}")
        if "--dry-run=server" in words:
            chart = {"metadata": {"name": "web", "version": self.version}}
            made = {"chart": chart, "config": values, "manifest": self.render(values), "hooks": []}
            return json.dumps(made)
        self.release("deployed", values)
        for one in yaml.safe_load_all(self.last["manifest"]):
            key = (one["kind"], "web", one["metadata"]["name"])
            meta = {**one["metadata"], "namespace": "web"}
            self.cluster.objects[key] = {**one, "metadata": meta}
        return "done\n"

    def uninstall(self, _words: list[str], _stdin: str) -> str:
        self.revisions.clear()
        return "gone\n"

    def rollback(self, words: list[str], _stdin: str) -> str:
        self.release("deployed", self.revisions[int(words[2]) - 1]["values"])
        return "back\n"

    def ran(self) -> list[list[str]]:
        return [list(run.argv[1:]) for run in self.host.runs]


@pytest.fixture
def helm(cluster: Any) -> Helm:
    return Helm(cluster)


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


SECRET = {**ARGS, "secret_values": {"db": {"password": "hunter2"}}}


def test_secret_values_are_given_to_helm_and_shown_nowhere(helm: Helm) -> None:
    planned = plan(module, SECRET, helm.host)
    done = play(module, SECRET, helm.host)
    assert "hunter2" not in str(planned)
    assert "hunter2" not in str(done)
    assert 'password: "(secret)"' in planned.after["contents"]["values"]
    assert all("hunter2" not in " ".join(argv) for argv in helm.ran())
    sent = json.loads(helm.host.runs[-1].stdin)
    assert sent == {"greeting": "hi", "db": {"password": "hunter2"}}
    other = {**SECRET, "secret_values": {"db": {"password": "swordfish"}}}
    planned = plan(module, other, helm.host)
    assert planned.action == "update"
    assert "another one" in planned.after["contents"]["values"]
    assert not {"hunter2", "swordfish"} & set(str(planned).split())
    assert "hunter2" not in str(planned)
    assert "swordfish" not in str(planned)


def test_what_helm_says_names_no_secret(helm: Helm) -> None:
    upgrade = helm.upgrade
    says = Completed(0, "NOTES: log in with hunter2\n", "")

    def talk(words: list[str], stdin: str) -> Any:
        return upgrade(words, stdin) if "--dry-run=server" in words else says

    helm.upgrade = talk  # type: ignore[method-assign]
    args = {**ARGS, "values": {"bootstrapPassword": "hunter2"}}
    assert play(module, args, helm.host)["stdout"] == "NOTES: log in with (secret)\n"
    says = Completed(1, "", "Error: hunter2 is too short\n")
    failed = play(module, args, helm.host)
    assert failed.msg.startswith("helm upgrade failed: Error: (secret) is too short; ")
    assert "hunter2" not in str(failed)


def test_a_value_whose_name_gives_it_away_is_hidden_too(helm: Helm) -> None:
    args = {**ARGS, "values": {"bootstrapPassword": "hunter2"}}
    assert "hunter2" not in str(plan(module, args, helm.host))


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


def test_a_chart_of_kinds_that_are_still_to_come_is_rendered_alone(helm: Helm) -> None:
    helm.refuse = (
        'Error: resource mapping not found: no matches for kind "Page" in version "x/v1"\n'
    )
    assert "no matches for kind" in plan(module, ARGS, helm.host).msg
    helm.host.effects["kubernetes", "any CustomResourceDefinition"] = {"state": "changed"}
    planned = plan(module, ARGS, helm.host)
    assert planned.action == "create"
    assert planned.after["chart"] == "web-1.0.0"
    assert "ConfigMap/rel" in planned.after["contents"]
    rendered = next(argv for argv in helm.host.queries if argv[1] == "template")
    assert {"--kube-version=v1.36.3", "--api-versions=apps/v1"} <= set(rendered)


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


def test_a_chart_that_an_earlier_step_brings(helm: Helm) -> None:
    helm.host.effects["path", CHART] = {"state": "directory"}
    planned = plan(module, ARGS, helm.host)
    assert planned.action == "create"
    assert planned.after["contents"] == {"values": "greeting: hi\n", "objects": UNKNOWN}
    helm.release("deployed", {"greeting": "hi"})
    planned = plan(module, ARGS, helm.host)
    assert planned.action == "unknown"
    assert planned.msg == f"what {CHART} holds, which an earlier step brings"


def test_a_helm_that_an_earlier_step_brings(helm: Helm) -> None:
    helm.host.effects["path", "/usr/local/bin/helm"] = {"state": "file"}
    helm.host.add_file("/usr/local/bin/helm")
    helm.host.when(["/usr/local/bin/helm", "version"], rc=127)
    labels = "owner=helm,name=rel"
    secrets = ["kubectl", "get", "secrets", "-n", "web", "-l", labels]
    args = {**ARGS, "binary_path": "/usr/local/bin/helm"}
    helm.host.when(secrets, stdout="")
    planned = plan(module, args, helm.host)
    assert planned.action == "create"
    assert planned.after["contents"] == {"values": "greeting: hi\n", "objects": UNKNOWN}
    helm.host.when(secrets, stdout="secret/sh.helm.release.v1.rel.v1\n")
    planned = plan(module, args, helm.host)
    assert planned.action == "unknown"
    assert planned.msg == "what helm says of the release, which an earlier step brings"


def test_a_cluster_that_is_only_planned(helm: Helm) -> None:
    helm.host.effects["kubernetes", "cluster"] = {"state": "present"}
    planned = plan(module, SECRET, helm.host)
    assert planned.action == "create"
    assert "hunter2" not in str(planned)
    assert plan(module, {**ARGS, "state": "absent"}, helm.host).action == "none"


def test_a_chart_that_cannot_be_fetched_without_leaving_a_trace_is_unknown(helm: Helm) -> None:
    helm.release("deployed", {"greeting": "hi"})
    answer = helm.answer

    def refuse(host: FakeHost, argv: Sequence[str]) -> Completed:
        if "--dry-run=server" in argv or argv[1] == "show":
            return Completed(APART_REFUSED, "", "unshare: Operation not permitted\n")
        return answer(host, argv)

    helm.host.when("helm", does=refuse)
    planned = plan(module, {**ARGS, "chart": "oci://registry/web"}, helm.host)
    assert "what the chart oci://registry/web holds" in planned.msg


def test_a_repository_that_does_not_answer_is_unknown_in_a_plan(helm: Helm) -> None:
    helm.release("deployed", {"greeting": "hi"})
    helm.refuse = (
        'Error: looks like "https://charts" is not a valid chart repository or cannot be reached\n'
    )
    planned = plan(module, {**ARGS, "chart": "web", "repo_url": "https://charts"}, helm.host)
    assert planned.action == "unknown"
    assert "cannot be reached" in planned.msg


def test_a_values_file_that_is_not_there_is_no_cluster_that_does_not_answer(helm: Helm) -> None:
    helm.refuse = "Error: open /srv/none.yml: no such file or directory\n"
    refused = plan(module, {**ARGS, "values_files": ["/srv/none.yml"]}, helm.host)
    assert refused.failed
    assert "open /srv/none.yml: no such file" in refused.msg
    helm.refuse = "Error: stat /root/.kube/config: no such file or directory\n"
    assert plan(module, ARGS, helm.host).action == "unknown"


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


def test_values_that_only_the_run_can_tell(helm: Helm) -> None:
    args = {**ARGS, "values": {"greeting": UNKNOWN}, "secret_values": {"key": UNKNOWN}}
    planned = plan(module, args, helm.host)
    assert planned.action == "create"
    shown = planned.after["contents"]
    assert shown["values"] == 'greeting: "(known after the run)"\nkey: "(secret)"\n'
    assert "(known after the run)" in shown["ConfigMap/rel"]
    assert "kplay_unknown" not in str(shown)
    helm.refuse = "Error: values don't meet the specifications of the schema\n"
    assert plan(module, args, helm.host).after["contents"]["objects"] == UNKNOWN
    helm.refuse = ""
    helm.release("deployed", {"greeting": "hi"})
    assert plan(module, args, helm.host).action == "unknown"
    assert plan(module, {**args, "state": "absent"}, helm.host).action == "remove"
