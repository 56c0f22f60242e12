"""How helm is called on a host, and what it says of releases."""

import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes
from kplay.modules.api import Arg, Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

ARGS: Dict[str, Arg] = {
    "binary_path": Arg("path", default="helm"),
    "kubeconfig": Arg("path", aliases=("kubeconfig_path",)),
    "context": Arg(aliases=("kube_context",)),
    "host": Arg(),
    "ca_cert": Arg("path", aliases=("ssl_ca_cert",)),
    "validate_certs": Arg("bool", default=True, aliases=("verify_ssl",)),
}
"""How kubernetes.core's helm modules say which cluster is meant; no tokens, see ``objects``."""


def helm(args: Args, words: List[str]) -> List[str]:
    """Give the program, what it is to do and the cluster that it is to ask."""
    argv = [args.get("binary_path") or "helm", *words]
    for name, flag in (
        ("kubeconfig", "--kubeconfig"),
        ("context", "--kube-context"),
        ("host", "--kube-apiserver"),
        ("ca_cert", "--kube-ca-file"),
    ):
        if args.get(name):
            argv.append("%s=%s" % (flag, args[name]))
    if args.get("validate_certs") is False:
        argv.append("--kube-insecure-skip-tls-verify")
    return argv


def ask(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> "Completed":
    """Run helm to read; in a plan, a cluster that does not answer is unknown.

    Raises:
        ModuleFailure: it failed.
    """
    done = probe.query(helm(args, words), stdin=stdin, timeout=120.0)
    if done.rc != 0:
        if probe.scratch() and any(sign in done.stderr for sign in kubernetes.UNREACHABLE):
            said = kubernetes.last(done.stderr)
            raise UnknownValue("the cluster's API server does not answer: %s" % said)
        raise failure(words, done)
    return done


def run(host: "Host", args: Args, words: List[str], stdin: str = "") -> Dict[str, Any]:
    """Run helm to its end, and give the return fields that all of its modules have.

    Raises:
        ModuleFailure: it failed.
    """
    argv = helm(args, words)
    done = host.run(argv, stdin=stdin)
    if done.rc != 0:
        raise failure(words, done)
    return {"command": " ".join(argv), "stdout": done.stdout, "stderr": done.stderr}


def failure(words: List[str], done: "Completed") -> ModuleFailure:
    """Give what helm said as a failed result."""
    said = kubernetes.last(done.stderr) or kubernetes.last(done.stdout)
    verb = " ".join(words[:2] if words[0] in ("repo", "plugin", "get") else words[:1])
    return ModuleFailure(
        "helm %s failed: %s" % (verb, said), rc=done.rc, stdout=done.stdout, stderr=done.stderr
    )


def foreseen(probe: "Probe", args: Args) -> bool:
    """Say whether helm or its cluster will only be there once the plan is done."""
    if not probe.scratch():
        return False
    program = args.get("binary_path") or "helm"
    there = probe.stat(program) if "/" in program else probe.which(program)
    cluster = {"kubectl": program, "kubeconfig": args.get("kubeconfig")}
    return not there or kubernetes.foreseen(probe, cluster)


def release(
    probe: "Probe", args: Args, name: str, namespace: str, states: Optional[List[str]] = None
) -> Optional[Dict[str, Any]]:
    """Give a release as ``helm list`` has it, with ``values``; None when there is none.

    Its fields are app_version, chart, name, namespace, revision, status and updated.
    """
    which = ["--%s" % state for state in states or ["all"]]
    words = ["list", *which, "--filter", "^%s$" % name.replace(".", r"\."), "-n", namespace]
    listed = json.loads(ask(probe, args, [*words, "-o", "json"]).stdout or "[]")
    if not listed:
        return None
    found: Dict[str, Any] = listed[0]
    text = ask(probe, args, ["get", "values", name, "-n", namespace, "-o", "json"]).stdout
    # `null` where the user gave no values
    found["values"] = json.loads(text or "null") or {}
    return found
