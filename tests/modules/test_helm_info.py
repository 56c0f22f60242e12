from __future__ import annotations

from kplay.modules.helm_info import module
from kplay.testing import FakeHost, plan, play

LISTED = '[{"name": "rel", "namespace": "web", "chart": "my-web-1.2.3", "status": "deployed"}]'
ARGS = {"release_name": "rel", "release_namespace": "web"}

WHERE = {
    "binary_path": "helm",
    "kubeconfig": "/k",
    "context": "c",
    "host": "https://k:6443",
    "ca_cert": "/ca",
    "validate_certs": False,
}


def host() -> FakeHost:
    there = FakeHost(files={"/usr/bin/helm": ""}).when("helm list", stdout=LISTED)
    there.when("helm get values rel -n web -o", stdout="null")
    there.when("helm get values rel -n web --all", stdout='{"a": 1}')
    for field in ("manifest", "notes", "hooks"):
        there.when(f"helm get {field}", stdout=f"the {field}")
    return there


def test_a_release() -> None:
    status = play(module, {**ARGS, "binary_path": "helm"}, host())["status"]
    assert (status["chart"], status["values"], status["manifest"], status["notes"]) == (
        "my-web-1.2.3", {}, "the manifest", "the notes",
    )  # fmt: skip


def test_all_values() -> None:
    assert play(module, {**ARGS, "get_all_values": True}, host())["status"]["values"] == {"a": 1}


def test_states() -> None:
    there = host()
    play(module, {**ARGS, "release_state": ["failed", "deployed"]}, there)
    assert {"--failed", "--deployed"} <= set(there.queries[0])


def test_no_release() -> None:
    none = FakeHost(files={"/usr/bin/helm": ""}).when("helm list", stdout="[]")
    assert "status" not in play(module, ARGS, none).fields


def test_a_helm_that_is_only_planned_is_unknown() -> None:
    assert "only be there once" in plan(module, ARGS, FakeHost()).msg


def test_which_cluster_is_meant() -> None:
    there = host()
    play(module, {**ARGS, **WHERE}, there)
    flags = {
        "--kubeconfig=/k", "--kube-context=c", "--kube-apiserver=https://k:6443",
        "--kube-ca-file=/ca", "--kube-insecure-skip-tls-verify",
    }  # fmt: skip
    assert all(flags <= set(asked) for asked in there.queries)
