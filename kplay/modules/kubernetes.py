"""How kubectl is called on a host, and whether there is a cluster to ask."""

import json
import posixpath
import re
import signal
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Probe

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

# The API server's words where a webhook may do more than answer, and where one does not answer
NO_REHEARSAL = "does not support dry run"
SILENT_WEBHOOK = "failed calling webhook"

# kubectl's words, and helm's, of a context that the kubeconfig does not have
_NO_CONTEXT = re.compile(
    r'context was not found for specified context|context "[^"]*" does not exist'
)

# kubectl's words when no API server answers
UNREACHABLE = (
    "was refused",
    "Unable to connect",
    "couldn't get current server API group list",
    "connection refused",
    "no such file or directory",
)


def kubectl(args: Args, words: List[str]) -> List[str]:
    """Give the program, what it is to do and the cluster that it is to ask.

    Raises:
        ModuleFailure: the program is called otherwise, so that nobody knows whether it only reads.
    """
    argv = [_program(args), *words, NO_CACHE]
    if args.get("kubeconfig"):
        argv.append("--kubeconfig=" + args["kubeconfig"])
    if args.get("context"):
        argv.append("--context=" + args["context"])
    return argv + list(args.get("more") or [])


def _program(args: Args) -> str:
    program = str(args.get("kubectl") or "kubectl")
    if posixpath.basename(program) != "kubectl":
        raise ModuleFailure("kubectl is %s, and not the path of a program named kubectl" % program)
    return program


def foreseen(probe: "Probe", args: Args) -> bool:
    """Say whether the cluster, or the means to ask it, will only be there once the plan is done.

    Raises:
        UnknownValue: there is no such kubeconfig, and no earlier step is known to make it.
        ModuleFailure: the program is called otherwise than kubectl.
    """
    program = _program(args)
    if not probe.scratch():
        return False
    if to_come(probe, args):
        return True
    if isinstance(probe.effect("kubernetes", "cluster"), dict):
        return False
    there = probe.stat(program) if "/" in program else probe.which(program)
    if not there and args.get("kubeconfig"):
        raise UnknownValue("what the cluster holds, which only %s can ask" % program)
    return not there


def to_come(probe: "Probe", args: Args) -> bool:
    """Say whether a plan's earlier step makes the cluster, or the file that says how to reach it.

    Raises:
        UnknownValue: there is no such file, and no earlier step is known to make it.
    """
    cluster = probe.effect("kubernetes", "cluster")
    if isinstance(cluster, dict):
        return bool(cluster.get("state") != ABSENT)
    config = args.get("kubeconfig") or ""
    planned = probe.effect("path", config) if config else None
    if isinstance(planned, dict) and planned.get("state") != ABSENT:
        return True
    try:
        if not config or probe.stat(config) is not None:
            return False
    except UnknownValue:
        if probe.effect("awaited", config) is None:
            raise
    if probe.effect("awaited", config) is not None:
        return True
    raise lacking("there is no kubeconfig %s" % config)


def unasked(probe: "Probe", args: Args) -> List[str]:
    """Say in a plan why a cluster was not asked that may stand all the same.

    A kubeconfig whose content is known before the run is of a cluster that no step makes.
    """
    if not probe.scratch() or isinstance(probe.effect("kubernetes", "cluster"), dict):
        return []
    config = args.get("kubeconfig") or ""
    planned = probe.effect("path", config) if config else None
    told = (
        [planned.get(name) for name in ("content", "digest")] if isinstance(planned, dict) else []
    )
    if not any(one not in (None, UNKNOWN) for one in told):
        return []
    return ["the cluster was not asked: an earlier step brings the kubeconfig %s" % config]


def lacking(what: str) -> UnknownValue:
    """Give what to raise where the way to the cluster is not there.

    It is a failure where no earlier step of the plan may write files of which the plan knows
    nothing.
    """
    why = "%s, unless an earlier step makes it" % what
    return UnknownValue(why, otherwise={"msg": what}, lacks="path")


def ask(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> Any:
    """Run kubectl to read; in a plan, a cluster that does not answer is unknown."""
    done = probe.query(kubectl(args, words), stdin=stdin, timeout=60.0, most=MOST)
    if done.rc != 0 and probe.scratch() and NO_REHEARSAL in done.stderr:
        raise UnknownValue("what a webhook of the cluster says, which supports no dry run")
    if done.rc != 0 and probe.scratch() and SILENT_WEBHOOK in done.stderr:
        raise silent_webhook(done.stderr)
    return answered(probe, args, done)


def answered(probe: "Probe", args: Args, done: "Completed") -> "Completed":
    """Look whether there was a kubectl, or a helm, and a cluster that answered it.

    Raises:
        UnknownValue: in a plan, there was not.
    """
    if done.rc == 0 or not probe.scratch():
        return done
    if done.rc == -signal.SIGTERM:
        raise UnknownValue("what the API server says, which has not said it in time")
    if done.rc == 127:
        # an earlier planned step brings the program
        raise UnknownValue("what the cluster holds, which only kubectl can ask")
    if _NO_CONTEXT.search(done.stderr):
        where = args.get("kubeconfig") or "the kubeconfig"
        raise lacking("there is no context %s in %s" % (args.get("context"), where))
    if any(sign in done.stderr for sign in UNREACHABLE):
        raise UnknownValue("the cluster's API server does not answer: %s" % last(done.stderr))
    return done


def silent_webhook(said: str) -> UnknownValue:
    """Give what to raise where a webhook does not answer; an earlier step may start it."""
    msg = "a webhook of the cluster does not answer: %s" % last(said)
    return UnknownValue(msg, otherwise={"msg": msg})


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
