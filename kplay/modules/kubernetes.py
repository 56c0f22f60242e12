"""How kubectl is called on a host, and whether there is a cluster to ask."""

import json
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules.api import ABSENT, Arg, Args

if TYPE_CHECKING:
    from kplay.agent.host import Probe

ARGS: Dict[str, Arg] = {
    "kubeconfig": Arg("path", default="/etc/kubernetes/admin.conf"),
    "context": Arg("str"),
    "kubectl": Arg("path", default="kubectl"),
}

# kubectl keeps what it discovers under the home directory; a plan writes nothing
NO_CACHE = "--cache-dir=/dev/null/none"

MOST = 64 * 1024 * 1024
"""Bytes of what is read of a cluster at once."""

ARGUMENTS = ""
"""The cause where an argument is what only the run can tell: the walk names the step it is from."""

# The API server's words where a webhook may do more than answer
_NO_REHEARSAL = "does not support dry run"

# kubectl's words when no API server answers
UNREACHABLE = (
    "was refused",
    "Unable to connect",
    "couldn't get current server API group list",
    "connection refused",
    "no such file or directory",
)


def kubectl(args: Args, words: List[str]) -> List[str]:
    """Give the program, what it is to do and the cluster that it is to ask."""
    argv = [args.get("kubectl") or "kubectl", *words, NO_CACHE]
    if args.get("kubeconfig"):
        argv.append("--kubeconfig=" + args["kubeconfig"])
    if args.get("context"):
        argv.append("--context=" + args["context"])
    return argv + list(args.get("more") or [])


def foreseen(probe: "Probe", args: Args) -> bool:
    """Say whether the cluster, or the means to ask it, will only be there once the plan is done."""
    if not probe.scratch():
        return False
    cluster = probe.effect("kubernetes", "cluster")
    if isinstance(cluster, dict):
        return cluster.get("state") != ABSENT
    program = args.get("kubectl") or "kubectl"
    there = probe.stat(program) if "/" in program else probe.which(program)
    config = args.get("kubeconfig") or ""
    planned = bool(config) and isinstance(probe.effect("path", config), dict)
    if planned or bool(config and probe.stat(config) is None):
        return True
    if not there and config:
        raise UnknownValue("what the cluster holds, which only %s can ask" % program)
    return not there


def ask(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> Any:
    """Run kubectl to read; in a plan, a cluster that does not answer is unknown."""
    done = probe.query(kubectl(args, words), stdin=stdin, timeout=60.0, most=MOST)
    if done.rc == 127 and probe.scratch():
        # an earlier planned step brings the program
        raise UnknownValue("what the cluster holds, which only kubectl can ask")
    if done.rc != 0 and probe.scratch() and _NO_REHEARSAL in done.stderr:
        raise UnknownValue("what a webhook of the cluster says, which supports no dry run")
    if done.rc != 0 and probe.scratch() and any(sign in done.stderr for sign in UNREACHABLE):
        raise UnknownValue("the cluster's API server does not answer: %s" % last(done.stderr))
    return done


def items(text: str) -> List[Dict[str, Any]]:
    """Give the objects that kubectl prints as JSON, one or a list."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    listed = found.get("items") if isinstance(found, dict) else None
    if isinstance(listed, list):
        return [one for one in listed if isinstance(one, dict)]
    return [found] if isinstance(found, dict) and found else []


def documents(text: str) -> List[Dict[str, Any]]:
    """Give the objects that kubectl prints as JSON, one after the other.

    Raises:
        ValueError: it is no JSON.
    """
    decoder, rest, found = json.JSONDecoder(), text.lstrip(), []
    while rest:
        one, end = decoder.raw_decode(rest)
        found.append(one)
        rest = rest[end:].lstrip()
    return found


def last(text: str) -> str:
    """Give the last line that says something."""
    said = [line for line in text.strip().splitlines() if line.strip()]
    return said[-1].strip() if said else ""
