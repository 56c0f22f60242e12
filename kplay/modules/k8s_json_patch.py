"""k8s_json_patch: changes an object of a Kubernetes cluster by RFC 6902 operations."""

import json
from typing import TYPE_CHECKING, List

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, objects
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def words(args: Args) -> List[str]:
    """Give kubectl's words for the patch."""
    name = [objects.target(args["kind"], args.get("api_version")), args["name"]]
    space = ["-n", args["namespace"]] if args.get("namespace") else []
    return ["patch", *name, *space, "--type=json", objects.PATCH]


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the object, and for what the patch would make of it."""
    if kubernetes.foreseen(probe, objects.flags(args)):
        raise UnknownValue("the cluster will only be there once an earlier step has run")
    meta = {"name": args["name"], "namespace": args.get("namespace")}
    one = {"kind": args["kind"], "apiVersion": args["api_version"], "metadata": meta}
    objects.foreseen(probe, [one])
    there = objects.get(probe, args, one)
    if there is None:
        raise ModuleFailure("there is no %s" % objects.label(one))
    rehearsal = [*words(args), "--dry-run=server", "-o", "json"]
    done = objects.ask(probe, args, rehearsal, json.dumps(args["patch"]))
    if done.rc != 0:
        raise objects.failure("patch", done)
    after = kubernetes.items(done.stdout)
    return {
        "content": objects.text([objects.essence(there)]),
        "planned": objects.text([objects.essence(one) for one in after]),
        "object": there,
    }


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want the object as the patch makes it."""
    return {"content": found["planned"]}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the object."""
    return {} if changed else {"result": found["object"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Patch it, and wait when asked."""
    done = objects.run(host, args, [*words(args), "-o", "json"], json.dumps(args["patch"]))
    now = kubernetes.items(done.stdout)[0]
    if args["wait"]:
        objects.await_condition(host, args, now)
    return {"result": now}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say that the object will not be as it is."""
    return objects.effects([found["object"]])


module = Module(
    "k8s_json_patch",
    args=dict(
        objects.CONNECTION,
        **objects.WAITING,
        kind=Arg(required=True),
        api_version=Arg(default="v1", aliases=("api", "version")),
        name=Arg(required=True),
        namespace=Arg(),
        patch=Arg("list", elements="dict", required=True),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    writes_files=False,
    fields=("content",),
    also_known_as=("kubernetes.core.k8s_json_patch",),
)
