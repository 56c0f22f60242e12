"""What applying manifests would change, object by object, as the API server says."""

import json
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, manifest_text, manifests, objects, schema
from kplay.modules.api import ABSENT, UNKNOWN, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

Object = Dict[str, Any]

CARRIED = 64 * 1024
"""Bytes of an object as later steps of a plan get to know it; of a larger one only its name."""

CLUSTER_WIDE = (
    "APIService", "CSIDriver", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
    "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
    "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
)  # fmt: skip
"""Kinds that lie in no namespace."""

ANNOTATIONS = 256 * 1024
"""Bytes that the annotations of one object may have together."""

_CONFLICT = re.compile(r'conflicts? with "([^"]+)"[^:\n]*:((?:\s+(?:- )?\.\S+)+)')


class Comparison(NamedTuple):
    """Texts by name of an object, only of what differs."""

    before: Dict[str, str]
    after: Dict[str, str]
    changed: List[Object]
    rows: List[Dict[str, str]]
    any_stands: bool


def scope(args: Args) -> List[str]:
    """Give the namespace's option."""
    return ["-n", args["namespace"]] if args.get("namespace") else []


def manner(args: Args) -> List[str]:
    """Give the options for server-side apply."""
    if not args.get("server_side"):
        return []
    forced = ["--force-conflicts"] if args.get("force_conflicts", True) else []
    return ["--server-side", "--field-manager=" + args["field_manager"], *forced]


def patience(args: Args) -> List[str]:
    """Give the option for how long kubectl waits."""
    return ["--timeout=%ds" % int(args.get("timeout") or 300)]


def shown(one: Optional[Object]) -> str:
    """Give an object as the reader sees it."""
    return manifest_text.text(objects.essence(one))


def row(one: Object, action: str) -> Dict[str, str]:
    """Give what the result says of an object."""
    meta = one["metadata"]
    names = {"kind": one["kind"], "name": meta["name"], "namespace": meta.get("namespace") or ""}
    return dict(names, action=action)


def nothing_yet(written: manifests.Written, args: Args) -> State:
    """Say what will come of manifests where there is no cluster to ask yet."""
    texts = {objects.label(one): shown(one) for one in written.objects}  # type: Dict[str, Any]
    texts.update((name, UNKNOWN) for name in written.unread)
    absent = args["state"] == "absent"
    return {
        "state": ABSENT,
        "contents": {},
        "next_contents": texts,
        "changed": [] if absent else written.objects,
        "wanted": written.objects,
        "pruned": [],
        "rows": [] if absent else [row(one, "created") for one in written.objects],
    }


def standing(probe: "Probe", args: Args, listed: List[Object]) -> List[Object]:
    """Give those objects that stand; what earlier steps of a plan make of them is looked at too."""
    objects.foreseen(probe, [placed(args, one) for one in listed])
    return manifests.standing(probe, args, listed, scope(args)).found


def placed(args: Args, one: Object) -> Object:
    """Give an object with the namespace that it is applied in, where that is known."""
    if not args.get("namespace") or one["metadata"].get("namespace") or one["kind"] in CLUSTER_WIDE:
        return one
    return dict(one, metadata=dict(one["metadata"], namespace=args["namespace"]))


def compared(probe: "Probe", args: Args, listed: List[Object]) -> Comparison:
    """Compare what stands with what applying would make of it.

    Raises:
        ModuleFailure: the API server refuses an object.
        UnknownValue: a plan cannot tell.
    """
    _small_enough(args, listed)
    made = Comparison({}, {}, [], [], False)
    open_ones = [one for one in listed if not _foreseen(probe, args, one, made)]
    there = manifests.standing(probe, args, open_ones, scope(args))
    by_key = {manifests.key(one): one for one in there.found}
    default = args.get("namespace") or "default"
    pairs = [(one, manifests.lookup(by_key, one, default)) for one in open_ones]
    existing = [one for one, found in pairs if found is not None]
    if len(existing) < len(pairs):
        new = [one for one, found in pairs if found is None]
        _needs(probe, args, new, listed, there.kindless)
    after = {manifests.key(one): one for one in _rehearsed(probe, args, existing)}
    for one, found in pairs:
        will = manifests.lookup(after, one, default) if found is not None else one
        _note(made, one, shown(found), shown(will))
    return made._replace(any_stands=bool(existing) or len(open_ones) < len(listed))


def _small_enough(args: Args, listed: List[Object]) -> None:
    """Refuse what client-side apply cannot keep: it writes the manifest into an annotation.

    Raises:
        ModuleFailure: an object is larger than all annotations of one may be.
    """
    for one in [] if args.get("server_side") else listed:
        if len(json.dumps(one, separators=(",", ":"))) > ANNOTATIONS:
            raise ModuleFailure(
                "%s is larger than the 256 KiB that client-side apply can keep of it; "
                "set server_side: true" % objects.label(one)
            )


def _note(made: Comparison, one: Object, before: str, after: str) -> None:
    name = objects.label(one)
    if before == after:
        made.rows.append(row(one, "unchanged"))
        return
    made.before[name], made.after[name] = before, after
    made.changed.append(one)
    made.rows.append(row(one, "configured" if before else "created"))


