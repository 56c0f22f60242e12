"""Doubles that several modules are tested with."""

# A kubectl in memory answers each verb with what it needs of one signature.
# ruff: noqa: ARG002

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from helm_double import Helm

from kplay.agent.host import Completed
from kplay.testing import FakeHost

if TYPE_CHECKING:
    from collections.abc import Sequence

CLUSTER_WIDE = ("Namespace", "Node", "CustomResourceDefinition")
CONFIG = "/root/.kube/config"


class Connection(NamedTuple):
    """Arguments that say which cluster is meant, and what a program is to be called with."""

    args: dict[str, Any]
    flags: set[str]

    def given_to(self, calls: Sequence[Sequence[str]]) -> bool:
        """Whether there were calls, and each of them names the cluster."""
        return bool(calls) and all(self.flags <= set(argv) for argv in calls)


CONNECTION = {
    "context": "c",
    "host": "https://k:6443",
    "ca_cert": "/ca",
    "validate_certs": False,
}


def documents(manifest: str) -> dict[str, Any]:
    """The object of a manifest, or a List of those of several documents."""
    found = [json.loads(one) for one in manifest.split("\n---\n")]
    return found[0] if len(found) == 1 else {"kind": "List", "items": found}


class Cluster:
    """A kubectl with objects in memory, which merges patches as JSON merge patch does."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.kinds = {"ConfigMap", "Namespace", "Secret", "Pod", "Deployment", "Node"}
        self.host = FakeHost(files={CONFIG: "", "/usr/bin/kubectl": ""})
        self.host.when("kubectl", does=self.answer)
        self.strict = False
        """Whether an object needs its namespace, as it does on a real API server."""

    def add(self, kind: str, name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
        meta = {"name": name, "resourceVersion": "1", "managedFields": [{}], "uid": "u"}
        if namespace:
            meta["namespace"] = namespace
        one = {"apiVersion": "v1", "kind": kind, "metadata": meta, **more}
        self.objects[kind, namespace, name] = one
        return one

    def verbs(self) -> list[str]:
        """What was run to change something."""
        return [run.argv[1] for run in self.host.runs]

    def answer(self, host: FakeHost, argv: Sequence[str]) -> Completed:
        words = list(argv)[1:]
        if words[0] == "label":
            return self.read_aloud(host.stdin)
        if words[0] == "version":
            return Completed(0, json.dumps({"serverVersion": {"gitVersion": "v1.36.3"}}), "")
        if words[0] == "api-versions":
            return Completed(0, "apps/v1\nv1\n", "")
        given = documents(host.stdin) if "-f" in words and host.stdin else None
        if given is not None and given.get("kind") == "List":
            return self.each(host, argv, given["items"])
        kind, name = self._named(words, given)
        namespace = words[words.index("-n") + 1] if "-n" in words else ""
        if given is not None and given["metadata"].get("namespace"):
            namespace = given["metadata"]["namespace"]
        if kind in CLUSTER_WIDE:
            namespace = ""
        if kind not in self.kinds and given is not None:
            said = f'no matches for kind "{kind}" in version "{given["apiVersion"]}"'
            return Completed(1, "", f'error: unable to recognize "STDIN": {said}\n')
        if kind not in self.kinds:
            return Completed(1, "", f'error: the server doesn\'t have a resource type "{kind}"\n')
        key = (kind, namespace, name)
        homeless = namespace not in {"", "default"} | {
            mark[2] for mark in self.objects if mark[0] == "Namespace"
        }
        if self.strict and homeless and words[0] in ("apply", "create") and key not in self.objects:
            said = f'error when creating "STDIN": namespaces "{namespace}" not found'
            return Completed(1, "", f"Error from server (NotFound): {said}\n")
        made = getattr(self, words[0])(words, key, given)
        if isinstance(made, Completed):
            return made
        if "--dry-run=server" not in words and words[0] not in ("get", "wait", "rollout"):
            self.objects[key] = made
        if words[0] in ("apply", "create") and "name" in words:
            group = made["apiVersion"].rpartition("/")[0]
            return Completed(0, f"{kind.lower()}{'.' if group else ''}{group}/{name}\n", "")
        if words[0] == "apply" and "json" not in words:
            return Completed(0, f"{kind}/{name} configured\n", "")
        return Completed(0, json.dumps(made) if made is not None else "", "")

    def read_aloud(self, manifest: str) -> Completed:
        """`kubectl label --local`: the objects of a manifest as JSON, one after the other."""
        try:
            parts = [one for one in yaml.safe_load_all(manifest) if one is not None]
        except yaml.YAMLError as error:
            return Completed(1, "", f"error: error parsing STDIN: {error}")
        whole = [one for part in parts for one in part.get("items", [part])]
        for one in whole:
            one["metadata"].setdefault("labels", {})
        return Completed(0, "".join(json.dumps(one) + "\n" for one in whole), "")

    def each(self, host: FakeHost, argv: Sequence[str], items: list[Any]) -> Completed:
        """A command for a list of objects: as many commands for one."""
        made, wrong, names = [], "", ""
        for one in items:
            host.stdin = json.dumps(one)
            done = self.answer(host, argv)
            wrong += done.stderr
            names += done.stdout
            made += [json.loads(done.stdout)] if done.stdout.startswith("{") else []
        if argv[1] in ("apply", "create") and "name" in argv:
            return Completed(1 if wrong else 0, names, wrong)
        whole = json.dumps({"kind": "List", "items": made})
        return Completed(1 if wrong else 0, whole if made else "", wrong)

    def _named(self, words: list[str], given: Any) -> tuple[str, str]:
        if given is not None:
            return given["kind"], given["metadata"].get("name", "made-1")
        place = next(word for word in words[1:] if "." in word and not word.startswith("-"))
        kind, _, rest = place.partition(".")
        after = words.index(place) + 1
        if "/" in rest:
            return kind, rest.partition("/")[2]
        named = after < len(words) and not words[after].startswith("-")
        return kind, words[after] if named else ""

    def get(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        if key[2]:
            return self.objects.get(key)
        there = [one for mark, one in sorted(self.objects.items()) if mark[0] == key[0]]
        there = [one for one in there if key[1] in ("", one["metadata"].get("namespace", ""))]
        for word in words:
            name, _, value = word.partition("=")[2].partition("=")
            if word.startswith("--selector="):
                labels = [one["metadata"].get("labels") or {} for one in there]
                there = [
                    one for one, has in zip(there, labels, strict=True) if has.get(name) == value
                ]
        return {"kind": "List", "items": there}

    def create(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        return given

    replace = create

    def apply(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        return self._merge(self.objects.get(key, {}), given)

    def patch(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        change = json.loads(self.host.stdin)
        there = self.objects[key]
        if "--type=strategic" in words and key[0] == "Node":
            return Completed(1, "", "error: strategic merge patch is not supported for it")
        if "--type=json" in words:
            made = json.loads(json.dumps(there))
            for one in change:
                *above, last = one["path"].strip("/").split("/")
                place = made
                for part in above:
                    place = place[part]
                place[last] = one["value"]
            return made
        return self._merge(there, change)

    def _merge(self, below: Any, above: Any) -> Any:
        made = dict(below)
        for key, value in above.items():
            if value is None:
                made.pop(key, None)
            elif isinstance(value, dict):
                made[key] = self._merge(made.get(key) or {}, value)
            else:
                made[key] = value
        return made

    def delete(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        self.objects.pop(key, None)
        return Completed(0, "", "")

    def wait(self, words: list[str], key: tuple[str, str, str], given: Any) -> Any:
        return Completed(0, "condition met\n", "")

    rollout = wait


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def helm(cluster: Cluster) -> Helm:
    return Helm(cluster)


@pytest.fixture
def kubectl_connection() -> Connection:
    """Every argument of the modules that call kubectl."""
    args = {
        **CONNECTION,
        "kubeconfig": CONFIG,
        "client_cert": "/crt",
        "client_key": "/key",
        "impersonate_user": "u",
        "impersonate_groups": ["g"],
        "kubectl": "kubectl",
    }
    flags = {
        f"--kubeconfig={CONFIG}", "--context=c", "--server=https://k:6443",
        "--certificate-authority=/ca", "--client-certificate=/crt", "--client-key=/key",
        "--insecure-skip-tls-verify=true", "--as=u", "--as-group=g",
    }  # fmt: skip
    return Connection(args, flags)


@pytest.fixture
def helm_connection() -> Connection:
    """Every argument of the modules that call helm."""
    flags = {
        "--kubeconfig=/k", "--kube-context=c", "--kube-apiserver=https://k:6443",
        "--kube-ca-file=/ca", "--kube-insecure-skip-tls-verify",
    }  # fmt: skip
    return Connection({**CONNECTION, "kubeconfig": "/k", "binary_path": "helm"}, flags)
