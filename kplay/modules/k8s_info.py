"""k8s_info: objects of a Kubernetes cluster that match."""

from typing import TYPE_CHECKING, Any, List

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, objects
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def words(args: Args) -> List[str]:
    """Give kubectl's words for what is asked."""
    found = ["get", objects.target(args["kind"], args.get("api_version"))]
    if args.get("name"):
        found += [args["name"], "--ignore-not-found"]
    if args.get("namespace"):
        found += ["-n", args["namespace"]]
    elif not args.get("name"):
        found.append("--all-namespaces")
    if args.get("label_selectors"):
        found.append("--selector=" + ",".join(args["label_selectors"]))
    if args.get("field_selectors"):
        found.append("--field-selector=" + ",".join(args["field_selectors"]))
    return [*found, "-o", "json"]


def observe(probe: "Probe", args: Args) -> State:
    """Ask for them."""
    if kubernetes.foreseen(probe, objects.flags(args)):
        raise UnknownValue("the cluster will only be there once an earlier step has run")
    if args.get("name"):
        meta = {"name": args["name"], "namespace": args.get("namespace")}
        objects.foreseen(probe, [{"kind": args["kind"], "metadata": meta}])
    elif probe.effect("kubernetes", "any " + args["kind"]) is not None:
        raise UnknownValue("an earlier step changes a %s" % args["kind"])
    return look(probe, args)


def look(probe: "Probe", args: Args) -> State:
    """Give the objects, and what of them is still to be waited for."""
    done = objects.ask(probe, args, words(args))
    if done.rc != 0:
        if not objects.kindless(done):
            raise objects.failure("get", done)
        return {"resources": [], "api_found": False, "waiting": False}
    there = kubernetes.items(done.stdout)
    hidden = args.get("hidden_fields") or ["metadata.managedFields"]
    there = [_without(one, hidden) for one in there]
    waiting = args["wait"] and not (there and all(_ready(args, one) for one in there))
    return {"resources": there, "api_found": True, "waiting": waiting}


def _without(one: objects.Object, hidden: List[str]) -> objects.Object:
    for path in hidden:
        parts = path.split(".")
        place: Any = one
        for part in parts[:-1]:
            place = place.get(part) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(parts[-1], None)
    return one


def _ready(args: Args, one: objects.Object) -> bool:
    """Whether an object has the condition that is waited for; with none named, runs."""
    status = one.get("status") or {}
    asked = args.get("wait_condition")
    if asked is None:
        if one.get("kind") == "Deployment":
            wanted = (one.get("spec") or {}).get("replicas", 1)
            return bool(status.get("availableReplicas", 0) >= wanted)
        if one.get("kind") == "DaemonSet":
            wanted = status.get("desiredNumberScheduled")
            return wanted is not None and status.get("numberReady", 0) >= wanted
        if one.get("kind") != "Pod":
            return True
        asked = {"type": "Ready", "status": "True"}
    for condition in status.get("conditions") or []:
        if condition.get("type") == asked.get("type"):
            same = condition.get("status") == str(asked.get("status", "True"))
            return same and asked.get("reason") in (None, condition.get("reason"))
    return False


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Wait while something is not as asked."""
    return {"waiting": False} if found["waiting"] else {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give them."""
    return {"resources": found["resources"], "api_found": found["api_found"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Ask again until they are, or the time is over."""
    start = float(host.facts()["now"])
    while found["waiting"]:
        if float(host.facts()["now"]) - start >= args["wait_timeout"]:
            message = "%s: not as waited for within %d seconds"
            raise ModuleFailure(
                message % (args["kind"], args["wait_timeout"]), resources=found["resources"]
            )
        host.sleep(float(args["wait_sleep"]))
        found = look(host, args)
    return {"resources": found["resources"], "api_found": found["api_found"]}


module = Module(
    "k8s_info",
    args=dict(
        objects.CONNECTION,
        **objects.WAITING,
        kind=Arg(required=True),
        api_version=Arg(default="v1", aliases=("api", "version")),
        name=Arg(),
        namespace=Arg(),
        label_selectors=Arg("list", elements="str"),
        field_selectors=Arg("list", elements="str"),
        hidden_fields=Arg("list", elements="str"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    kind="wait",
    result=result,
    also_known_as=("kubernetes.core.k8s_info", "community.kubernetes.k8s_info"),
)
