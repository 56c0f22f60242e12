"""k8s_taint: taints of a Kubernetes node."""

import json
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import kubernetes, objects
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

Taint = Dict[str, Any]


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the node."""
    if kubernetes.foreseen(probe, objects.flags(args)):
        return {"taints": [], "node": {}}
    node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": args["name"]}}
    objects.foreseen(probe, [node])
    there = objects.get(probe, args, node)
    if there is None:
        raise ModuleFailure("there is no node %s" % args["name"])
    return {"taints": _sorted((there.get("spec") or {}).get("taints") or []), "node": there}


def desire(args: Args, found: State) -> State:
    """Want the taints there, or gone."""
    asked = args["taints"]
    if args["state"] == "absent":
        kept = [one for one in found["taints"] if not any(_covers(gone, one) for gone in asked)]
        return {"taints": kept}
    for one in asked:
        if not one.get("effect"):
            raise ModuleFailure("the taint %s has no effect" % one.get("key"))
    new = [_plain(one) for one in asked]
    marks = {(one["key"], one["effect"]) for one in new}
    others = [one for one in found["taints"] if (one["key"], one["effect"]) not in marks]
    return {"taints": _sorted(new if args["replace"] else others + new)}


def _covers(gone: Taint, one: Taint) -> bool:
    """Whether what is to go means a taint: by its key, and by effect and value where given."""
    return all(gone.get(name) in (None, one.get(name)) for name in ("key", "effect", "value"))


def _plain(one: Taint) -> Taint:
    return {name: one[name] for name in ("effect", "key", "value") if one.get(name) is not None}


def _sorted(taints: List[Taint]) -> List[Taint]:
    plain = [_plain(one) for one in taints]
    return sorted(plain, key=lambda one: (one["key"], one["effect"]))


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the node."""
    return {} if changed else {"result": found["node"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Set them."""
    # One patch of the whole list: `kubectl taint` sets and removes in separate calls
    times = {
        (one["key"], one["effect"]): one["timeAdded"]
        for one in (found["node"].get("spec") or {}).get("taints") or []
        if one.get("timeAdded")
    }
    taints = [dict(one) for one in wanted["taints"]]
    for one in taints:
        if (one["key"], one["effect"]) in times:
            one["timeAdded"] = times[one["key"], one["effect"]]
    patch = json.dumps({"spec": {"taints": taints or None}})
    words = ["patch", "Node.v1.", args["name"], "--type=merge", objects.PATCH, "-o", "json"]
    done = objects.run(host, args, words, patch)
    return {"result": kubernetes.items(done.stdout)[0]}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say that the node will not be as it is."""
    return objects.effects([found["node"]] if found["node"] else [])


module = Module(
    "k8s_taint",
    args=dict(
        objects.CONNECTION,
        name=Arg(required=True),
        state=Arg(default="present", choices=("present", "absent")),
        taints=Arg("list", elements="dict", required=True),
        replace=Arg("bool", default=False),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("taints",),
    verify=("taints",),
    also_known_as=("kubernetes.core.k8s_taint",),
)
