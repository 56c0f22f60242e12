"""kubectl_apply: objects of a Kubernetes cluster as manifests describe them."""

import json
from typing import TYPE_CHECKING, List, Tuple

from kplay.modules import kubernetes
from kplay.modules.api import ABSENT, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ROLLED_OUT = ("Deployment", "DaemonSet", "StatefulSet")


def manifests(args: Args) -> Tuple[List[str], str]:
    """Give kubectl's options for where the manifests are, and what it reads from its input."""
    words = []  # type: List[str]
    for path in args.get("src") or []:
        words += ["-f", path]
    definition = args.get("definition")
    if definition is None:
        return words, ""
    if isinstance(definition, str):
        return [*words, "-f", "-"], definition
    listed = definition if isinstance(definition, list) else [definition]
    whole = {"apiVersion": "v1", "kind": "List", "items": listed}
    return [*words, "-f", "-"], json.dumps(whole, sort_keys=True)


def scope(args: Args) -> List[str]:
    """Give the namespace's option."""
    return ["-n", args["namespace"]] if args.get("namespace") else []


def manner(args: Args) -> List[str]:
    """Give the options for server-side apply."""
    if not args.get("server_side"):
        return []
    forced = ["--force-conflicts"] if args.get("force_conflicts", True) else []
    return ["--server-side", "--field-manager=" + args["field_manager"], *forced]


def observe(probe: "Probe", args: Args) -> State:
    """Ask the API server what applying would change; it changes nothing by that."""
    words, stdin = manifests(args)
    absent = args.get("state") == "absent"
    if kubernetes.foreseen(probe, args):
        return {"state": ABSENT, "manifests": "not applied", "pending": ""}
    get = ["get", *words, *scope(args), "--ignore-not-found", "-o", "name"]
    if absent:
        done = kubernetes.ask(probe, args, get, stdin)
        state = "present" if done.stdout.strip() or done.rc != 0 else ABSENT
        return {"state": state, "objects": done.stdout.split(), "pending": ""}
    done = kubernetes.ask(probe, args, ["diff", *words, *scope(args), *manner(args)], stdin)
    # kubectl diff ends with 0 for no difference, 1 for some; more than 1 is an error, such as a
    # namespace or a kind of object that an earlier step makes
    applied = "applied" if done.rc == 0 else "not applied"
    pending = done.stdout if done.rc == 1 else kubernetes.last(done.stderr) if done.rc else ""
    state = "present"
    if done.rc != 0:
        there = kubernetes.ask(probe, args, get, stdin)
        state = ABSENT if there.rc == 0 and not there.stdout.strip() else state
    return {"state": state, "manifests": applied, "pending": pending}


def desire(args: Args, found: State) -> State:
    """Want the manifests applied, or none of their objects there."""
    if args.get("state") == "absent":
        return {"state": ABSENT}
    wanted = {"manifests": "applied"}
    if found["state"] == ABSENT:
        wanted["state"] = "present"
    return wanted


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the difference that was found."""
    return {"diff_text": found["pending"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Apply or delete, and wait when asked."""
    words, stdin = manifests(args)
    timeout = int(args.get("timeout") or 300)
    if args.get("state") == "absent":
        wait = "--wait=%s" % ("true" if args.get("wait") else "false")
        verb = ["delete", "--ignore-not-found", wait, "--timeout=%ds" % timeout]
        return kubectl(host, args, [*verb, *words, *scope(args)], stdin)
    fields = kubectl(host, args, ["apply", *words, *scope(args), *manner(args)], stdin)
    if args.get("wait_for"):
        verb = ["wait", "--for=" + args["wait_for"], "--timeout=%ds" % timeout]
        kubectl(host, args, [*verb, *words, *scope(args)], stdin)
    elif args.get("wait"):
        roll_out(
            host, args, kubectl(host, args, ["get", *words, *scope(args), "-o", "json"], stdin)
        )
    return fields


def roll_out(host: "Host", args: Args, got: State) -> None:
    """Wait until the workloads among the objects run everywhere they are to run."""
    for one in kubernetes.items(got["stdout"]):
        if one.get("kind") in ROLLED_OUT:
            meta = one["metadata"]
            name = "%s/%s" % (one["kind"].lower(), meta["name"])
            words = ["rollout", "status", name, "-n", meta.get("namespace", "default")]
            kubectl(host, args, [*words, "--timeout=%ds" % int(args.get("timeout") or 300)], "")


def kubectl(host: "Host", args: Args, words: List[str], stdin: str) -> State:
    """Run kubectl to its end; its failure is the step's."""
    done = host.run(kubernetes.kubectl(args, words), stdin=stdin)
    fields = {"rc": done.rc, "stdout": done.stdout, "stderr": done.stderr}
    if done.rc != 0:
        said = kubernetes.last(done.stderr) or kubernetes.last(done.stdout)
        raise ModuleFailure("kubectl %s failed: %s" % (words[0], said), **fields)
    return fields


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
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    result=result,
    fields=("manifests", "state"),
    requires_one_of=(("src", "definition"),),
)
