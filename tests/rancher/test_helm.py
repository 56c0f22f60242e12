"""Helm, built from source, on a real cluster: what helm_release plans is what becomes of it."""

from __future__ import annotations

import time

import pytest
from helm_course import (
    PLAYBOOKS,
    assert_no_secret,
    carry_out,
    helm,
    prepare,
    revision,
    texts,
)
from real_cluster import bring_up

pytestmark = pytest.mark.rancher

RELEASE = "Release the shop"
SHOP = PLAYBOOKS / "release.yml"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with bring_up(tmp_path_factory.mktemp("helm")) as made:
        prepare(made)
        made.planned = list(carry_out(made, "release.yml").values())
        yield made


def test_a_release_is_planned_with_every_object_and_installed(cluster):
    assert revision(cluster) == ("1", "deployed")
    assert "Deployment/shop" in str(cluster.planned)
    pods = cluster.kubectl("get", "pods", "-n", "shop", "--no-headers")
    assert "1/1" in pods


def test_the_release_has_no_new_revision_when_nothing_differs(cluster):
    before = revision(cluster)
    cluster.play("run", SHOP)
    assert revision(cluster) == before


def test_drift_of_the_cluster_is_seen_and_mended(cluster):
    cluster.kubectl("scale", "deployment/shop", "-n", "shop", "--replicas=2")
    cluster.kubectl("delete", "service/shop", "-n", "shop")
    done = carry_out(cluster, "release.yml")
    assert texts(done[RELEASE]) == {
        "Deployment/shop in the cluster": (["replicas: 2"], ["replicas: 1"]),
        "Service/shop in the cluster": (
            [],
            ["apiVersion: v1", "kind: Service", "metadata:", "name: shop", "spec:", "ports:",
             "- port: 8080", "selector:", "app: shop"],
        ),
    }  # fmt: skip
    assert cluster.kubectl("get", "service/shop", "-n", "shop", "-o", "name")


def test_a_field_that_helm_does_not_merge_is_told(cluster):
    page = ["-e", "page=true"]
    carry_out(cluster, "release.yml", *page)
    patch = '{"spec":{"title":"by-hand"}}'
    cluster.kubectl("patch", "page/shop", "-n", "shop", "--type=merge", "-p", patch)
    text = cluster.play("plan", SHOP, *page)
    assert "no changes" in text
    assert "Page/shop stands otherwise than the release has it" in text
    carry_out(cluster, "release.yml")
    assert cluster.kubectl("get", "pages", "-n", "shop", "--ignore-not-found").strip() == ""


def test_a_failed_upgrade_is_rolled_back_and_the_next_one_is_planned_anew(cluster):
    broken = ["-e", "image=kplay.local/none:1", "-e", "timeout=15s"]
    planned = cluster.plan(SHOP, *broken)
    assert texts(planned[0])["Deployment/shop"] == (
        ["image: kplay.local/web:1"],
        ["image: kplay.local/none:1"],
    )
    text = cluster.play("run", SHOP, *broken, code=2)
    assert "has been rolled back due to atomic being set" in text
    assert "the release is now deployed, at revision" in text
    assert "no changes" in cluster.play("plan", SHOP)
    image = cluster.kubectl(
        "get", "deployment/shop", "-n", "shop", "-o",
        "jsonpath={.spec.template.spec.containers[0].image}",
    )  # fmt: skip
    assert image == "kplay.local/web:1"


def test_a_helm_that_was_killed_is_gone_back_from_when_asked(cluster):
    upgrade = (
        "timeout -s KILL 4 helm --kubeconfig=/etc/kubernetes/admin.conf upgrade shop "
        "/srv/charts/web -n shop --wait --set image=kplay.local/none:1 || true"
    )
    cluster.root("cp1", upgrade)
    assert revision(cluster)[1] == "pending-upgrade"
    refused = cluster.play("plan", SHOP, code=2)
    assert "the release shop is pending-upgrade since" in refused
    cluster.play("run", SHOP, "-e", "interrupted=rollback")
    assert revision(cluster)[1] == "deployed"
    assert "no changes" in cluster.play("plan", SHOP)


def test_a_chart_of_a_repository_is_planned_by_the_version_that_it_resolves_to(cluster):
    serve = (
        "mkdir -p /srv/repo && cp -r /srv/charts/web /srv/newer && "
        "sed -i s/1.0.0/1.1.0/ /srv/newer/Chart.yaml && "
        "helm package /srv/charts/web /srv/newer -d /srv/repo && helm repo index /srv/repo && "
        "systemd-run -q --unit=repo -p WorkingDirectory=/srv/repo "
        "python3 -m http.server 8099 --bind 127.0.0.1"
    )
    cluster.root("cp1", serve)
    time.sleep(1)
    source = ["-e", "chart=web", "-e", "repo=http://127.0.0.1:8099"]
    below = [*source, "-e", '{"version": "<1.1"}']
    assert "no changes" in cluster.play("plan", SHOP, *below)
    newer = carry_out(cluster, "release.yml", *source)
    assert texts(newer[RELEASE]) == {"": (["chart: web-1.0.0"], ["chart: web-1.1.0"])}
    cache = cluster.root("cp1", "ls /root/.cache/helm/repository 2>/dev/null || true")
    assert "web-1.1.0.tgz" in cache
    assert "web-1.0.0.tgz" not in cache, "a plan has kept what it fetched"


def test_secret_values_are_in_the_cluster_and_in_no_file_of_a_run(cluster):
    stored = cluster.kubectl("get", "secret/shop", "-n", "shop", "-o", "jsonpath={.data.password}")
    assert stored == "Y29ycmVjdC1ob3JzZQ=="
    changed = carry_out(
        cluster, "release.yml", "-e", "chart=/srv/newer", "-e", "password=open-sesame"
    )
    shown = texts(changed[RELEASE])
    assert shown["values"] == (['password: "(secret)"'], ['password: "(secret, another one)"'])
    assert "open-sesame" not in str(changed)
    assert_no_secret(cluster)


def test_uninstalling_leaves_nothing_but_what_helm_keeps(cluster):
    removed = carry_out(cluster, "remove.yml")
    assert [one["action"] for one in removed.values()] == ["remove", "remove"]
    assert "Deployment/shop" in texts(removed["Uninstall the shop"])
    assert helm(cluster, "list", "--all", "-q").strip() == ""
    # helm never removes a CRD of a chart's crds/
    assert cluster.kubectl("get", "crd/pages.example.com", "-o", "name")


def test_the_playbooks_are_the_ones_that_lie_here():
    assert {path.name for path in PLAYBOOKS.glob("*.yml")} == {
        "prepare.yml", "release.yml", "remove.yml",
    }  # fmt: skip
