"""What a plan of helm_release says where a chart, helm or the cluster cannot be asked yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helm_double import ARGS, CHART, SECRET, Helm

from kplay.agent.host import APART_REFUSED, Completed
from kplay.modules.api import UNKNOWN
from kplay.modules.helm_release import module
from kplay.testing import plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.testing import FakeHost


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
