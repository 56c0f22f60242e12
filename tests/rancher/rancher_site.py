"""A small cluster of kubeadm.yml, with the bundle that Rancher's playbooks are run with."""

from __future__ import annotations

import base64
import json
import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import repository
from project import lab_up
from real_cluster import Cluster

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

HOSTNAME = "rancher.cattle-system.svc.cluster.local"
"""A name that pods find: the double ends TLS itself, as no ingress controller is there."""

IGNORED = ["cgroup-v1", "clock-unsynchronized", "memory"]
"""What the preflight rightly says of hosts of a lab."""

SETTINGS = {
    "rancher_hostname": HOSTNAME,
    "rancher_version": "2.15.0",
    "rancher_replicas": 1,
    "rancher_image": "kplay.local/rancher",
    "rancher_images": ["rancher-images"],
}


class Site(Cluster):
    def secret(self, namespace: str, name: str) -> dict[str, str]:
        text = self.kubectl("-n", namespace, "get", "secret", name, "-o", "json")
        return {key: base64.b64decode(v).decode() for key, v in json.loads(text)["data"].items()}


@contextmanager
def rancher_site(work: Path) -> Iterator[Site]:
    """Bring the cluster up, and take it down; ``KPLAY_RANCHER_BUNDLE`` names a ready bundle."""
    bundle = Path(os.environ.get("KPLAY_RANCHER_BUNDLE") or work / "bundle")
    repository.bundle(bundle, work / "charts")
    two = labs.load_lab(HERE / "rancher.yml")
    given = {"kplay_bundle": str(bundle)}
    with lab_up(two, "rancher") as lab, closing(Site(work, lab, given)) as made:
        made.play("run", "kubeadm.yml")
        yield made
