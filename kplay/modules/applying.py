"""What applying manifests would change, object by object, as the API server says."""

import json
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import (
    kubernetes,
    manifest_text,
    manifests,
    objects,
    refusal_words,
    refusals,
    rehearsal,
    schema,
)
from kplay.modules.api import ABSENT, UNKNOWN, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

Object = Dict[str, Any]

CARRIED = 64 * 1024
"""Bytes of an object as later steps of a plan get to know it; of a larger one only its name."""

ANNOTATIONS = 256 * 1024
"""Bytes that the annotations of one object may have together."""


class Comparison(NamedTuple):
    """Texts by name of an object, only of what differs."""

    before: Dict[str, str]
    after: Dict[str, str]
    changed: List[Object]
    rows: List[Dict[str, str]]
    any_stands: bool
    notes: List[str]
    """About which new objects the API server could not be asked, and why."""


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
    there = one["metadata"].get("namespace") or one["kind"] in manifests.CLUSTER_WIDE
    if there or not args.get("namespace"):
        return one
    return dict(one, metadata=dict(one["metadata"], namespace=args["namespace"]))


def compared(probe: "Probe", args: Args, listed: List[Object]) -> Comparison:
    """Compare what stands with what applying would make of it.

    A plan asks the API server about what does not stand yet, too; a run finds out by applying it.

    Raises:
        ModuleFailure: the API server refuses an object.
        UnknownValue: a plan cannot tell.
    """
    _small_enough(args, listed)
    made = Comparison({}, {}, [], [], False, [])
    open_ones = [one for one in listed if not _foreseen(probe, args, one, made)]
    there = manifests.standing(probe, args, open_ones, scope(args))
    by_key = {manifests.key(one): one for one in there.found}
    default = args.get("namespace") or "default"
    pairs = [(one, manifests.lookup(by_key, one, default)) for one in open_ones]
    existing = [one for one, found in pairs if found is not None]
    new = [one for one, found in pairs if found is None]
    asked = _rehearsed(probe, args, existing, new, there.kindless)
    after = {manifests.key(one): one for one in asked.objects}
    for one, found in pairs:
        will = manifests.lookup(after, one, default) if found is not None else one
        if will is None and found is not None:
            will = found if manifests.covers(found, one) else one
        _note(made, one, shown(found), shown(will))
    stands = bool(existing) or len(open_ones) < len(listed)
    return made._replace(any_stands=stands, notes=asked.notes)


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
        objects.foreseen(probe, [placed(args, one)])
        return False
    if isinstance(told, dict) and told.get("way", way(args)) != way(args):
        raise UnknownValue("an earlier step changes %s, perhaps of another cluster" % label)
    if isinstance(told, dict) and told.get("state") == ABSENT:
        _note(made, one, "", shown(one))
        return True
    known = told.get("object") if isinstance(told, dict) else None
    if known is None or not manifests.covers(known, placed(args, one)):
        raise UnknownValue("an earlier step changes %s" % label)
    made.rows.append(row(one, "unchanged"))
    return True


def way(args: Args) -> List[str]:
    """Give how the cluster is reached: two ways may lead to one cluster, or to two."""
    return [str(args.get("kubeconfig") or ""), str(args.get("context") or "")]


def effect(args: Args, one: Object) -> Effect:
    """Tell later steps of a plan how an object will be, where it is no secret and not large."""
    whole = placed(args, one)
    value: State = {"state": "present", "object": whole}
    if one["kind"] == "Secret" or schema.unknown(one) or len(json.dumps(whole)) > CARRIED:
        value = {"state": "changed"}
    return Effect("kubernetes", objects.label(whole), dict(value, way=way(args)))


def removal(args: Args, one: Object) -> Effect:
    """Tell later steps of a plan that an object will be gone."""
    return Effect("kubernetes", objects.label(one), {"state": ABSENT, "way": way(args)})


def _rehearsed(
    probe: "Probe", args: Args, existing: List[Object], new: List[Object], kindless: List[Object]
) -> refusals.Rehearsed:
    """Ask the API server how objects would be, and in a plan whether it takes new ones."""
    if schema.unknown(existing):
        raise UnknownValue(kubernetes.ARGUMENTS)
    words = ["apply", "-f", "-", *scope(args), *manner(args)]
    if probe.scratch():
        meant = refusals.Meant(new, existing, kindless)
        return refusals.rehearse(probe, args, words, meant)
    answer = rehearsal.ask(probe, args, words, existing)
    # What becomes of these only applying them tells
    untold = [wrong for wrong in answer.refused if kubernetes.NO_REHEARSAL in wrong.said]
    if len(untold) < len(answer.refused):
        raise refusal_words.failure([wrong for wrong in answer.refused if wrong not in untold])
    if untold:
        asked = [one for one in existing if all(one is not wrong.object for wrong in untold)]
        answer = rehearsal.ask(probe, args, words, asked)
    return refusals.Rehearsed(answer.objects, [])


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
