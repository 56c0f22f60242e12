"""Manifests: what they hold, and which of their objects a cluster has."""

import json
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, manifest_text, objects, schema
from kplay.modules.api import UNKNOWN, Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]
Key = Tuple[str, str, str]

SUFFIXES = (".yaml", ".yml", ".json")

CLUSTER_WIDE = (
    "APIService", "CSIDriver", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
    "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
    "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
)  # fmt: skip
"""Kinds that lie in no namespace."""

_MARK = "EndOfManifest"
NO_KIND = re.compile(r'no matches for kind "([^"]+)" in version "([^"]+)"')


class Written(NamedTuple):
    """What an author has written."""

    objects: List[Object]
    unread: List[str]
    """Names of objects of manifests that no kubectl is there yet to read."""


def written(probe: "Probe", args: Args) -> Written:
    """Give the objects of ``src`` (files, folders, URLs) and of ``definition``.

    Raises:
        ModuleFailure: a file is not there, or holds no manifest.
        UnknownValue: only the run can tell what is in one of them.
    """
    listed, unread = [], []  # type: List[Object], List[str]
    given = args.get("definition")
    if given == UNKNOWN or (isinstance(given, list) and UNKNOWN in given):
        raise UnknownValue(kubernetes.ARGUMENTS)
    for one in given if isinstance(given, list) else [given] if isinstance(given, dict) else []:
        listed += _parts(one)
    texts = [probe.read(path).decode("utf-8", "replace") for path in _files(probe, args)]
    text = "\n---\n".join(texts + ([given] if isinstance(given, str) else []))
    urls = [path for path in args.get("src") or [] if "://" in path]
    if _readable(probe, args):
        listed += parse(probe, args, text, urls)
    else:
        unread = [*manifest_text.names(text), *urls]
    for one in listed:
        if schema.unknown([one.get("kind"), one.get("apiVersion"), one.get("metadata")]):
            raise UnknownValue(kubernetes.ARGUMENTS)
        if not (one.get("kind") and (one.get("metadata") or {}).get("name")):
            raise ModuleFailure(
                "an object needs a kind and a name: %s" % (objects.label(one) or "one has neither")
            )
        one.setdefault("apiVersion", "v1")
    return Written(listed, unread)


def _parts(one: Any) -> List[Object]:
    if not isinstance(one, dict):
        raise ModuleFailure("an object is a mapping, not %r" % (one,))
    items = one.get("items") if str(one.get("kind", "")).endswith("List") else None
    return list(items) if isinstance(items, list) else [dict(one)]


def _files(probe: "Probe", args: Args) -> List[str]:
    """Give the files that ``src`` names; those of a folder as kubectl takes them."""
    found = []
    for path in args.get("src") or []:
        there = probe.stat(path) if "://" not in path else None
        if there is not None and there.state == "directory":
            names = [name for name in probe.listdir(path) if name.endswith(SUFFIXES)]
            found += ["%s/%s" % (path.rstrip("/"), name) for name in names]
        elif "://" not in path:
            found.append(path)
    return found


def _readable(probe: "Probe", args: Args) -> bool:
    program = args.get("kubectl") or "kubectl"
    there = probe.stat(program) if "/" in program else probe.which(program)
    planned = "/" in program and isinstance(probe.effect("path", program), dict)
    return not probe.scratch() or (bool(there) and not planned)


def parse(probe: "Probe", args: Args, manifest: str, urls: Sequence[str] = ()) -> List[Object]:
    """Give the objects of a manifest: kubectl reads YAML, the agent has the standard library alone.

    Raises:
        ModuleFailure: it is no manifest, or there is no kubectl.
        UnknownValue: a plan's earlier step brings kubectl.
    """
    sources = [*urls, *(["-"] if manifest.strip() else [])]
    if not sources:
        return []
    # The only command that prints any object without asking a cluster for its kind
    words = ["label", "--local", "--dry-run=client", "-o", "json", "kplay.invalid/none-"]
    words += ["--filename=" + one for one in sources]
    program = args.get("kubectl") or "kubectl"
    done = probe.query([program, *words], stdin=manifest, most=kubernetes.MOST)
    if done.rc == 127:
        if probe.scratch():
            raise UnknownValue("what the manifest holds, which only kubectl can read")
        raise ModuleFailure("no program %s on the host, which reads manifests" % program)
    if done.rc != 0:
        raise ModuleFailure("kubectl cannot read the manifest: %s" % kubernetes.last(done.stderr))
    return [_as_given(one) for one in kubernetes.documents(done.stdout)]


