"""helm_chart_info: what helm says of a chart, and whether it accepts a version of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.host import APART_REFUSED, Completed
from kplay.modules.helm_chart_info import fields, module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

CHART = "/srv/rancher.tgz"
ABOUT = """\
annotations:
  catalog.cattle.io/kube-version: '>= 1.20.0'
apiVersion: v2
appVersion: v2.14.3
kubeVersion: < 1.36.0-0
name: rancher
version: 2.14.3
"""
REFUSES = (
    "Error: chart requires kubeVersion: < 1.36.0-0 which is incompatible with Kubernetes v1.36.3"
)


class Helm:
    """A helm that has one chart; ``refuse`` is what it says when it renders it."""

    def __init__(self) -> None:
        self.host = FakeHost(files={CHART: "", "/usr/bin/helm": ""})
        self.host.when("helm", does=self.answer)
        self.calls: list[list[str]] = []
        self.refuse = ""

    def answer(self, host: FakeHost, argv: Sequence[str]) -> Completed:  # noqa: ARG002
        self.calls.append(list(argv))
        if argv[1:3] == ["show", "chart"]:
            return Completed(0, ABOUT, "")
        return Completed(1 if self.refuse else 0, "", self.refuse)


@pytest.fixture
def helm() -> Helm:
    return Helm()


def test_what_the_chart_says(helm: Helm) -> None:
    told = play(module, {"chart": CHART}, helm.host)
    assert told.fields == {
        "name": "rancher",
        "version": "2.14.3",
        "app_version": "v2.14.3",
        "kube_version": "< 1.36.0-0",
    }
    assert helm.calls == [["helm", "show", "chart", CHART]]


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("", True),
        (REFUSES, False),
        ("Error: execution error at (rancher/templates/x.yaml:1:1): hostname is needed", True),
    ],
)
def test_helm_compares_the_versions(helm: Helm, said: str, accepted: bool) -> None:
    helm.refuse = said
    args = {"chart": CHART, "kube_version": "v1.36.3+k3s1"}
    for way in (play, plan):
        assert way(module, args, helm.host)["accepted"] is accepted
    assert helm.calls[1] == ["helm", "template", "kplay", CHART, "--kube-version=v1.36.3+k3s1"]


def test_a_version_that_is_none_is_told(helm: Helm) -> None:
    helm.refuse = "Error: invalid kube version 'x': could not parse \"x\" as version"
    failed = play(module, {"chart": CHART, "kube_version": "x"}, helm.host)
    assert "invalid kube version" in failed.msg


def test_a_chart_of_a_repository(helm: Helm) -> None:
    args: dict[str, Any] = {
        "chart_ref": "rancher",
        "chart_version": "2.14.3",
        "chart_repo_url": "https://charts.example.com",
        "helm": "/usr/bin/helm",
        "insecure_skip_tls_verify": True,
        "plain_http": True,
    }
    helm.host.when("/usr/bin/helm", does=helm.answer)
    assert play(module, args, helm.host)["name"] == "rancher"
    assert helm.calls[0] == [
        "/usr/bin/helm",
        "show",
        "chart",
        "rancher",
        "--version=2.14.3",
        "--repo=https://charts.example.com",
        "--insecure-skip-tls-verify",
        "--plain-http",
    ]


def test_a_plan_where_helm_is_still_to_come() -> None:
    planned = plan(module, {"chart": CHART, "binary_path": "/opt/helm"}, FakeHost())
    assert not planned.known
    assert "which an earlier step brings" in planned.msg


def test_a_plan_where_the_chart_is_still_to_come(helm: Helm) -> None:
    helm.host.effects["path", CHART] = {"state": "file"}
    planned = plan(module, {"chart": CHART}, helm.host)
    assert "what /srv/rancher.tgz holds, which an earlier step brings" in planned.msg


def test_a_plan_on_a_host_where_helm_would_keep_what_it_fetches(helm: Helm) -> None:
    helm.host.when("helm", rc=APART_REFUSED)
    args = {"chart": "rancher", "repo_url": "https://charts.example.com"}
    planned = plan(module, args, helm.host)
    assert not planned.known
    assert "which helm would keep" in planned.msg


def test_scalars_of_a_document() -> None:
    assert fields("a: 'it''s'\nb: \"x\"\nc:\n- d: e\nf: <1 # no\n") == {
        "a": "it's",
        "b": "x",
        "c": "",
        "f": "<1 # no",
    }
