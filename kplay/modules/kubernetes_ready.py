"""kubernetes_ready: wait until nodes are Ready and workloads run, and say which are not."""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """List what is not ready now."""
    if kubernetes.foreseen(probe, args):
        return {"waiting": ["the cluster"], "nodes": {}}
    return look(probe, args)


def look(probe: "Probe", args: Args) -> State:
    """Ask the API server for nodes and workloads, and give those that are not ready and why."""
    nodes = {}  # type: Dict[str, bool]
    waiting = []  # type: List[str]
    try:
        done = kubernetes.ask(probe, args, ["get", "nodes", "-o", "json"])
    except UnknownValue as unknown:
        return {"waiting": [unknown.what], "nodes": {}}
    if done.rc != 0:
        said = kubernetes.last(done.stderr)
        return {"waiting": ["the API server: " + said], "nodes": {}}
    for node in kubernetes.items(done.stdout):
        name = node["metadata"]["name"]
        ready = condition(node, "Ready")
        nodes[name] = ready.get("status") == "True"
        expected = not args.get("nodes") or name in args["nodes"]
        if expected and not nodes[name]:
            waiting.append("node %s: %s" % (name, ready.get("message") or "not Ready"))
    waiting += ["node %s: has not joined" % n for n in args.get("nodes") or [] if n not in nodes]
    count = args.get("node_count")
    if count is not None and sum(nodes.values()) < count:
        waiting.append("%d of %d nodes are Ready" % (sum(nodes.values()), count))
    for namespace in args.get("namespaces") or []:
        waiting += workloads(probe, args, namespace)
    return {"waiting": waiting, "nodes": nodes}


def condition(thing: Dict[str, Any], kind: str) -> Dict[str, Any]:
    """Give one of an object's conditions."""
    listed = thing.get("status", {}).get("conditions") or []
    found = [one for one in listed if one.get("type") == kind]
    return dict(found[0]) if found else {}


def workloads(probe: "Probe", args: Args, namespace: str) -> List[str]:
    """Give the workloads of a namespace that do not run as often as they should."""
    kinds = "deployments,daemonsets,statefulsets,pods"
    done = kubernetes.ask(probe, args, ["get", kinds, "-n", namespace, "-o", "json"])
    if done.rc != 0:
        return ["namespace %s: %s" % (namespace, kubernetes.last(done.stderr))]
    things = kubernetes.items(done.stdout)
    pods = [one for one in things if one.get("kind") == "Pod"]
    waiting = []  # type: List[str]
    for one in things:
        if one.get("kind") == "Pod":
            continue
        status, name = one.get("status", {}), one["metadata"]["name"]
        if one["kind"] == "DaemonSet":
            wanted, there = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
            known = status.get("observedGeneration") is not None
        else:
            wanted = one.get("spec", {}).get("replicas", 1)
            there = status.get("readyReplicas", 0)
            known = True
        if there < wanted or not known:
            why = reasons(pods, name)
            where = "%s %s/%s" % (one["kind"].lower(), namespace, name)
            waiting.append("%s: %d of %d ready%s" % (where, there, wanted, why))
    return waiting


def reasons(pods: List[Dict[str, Any]], workload: str) -> str:
    """Say why the pods of a workload do not run, each reason once."""
    found = []  # type: List[str]
    for pod in pods:
        if not pod["metadata"]["name"].startswith(workload + "-"):
            continue
        for one in pod.get("status", {}).get("containerStatuses") or []:
            reason = (one.get("state", {}).get("waiting") or {}).get("reason")
            if reason and reason not in found:
                found.append(reason)
        unschedulable = condition(pod, "PodScheduled")
        if unschedulable.get("status") == "False":
            found.append(unschedulable.get("message") or "not scheduled")
    return " (%s)" % ", ".join(found) if found else ""


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Wait while anything is not ready."""
    return {"waiting": []} if found["waiting"] else {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the nodes, when nothing is to be waited for."""
    return {} if wanted else {"nodes": found["nodes"], "waiting": [], "elapsed": 0}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Ask again until all is ready or the time is over."""
    start = float(host.facts()["now"])
    limit, pause = float(args.get("timeout") or 300), float(args.get("sleep") or 1)
    while found["waiting"]:
        elapsed = float(host.facts()["now"]) - start
        if elapsed >= limit:
            raise ModuleFailure(
                "not ready after %d seconds: %s" % (elapsed, "; ".join(found["waiting"])),
                waiting=found["waiting"],
                nodes=found["nodes"],
                elapsed=int(elapsed),
            )
        host.sleep(pause)
        found = look(host, args)
    elapsed = float(host.facts()["now"]) - start
    return {"nodes": found["nodes"], "waiting": [], "elapsed": int(elapsed)}


module = Module(
    "kubernetes_ready",
    args=dict(
        kubernetes.ARGS,
        nodes=Arg("list", elements="str"),
        node_count=Arg("int"),
        namespaces=Arg("list", elements="str", aliases=("namespace",)),
        timeout=Arg("int", default=300),
        sleep=Arg("float", default=1.0),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    kind="wait",
    reach="cluster",
    result=result,
)