def _as_given(one: Object) -> Object:
    """Give an object without the empty labels that kubectl adds."""
    meta = one.get("metadata") or {}
    if meta.get("labels") == {}:
        meta.pop("labels")
    return one


def covers(there: Any, wanted: Any) -> bool:
    """Say whether all that is wanted is there as it is wanted; what else is there is not looked at.

    >>> covers({"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"c": 1}], "e": None})
    True
    """
    if isinstance(wanted, dict):
        if not isinstance(there, dict):
            return not wanted and there is None
        return all(covers(there.get(key), one) for key, one in wanted.items())
    if isinstance(wanted, list):
        there = there or []
        same = isinstance(there, list) and len(there) == len(wanted)
        return same and all(covers(one, other) for one, other in zip(there, wanted))
    return bool(there == wanted)


def parse_each(probe: "Probe", args: Args, texts: Sequence[str]) -> List[List[Object]]:
    """Give the objects of several manifests, which kubectl reads in one go."""
    mark = {"apiVersion": "v1", "kind": _MARK, "metadata": {"name": "mark"}}
    if not any(text.strip() for text in texts):
        return [[] for _ in texts]
    listed = parse(probe, args, ("\n---\n%s\n---\n" % json.dumps(mark)).join(texts))
    found = [[]]  # type: List[List[Object]]
    for one in listed:
        if one["kind"] == _MARK:
            found.append([])
        else:
            found[-1].append(one)
    return found


class Standing(NamedTuple):
    """What the API server has of several objects."""

    found: List[Object]
    kindless: List[Object]
    """Those whose kind it does not know."""


def standing(probe: "Probe", args: Args, meant: List[Object], words: List[str]) -> Standing:
    """Ask the API server for several objects.

    Args:
        probe: the host that reaches the cluster.
        args: how.
        meant: each with kind, apiVersion and name.
        words: kubectl's option for the namespace of those that name none.

    Raises:
        ModuleFailure: kubectl cannot tell.
    """
    verb = ["get", "-f", "-", *words, "--ignore-not-found", "-o", "json"]
    known, kindless = list(meant), []  # type: List[Object], List[Object]
    while known:
        done = objects.ask(probe, args, verb, whole(known))
        if done.rc == 0:
            return Standing(kubernetes.items(done.stdout), kindless)
        # It shows nothing at all where it does not know one of the kinds
        strange = set(NO_KIND.findall(done.stderr))
        left = [one for one in known if (one["kind"], one["apiVersion"]) not in strange]
        if len(left) == len(known):
            raise objects.failure("get", done)
        kindless += [one for one in known if one not in left]
        known = left
    return Standing([], kindless)


def whole(listed: List[Object]) -> str:
    """Give objects as one manifest."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": listed}, sort_keys=True)


def stream(listed: Sequence[Object]) -> str:
    """Give objects as documents of one manifest.

    Of a List kubectl checks the fields itself, and takes nothing of it where one is wrong; those of
    documents the API server checks.
    """
    return "\n---\n".join(json.dumps(one, sort_keys=True) for one in listed)


def key(one: Object) -> Tuple[str, str, str]:
    """Give what tells an object from others: kind and group, namespace if it names one, name."""
    meta = one.get("metadata") or {}
    group = str(one.get("apiVersion") or "").rpartition("/")[0]
    kind = "%s.%s" % (one.get("kind"), group)
    return (kind, str(meta.get("namespace") or ""), str(meta.get("name") or ""))


def lookup(
    there: Dict[Tuple[str, str, str], Object], one: Object, namespace: str
) -> Optional[Object]:
    """Give an object of those that stand.

    One that names no namespace stands in the given one, or in none, or where kubectl's own
    configuration says.
    """
    kind, place, name = key(one)
    for where in (place or namespace, ""):
        if (kind, where, name) in there:
            return there[kind, where, name]
    left = [] if place else [mark for mark in there if (mark[0], mark[2]) == (kind, name)]
    return there[left[0]] if len(left) == 1 else None
