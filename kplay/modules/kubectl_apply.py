"""kubectl_apply: objects of a Kubernetes cluster as manifests describe them."""

from typing import TYPE_CHECKING, List

from kplay.agent.host import UnknownValue
from kplay.modules import applying, kubernetes, manifests, objects, pruning
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ROLLED_OUT = ("Deployment", "DaemonSet", "StatefulSet")
FIRST = ("Namespace", "CustomResourceDefinition")
"""What other objects may need."""


def observe(probe: "Probe", args: Args) -> State:
    """Ask the API server what applying would change; it changes nothing by that."""
    if args["prune"] and not args["prune_selector"]:
        raise ModuleFailure("prune needs prune_selector: the label by which its objects are known")
    written = manifests.written(probe, args)
    if kubernetes.foreseen(probe, args):
        return dict(applying.nothing_yet(written, args), notes=kubernetes.unasked(probe, args))
    if written.unread:
        raise UnknownValue("what the cluster holds, which only kubectl can ask")
    if args["state"] == "absent":
        found = applying.standing(probe, args, written.objects)
        return {
            "state": "present" if found else ABSENT,
            "contents": {objects.label(one): applying.shown(one) for one in found},
            "changed": found,
            "wanted": found,
            "pruned": [],
            "rows": [],
            "notes": [],
        }
    made = applying.compared(probe, args, written.objects)
    pruned = pruning.leftovers(probe, args, written.objects) if args["prune"] else []
    for one in pruned:
        name = objects.label(one)
        made.before[name], made.after[name] = applying.shown(one), ""
    return {
        "state": "present" if made.any_stands else ABSENT,
        "contents": made.before,
        "next_contents": made.after,
        "changed": made.changed,
        "wanted": written.objects,
        "pruned": pruned,
        "rows": made.rows + [applying.row(one, "pruned") for one in pruned],
        "notes": made.notes,
    }


def desire(args: Args, found: State) -> State:
    """Want the manifests applied, or none of their objects there."""
    if args["state"] == "absent":
        return {"state": ABSENT, "contents": {}}
    wanted = {"contents": found["next_contents"]}
    if found["state"] == ABSENT and found["next_contents"]:
        wanted["state"] = "present"
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say of each object what is done with it, and about which the API server was not asked."""
    fields: State = {"objects": found["rows"]}
    return dict(fields, warnings=found["notes"]) if found["notes"] else fields


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Apply or delete, and wait when asked."""
    if args["state"] == "absent":
        return applying.delete(host, args, found["wanted"])
    listed: List[manifests.Object] = found["wanted"]
    first = [one for one in listed if one["kind"] in FIRST]
    rest = [one for one in listed if one["kind"] not in FIRST]
    fields: State = {"rc": 0, "stdout": "", "stderr": ""}
    for wave in (first, rest):
        if not wave:
            continue
        words = ["apply", "-f", "-", *applying.scope(args), *applying.manner(args)]
        done = applying.kubectl(host, args, words, manifests.stream(wave))
        fields = dict(fields, **{key: fields[key] + done[key] for key in ("stdout", "stderr")})
        kinds = [one for one in wave if one["kind"] == "CustomResourceDefinition"]
        if kinds:
            # The API server serves a new kind a moment after it took it
            words = ["wait", "--for=condition=Established", *applying.patience(args), "-f", "-"]
            applying.kubectl(host, args, words, manifests.whole(kinds))
    if found["pruned"]:
        applying.delete(host, args, found["pruned"])
    if args["wait_for"]:
        words = ["wait", "--for=" + args["wait_for"], *applying.patience(args), "-f", "-"]
        text = manifests.whole(listed)
        applying.kubectl(host, args, [*words, *applying.scope(args)], text)
    elif args["wait"]:
        _roll_out(host, args, listed)
    return fields


def _roll_out(host: "Host", args: Args, listed: List[manifests.Object]) -> None:
    """Wait until the workloads among the objects run everywhere they are to run."""
    for one in listed:
        if one["kind"] in ROLLED_OUT:
            meta = one["metadata"]
            place = ["-n", meta["namespace"]] if meta.get("namespace") else applying.scope(args)
            name = "%s/%s" % (one["kind"].lower(), meta["name"])
            words = ["rollout", "status", name, *place, *applying.patience(args)]
            applying.kubectl(host, args, words, "")


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Say which objects will not be as they are, and how those will be that can be told."""
    gone = wanted.get("state") == ABSENT
    effects = objects.effects(found["changed"] + found["pruned"])
    effects += [applying.effect(args, one) for one in found["changed"] if not gone]
    removed = found["changed"] if gone else found["pruned"]
    return effects + [applying.removal(args, one) for one in removed]


module = Module(
    "kubectl_apply",
    args=dict(
        kubernetes.ARGS,
        src=Arg("list", elements="path"),
        definition=Arg("raw"),
        namespace=Arg("str"),
        state=Arg("str", default="present", choices=("present", "absent")),
        wait=Arg("bool", default=False),
        wait_for=Arg("str"),
        timeout=Arg("int", default=300),
        server_side=Arg("bool", default=False),
        force_conflicts=Arg("bool", default=True),
        field_manager=Arg("str", default="kplay"),
        prune=Arg("bool", default=False),
        prune_selector=Arg("str"),
        prune_kinds=Arg("list", elements="str"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("state", "contents"),
    requires_one_of=(("src", "definition"),),
)
