"""A chart of our own as a release of a cluster: what is planned is what is done."""

from __future__ import annotations

import json
import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

from exactness import compare
from project import ROOT

from kplay.bundle.assemble import build
from kplay.bundle.components import HERE, load_list
from kplay.bundle.find import find
from kplay.bundle.orders import Order
from kplay.bundle.place import cache_root

if TYPE_CHECKING:
    from pathlib import Path

    from real_cluster import Cluster

PLAYBOOKS = ROOT / "tests/rancher/helm"
SECRET = "correct-horse"


@cache
def helm_program() -> Path:
    """Helm, built from source once and kept beside the bundles."""
    directory = cache_root() / "bundles" / "helm-for-tests"
    order = Order(load_list(HERE / "rancher.yml"), parts={"helm"})
    build(directory, progress=lambda *_: None, orders=[order])
    return find(directory, "helm").file


def prepare(cluster: Cluster) -> None:
    cluster.play("run", PLAYBOOKS / "prepare.yml", helm_program=str(helm_program()))


def carry_out(
    cluster: Cluster, name: str, *more: str, again: bool = True
) -> dict[str, dict[str, Any]]:
    """Plan, run, compare step by step and by diff, and plan again to find nothing to do.

    Gives the plan's changes by task.
    """
    playbook = PLAYBOOKS / name
    planned = cluster.plan(playbook, *more)
    cluster.play("run", playbook, "--diff", *more)
    table = compare(planned, cluster.events(), [])
    assert table.rows
    assert table.off() == [], "\n".join(map(str, table.off()))
    if again:
        assert "no changes" in cluster.play("plan", playbook, *more)
    assert {one["place"]["task"] for one in planned} == {row.place.task for row in table.changed}
    return {one["place"]["task"]: one for one in planned}


def texts(change: dict[str, Any]) -> dict[str, tuple[list[str], list[str]]]:
    """The lines that are only before, and only after, by name of an object."""
    found = {}
    for one in change["diff"]:
        before, after = one["before"].splitlines(), one["after"].splitlines()
        gone = [line.strip() for line in before if line not in after]
        new = [line.strip() for line in after if line not in before]
        found[one.get("path", "")] = (gone, new)
    return found


def helm(cluster: Cluster, *argv: str) -> str:
    words = shlex.join(["helm", "--kubeconfig=/etc/kubernetes/admin.conf", "-n", "shop", *argv])
    return cluster.root("cp1", words)


def revision(cluster: Cluster) -> tuple[str, str]:
    """The release's revision and status."""
    (one,) = json.loads(helm(cluster, "list", "--all", "-o", "json"))
    return one["revision"], one["status"]


def short(cluster: Cluster) -> None:
    """Install, change one value, uninstall."""
    prepare(cluster)
    made = carry_out(cluster, "release.yml")
    assert {name: one["action"] for name, one in made.items()} == {
        "Make the namespace": "create",
        "Give the shop its settings": "create",
        "Release the shop": "create",
    }
    assert {"values", "ConfigMap/shop", "Deployment/shop", "Service/shop", "Secret/shop"} < set(
        texts(made["Release the shop"])
    )
    assert revision(cluster) == ("1", "deployed")
    changed = carry_out(
        cluster, "release.yml", "-e", "greeting=welcome", "-e", "settings=two", again=False
    )
    assert list(changed) == ["Give the shop its settings", "Release the shop"]
    assert texts(changed["Release the shop"]) == {
        "values": (["greeting: hello"], ["greeting: welcome"]),
        "ConfigMap/shop": (["greeting: hello"], ["greeting: welcome"]),
        "ConfigMap/shop-before (hook)": (["greeting: hello"], ["greeting: welcome"]),
        "Deployment/shop": (["value: hello"], ["value: welcome"]),
    }
    settings = cluster.kubectl("get", "cm", "-n", "shop", "-l", "part-of=shop", "-o", "name")
    assert settings.split() == ["configmap/settings-two"]
    assert revision(cluster) == ("2", "deployed")
    removed = carry_out(cluster, "remove.yml", again=False)
    assert [one["action"] for one in removed.values()] == ["remove", "remove"]
    assert "shop" not in cluster.kubectl("get", "namespaces", "-o", "name")
    assert_no_secret(cluster)


def assert_no_secret(cluster: Cluster) -> None:
    """No file of a run holds the secret value, and nothing has said it."""
    assert [text for text in cluster.texts() if SECRET in text] == []