def _foreseen(probe: "Probe", args: Args, one: Object, made: Comparison) -> bool:
    """Whether an earlier step of the plan makes the object as it is to be.

    Raises:
        UnknownValue: it makes something else of it.
    """
    label = objects.label(placed(args, one))
    told = probe.effect("kubernetes", label)
    if told is None:
        return False
    if isinstance(told, dict) and told.get("state") == ABSENT:
        _note(made, one, "", shown(one))
        return True
    known = told.get("object") if isinstance(told, dict) else None
    if known is None or not manifests.covers(known, placed(args, one)):
        raise UnknownValue("an earlier step changes %s" % label)
    made.rows.append(row(one, "unchanged"))
    return True


def effect(args: Args, one: Object) -> List[Effect]:
    """Tell later steps of a plan how an object will be, where it is no secret and not large."""
    whole = placed(args, one)
    if one["kind"] == "Secret" or schema.unknown(one) or len(json.dumps(whole)) > CARRIED:
        return [Effect("kubernetes", objects.label(whole), {"state": "changed"})]
    return [Effect("kubernetes", objects.label(whole), {"state": "present", "object": whole})]


def _needs(
    probe: "Probe", args: Args, new: List[Object], listed: List[Object], kindless: List[Object]
) -> None:
    """Look in a plan whether there will be what new objects need: their kinds and namespaces.

    Raises:
        UnknownValue: a kind or a namespace is not there, and no step is known to make it.
    """
    if not probe.scratch():
        return
    brought = {
        (one["spec"]["group"], one["spec"]["names"]["kind"])
        for one in listed
        if one["kind"] == "CustomResourceDefinition"
    }
    foreseen = probe.effect("kubernetes", "any CustomResourceDefinition") is not None
    for one in kindless:
        group = one["apiVersion"].rpartition("/")[0]
        if (group, one["kind"]) not in brought and not foreseen:
            raise _missing("the cluster has no kind %s in %s" % (one["kind"], one["apiVersion"]))
    names = {placed(args, one)["metadata"].get("namespace") for one in new} - {None, "default"}
    made = {one["metadata"]["name"] for one in listed if one["kind"] == "Namespace"}
    for name in sorted(names - made):
        told = probe.effect("kubernetes", "Namespace/%s" % name)
        if isinstance(told, dict):
            there = told.get("state") != ABSENT
        else:
            namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}
            there = objects.get(probe, args, namespace) is not None
        if not there:
            raise _missing("there is no namespace %s" % name)


def _missing(what: str) -> UnknownValue:
    return UnknownValue("%s, unless an earlier step makes it" % what, otherwise={"msg": what})


def _rehearsed(probe: "Probe", args: Args, listed: List[Object]) -> List[Object]:
    """Ask the API server how objects would be."""
    if schema.unknown(listed):
        raise UnknownValue(kubernetes.ARGUMENTS)
    if not listed:
        return []
    words = ["apply", "-f", "-", *scope(args), *manner(args), "--dry-run=server", "-o", "json"]
    done = kubernetes.ask(probe, args, words, manifests.whole(listed))
    if done.rc == 0:
        return kubernetes.items(done.stdout)
    told = []
    for one in listed:
        alone = kubernetes.ask(probe, args, words, json.dumps(one))
        if alone.rc != 0:
            told.append(refusal(one, alone.stderr))
    said = "; ".join(told) or kubernetes.last(done.stderr)
    raise ModuleFailure(said, rc=done.rc, stdout="", stderr=done.stderr)


def refusal(one: Object, said: str) -> str:
    """Say why the API server refuses an object; of a conflict, who owns which fields.

    >>> refusal({"kind": "Pod", "metadata": {"name": "x"}},
    ...     'Apply failed with 1 conflict: conflict with "hpa" using apps/v1: .spec.replicas')
    'Pod/x: .spec.replicas belongs to hpa; leave it out, or set force_conflicts: true'
    """
    owned = [
        (owner, field)
        for owner, fields in _CONFLICT.findall(said)
        for field in fields.split()
        if field != "-"
    ]
    if not owned:
        return "%s: %s" % (objects.label(one), kubernetes.last(said))
    told = ", ".join("%s belongs to %s" % (field, owner) for owner, field in owned)
    them = "it" if len(owned) == 1 else "them"
    return "%s: %s; leave %s out, or set force_conflicts: true" % (objects.label(one), told, them)


def delete(host: "Host", args: Args, listed: List[Object]) -> State:
    """Delete objects that stand, the last one first, since it may need those before it."""
    wait = "--wait=%s" % ("true" if args.get("wait") else "false")
    words = ["delete", "--ignore-not-found", wait, *patience(args), "-f", "-"]
    return kubectl(host, args, words, manifests.whole(list(reversed(listed))))


def kubectl(host: "Host", args: Args, words: List[str], stdin: str) -> State:
    """Run kubectl to its end; its failure is the step's."""
    done = host.run(kubernetes.kubectl(args, words), stdin=stdin)
    fields = {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}
    if done.rc != 0:
        said = kubernetes.last(done.stderr) or kubernetes.last(done.stdout)
        raise ModuleFailure("kubectl %s failed: %s" % (words[0], said), **fields)
    return fields
