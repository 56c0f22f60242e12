from __future__ import annotations

import json
from typing import Any

import pytest

from kplay.agent.host import Completed
from kplay.modules.api import UNKNOWN
from kplay.modules.helm import module
from kplay.testing import FakeHost, plan, play

RELEASE = {
    "name": "rel", "namespace": "web", "revision": "1", "updated": "today", "status": "deployed",
    "chart": "my-web-1.2.3", "app_version": "9",
}  # fmt: skip
ARGS = {
    "name": "rel",
    "namespace": "web",
    "chart_ref": "stable/my-web",
    "values": {"greeting": "hi"},
}


class Helm:
    """A helm with one release at most."""

    def __init__(self, release: dict[str, Any] | None = None, values: Any = None) -> None:
        self.release, self.values, self.manifest = release, values, "kind: ConfigMap\n"
        self.host = FakeHost(files={"/usr/bin/helm": ""}).when("helm", does=self.answer)

    def answer(self, host: FakeHost, argv: Any) -> Completed:
        words = list(argv)[1:]
        if words[0] == "list":
            return Completed(0, json.dumps([self.release] if self.release else []), "")
        if words[:2] == ["get", "values"]:
            return Completed(0, json.dumps(self.values), "")
        if words[:2] == ["get", "manifest"]:
            return Completed(0, self.manifest, "")
        if "--dry-run=server" in words:
            made = {
                "chart": {"metadata": {"name": "my-web", "version": "1.2.3"}},
                "config": json.loads(host.stdin or "null"),
                "manifest": f"kind: ConfigMap\ndata: {host.stdin}\n",
            }
            return Completed(0, json.dumps(made), "")
        if words[0] in ("upgrade", "install"):
            self.release, self.values = dict(RELEASE), json.loads(host.stdin or "null")
            self.manifest = f"kind: ConfigMap\ndata: {host.stdin}\n"
        if words[0] == "uninstall":
            self.release = None
        return Completed(0, "done\n", "")

    def ran(self) -> list[str]:
        return list(self.host.runs[-1].argv[1:])


def test_a_release_is_installed_and_then_left() -> None:
    helm = Helm()
    assert plan(module, ARGS, helm.host).action == "create"
    done = play(module, ARGS, helm.host)
    assert done["status"]["chart"] == "my-web-1.2.3"
    assert done["status"]["values"] == {"greeting": "hi"}
    assert helm.ran()[:6] == ["upgrade", "--install", "rel", "stable/my-web", "-n", "web"]
    again = play(module, ARGS, helm.host)
    assert (again.changed, again["status"]["status"]) == (False, "deployed")


def test_values_travel_on_standard_input() -> None:
    helm = Helm()
    play(module, {**ARGS, "values": {"password": "hunter2"}}, helm.host)
    assert "hunter2" not in " ".join(helm.ran())
    assert json.loads(helm.host.runs[-1].stdin) == {"password": "hunter2"}


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({}, "none"),
        ({"values": {"greeting": "hello"}}, "update"),
        ({"chart_version": "1.2.3"}, "none"),
        ({"chart_version": "v1.2.4"}, "update"),
        ({"values": {}, "reuse_values": True}, "none"),
        ({"values": {}, "reset_then_reuse_values": True}, "none"),
        ({"values": {}}, "update"),
        ({"set_values": [{"value": "a.b=c"}]}, "update"),
        ({"state": "absent"}, "remove"),
    ],
)
def test_what_is_a_change(more: dict[str, Any], action: str) -> None:
    helm = Helm(dict(RELEASE), {"greeting": "hi"})
    assert plan(module, {**ARGS, **more}, helm.host).action == action


def test_a_release_that_failed_is_upgraded() -> None:
    helm = Helm({**RELEASE, "status": "failed"}, {"greeting": "hi"})
    assert plan(module, ARGS, helm.host).action == "update"


