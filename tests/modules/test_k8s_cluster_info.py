from __future__ import annotations

from typing import Any

from kplay.modules.k8s_cluster_info import module
from kplay.testing import FakeHost, play

KINDS = """\
configmaps   cm       v1        true    ConfigMap    create,delete,get
deployments  deploy   apps/v1   true    Deployment   create,get          all
bindings              v1        true    Binding      create
"""


def host() -> FakeHost:
    versions = '{"clientVersion": {"gitVersion": "v1.36.3"}, "serverVersion": {"major": "1"}}'
    return (
        FakeHost()
        .when("kubectl version", stdout=versions)
        .when("kubectl api-resources", stdout=KINDS)
    )


def test_version_and_kinds() -> None:
    done = play(module, {"invalidate_cache": False, "host": "https://k:6443"}, host())
    assert done["version"] == {"client": "v1.36.3", "server": {"kubernetes": {"major": "1"}}}
    assert done["connection"]["host"] == "https://k:6443"
    assert done["apis"]["apps/v1"]["Deployment"] == {
        "name": "deployments",
        "namespaced": True,
        "preferred": True,
        "short_names": ["deploy"],
        "singular_name": "deployment",
        "categories": ["all"],
    }
    assert done["apis"]["v1"]["Binding"]["short_names"] == []
    assert sorted(done["apis"]["v1"]) == ["Binding", "ConfigMap"]


def test_a_cluster_that_does_not_answer() -> None:
    silent = FakeHost().when("kubectl version", rc=1, stderr="Unable to connect to the server\n")
    done = play(module, {}, silent)
    assert done.msg == "kubectl version failed: Unable to connect to the server"


def test_which_cluster_is_meant(kubectl_connection: Any) -> None:
    there = host()
    play(module, kubectl_connection.args, there)
    assert kubectl_connection.given_to(there.queries)
