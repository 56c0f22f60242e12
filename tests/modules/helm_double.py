"""A helm in memory, whose releases stand in the cluster that kubectl is asked about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from kplay.agent.host import Completed

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
SECRET = {**ARGS, "secret_values": {"db": {"password": "hunter2"}}}
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