def test_a_chart_on_the_host_is_compared_by_what_it_gives() -> None:
    helm = Helm(dict(RELEASE), {"greeting": "hi"})
    helm.host.add_dir("/srv/chart")
    planned = plan(module, {**ARGS, "chart_ref": "/srv/chart"}, helm.host)
    assert planned.action == "update"
    assert set(planned.after) == {"content"}
    play(module, {**ARGS, "chart_ref": "/srv/chart"}, helm.host)
    assert plan(module, {**ARGS, "chart_ref": "/srv/chart"}, helm.host).action == "none"


def test_values_that_only_the_run_can_tell() -> None:
    args = {**ARGS, "values": {"greeting": UNKNOWN}, "chart_ref": "/srv/chart"}
    helm = Helm()
    assert plan(module, args, helm.host).action == "create"
    there = Helm(dict(RELEASE), {"greeting": "hi"})
    there.host.add_dir("/srv/chart")
    assert plan(module, args, there.host).action == "unknown"


def test_removing() -> None:
    helm = Helm(dict(RELEASE), {})
    args = {**ARGS, "state": "absent", "purge": False, "wait": True, "disable_hook": True}
    assert play(module, args, helm.host).changed
    words = ["uninstall", "rel", "-n", "web", "--keep-history", "--no-hooks", "--wait"]
    assert helm.ran() == words
    assert not play(module, args, helm.host).changed


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"chart_version": "1.2"}, "--version=1.2"),
        ({"chart_repo_url": "https://charts"}, "--repo=https://charts"),
        ({"atomic": True}, "--atomic"),
        ({"create_namespace": True}, "--create-namespace"),
        ({"dependency_update": True}, "--dependency-update"),
        ({"disable_hook": True}, "--no-hooks"),
        ({"force": True}, "--force"),
        ({"history_max": 3}, "--history-max=3"),
        ({"insecure_skip_tls_verify": True}, "--insecure-skip-tls-verify"),
        ({"plain_http": True}, "--plain-http"),
        ({"post_renderer": "/bin/r"}, "--post-renderer=/bin/r"),
        ({"reset_values": True}, "--reset-values"),
        ({"reuse_values": True}, "--reuse-values"),
        ({"reset_then_reuse_values": True}, "--reset-then-reuse-values"),
        ({"skip_crds": True}, "--skip-crds"),
        ({"skip_schema_validation": True}, "--skip-schema-validation"),
        ({"take_ownership": True}, "--take-ownership"),
        ({"timeout": "90"}, "--timeout=90s"),
        ({"wait": True, "wait_timeout": "5m"}, "--wait --timeout=5m"),
        ({"values_files": ["/srv/v.yml"]}, "--values=/srv/v.yml"),
        ({"set_values": [{"value": "a=b", "value_type": "string"}]}, "--set-string a=b"),
        ({"replace": True}, "--replace"),
        ({"kubeconfig": "/k", "context": "c"}, "--kubeconfig=/k --kube-context=c"),
        ({"host": "https://k", "ca_cert": "/ca"}, "--kube-apiserver=https://k --kube-ca-file=/ca"),
        ({"validate_certs": False}, "--kube-insecure-skip-tls-verify"),
    ],
)
def test_options(more: dict[str, Any], words: str) -> None:
    helm = Helm()
    assert play(module, {**ARGS, **more}, helm.host).changed
    assert set(words.split()) <= set(helm.ran()), helm.ran()


def test_the_names_of_the_release_s_own_arguments() -> None:
    helm = Helm()
    args = {
        "release_name": "rel",
        "release_namespace": "web",
        "release_state": "present",
        "release_values": {"a": 1},
        "chart_ref": "stable/my-web",
        "update_repo_cache": True,
        "binary_path": "helm",
    }
    play(module, args, helm.host)
    assert [run.argv[1] for run in helm.host.runs] == ["repo", "upgrade"]


def test_failures() -> None:
    assert "chart_ref is needed" in play(module, {"name": "r", "namespace": "n"}, Helm().host).msg
    broken = FakeHost().when("helm list", rc=1, stderr="Error: Kubernetes cluster unreachable\n")
    done = play(module, ARGS, broken)
    assert done.msg == "helm list failed: Error: Kubernetes cluster unreachable"


def test_a_helm_that_is_only_planned() -> None:
    assert plan(module, ARGS, FakeHost()).action == "create"
