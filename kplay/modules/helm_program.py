"""How helm is called on a host, what it says of releases and of what an upgrade would make."""

import json
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from kplay.agent.host import APART_REFUSED, UnknownValue
from kplay.modules import helm_words, kubernetes, schema
from kplay.modules.api import ABSENT, Arg, Args, ModuleFailure

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


# helm's words when the place of a chart cannot be reached, or is not known yet
_NO_CHART = (
    "is not a valid chart repository or cannot be reached",
    "failed to perform",
    "failed to fetch",
    "repo add",
    "no cached repo found",
)

PATIENCE = 180.0
"""Seconds that helm may take to answer."""

MOST = 64 * 1024 * 1024
"""Bytes of an answer: the whole chart is in what a rehearsal prints."""


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
    done = alone(probe, args, words, stdin)
    if done is None:
        # It keeps what it discovered of the cluster in the home directory, and nothing else
        done = probe.query(helm(args, words), stdin=stdin, timeout=PATIENCE, most=MOST)
        return _answered(probe, args, words, done)
    return done


def _answered(probe: "Probe", args: Args, words: List[str], done: "Completed") -> "Completed":
    if done.rc == 0:
        return done
    if probe.scratch() and any(sign in done.stderr for sign in _NO_CHART):
        wrong = failure(words, done)
        raise UnknownValue(wrong.msg, otherwise=dict(wrong.fields, msg=wrong.msg))
    given = [word.partition("=")[2] for word in words if word.startswith("--values=/")]
    if any("open %s: no such file" % name in done.stderr for name in given):
        # It reads like a kubeconfig that is still to come
        raise failure(words, done)
    raise failure(words, kubernetes.answered(probe, args, done))


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
    verb = " ".join(words[:2] if words[0] in ("repo", "plugin", "get", "show") else words[:1])
    verb += " --dry-run" if "--dry-run=server" in words else ""
    return ModuleFailure(
        "helm %s failed: %s" % (verb, said), rc=done.rc, stdout=done.stdout, stderr=done.stderr
    )


def foreseen(probe: "Probe", args: Args) -> bool:
    """Say whether helm or its cluster will only be there once the plan is done.

    Raises:
        UnknownValue: there is no such kubeconfig, and no earlier step is known to make it.
    """
    if not probe.scratch():
        return False
    if kubernetes.to_come(probe, args):
        return True
    program = args.get("binary_path") or "helm"
    there = probe.stat(program) if "/" in program else probe.which(program)
    return not there or brought(probe, program)


def brought(probe: "Probe", program: str) -> bool:
    """Say whether helm will only be there once an earlier step of the plan has run."""
    planned = probe.effect("path", program)
    if not isinstance(planned, dict) or planned.get("state") == ABSENT:
        return False
    return probe.query([program, "version"]).rc == 127


def kept(probe: "Probe", args: Args) -> bool:
    """Say, where helm cannot be asked yet, whether the cluster has a release of that name.

    Helm keeps every revision in a Secret with these labels.

    Raises:
        UnknownValue: the API server does not answer.
    """
    words = ["get", "secrets", "-n", args["namespace"], "-l", "owner=helm,name=" + args["name"]]
    done = kubernetes.ask(probe, args, [*words, "-o", "name"])
    return bool(done.rc == 0 and done.stdout.strip())


class Next(NamedTuple):
    """What an upgrade would make of a release."""

    chart: str
    """NAME-VERSION, as ``helm list`` has it."""
    values: Dict[str, Any]
    manifest: str
    hooks: str


def rehearse(probe: "Probe", args: Args) -> Optional[Next]:
    """Ask helm and the API server what installing or upgrading would give.

    A plan has helm keep in memory what it fetches. Gives None where the host does not let it, and
    the chart does not lie on the host.

    Raises:
        ModuleFailure: helm failed.
        UnknownValue: a plan does not know all values.
    """
    if schema.unknown(args["release_values"]):
        raise UnknownValue(kubernetes.ARGUMENTS)
    stdin, words = helm_words.upgrade(args)
    argv = [*words, "--dry-run=server", "-o", "json"]
    done = alone(probe, args, argv, stdin)
    if done is None:
        if "://" in args["chart_ref"] or probe.stat(args["chart_ref"]) is None:
            return None
        done = ask(probe, args, argv, stdin)
    made = json.loads(done.stdout)
    chart = made["chart"]["metadata"]
    return Next(
        "%s-%s" % (chart["name"], chart["version"]),
        made.get("config") or {},
        made.get("manifest", ""),
        _hooks(made),
    )


def alone(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> "Optional[Completed]":
    """Run helm to read, in a plan apart; None where the host does not let it.

    Raises:
        ModuleFailure: it failed.
    """
    argv, apart = helm(args, words), probe.scratch()
    done = probe.query(argv, stdin=stdin, timeout=PATIENCE, most=MOST, apart=apart)
    if done.rc == APART_REFUSED:
        return None
    return _answered(probe, args, words, done)


def listed(
    probe: "Probe", args: Args, name: str, namespace: str, states: Optional[List[str]] = None
) -> Optional[Dict[str, Any]]:
    """Give a release as ``helm list`` has it; None when there is none.

    Its fields are app_version, chart, name, namespace, revision, status and updated.
    """
    which = ["--%s" % state for state in states or ["all"]]
    words = ["list", *which, "--filter", "^%s$" % name.replace(".", r"\."), "-n", namespace]
    found = json.loads(ask(probe, args, [*words, "-o", "json"]).stdout or "[]")
    return dict(found[0]) if found else None


def release(
    probe: "Probe", args: Args, name: str, namespace: str, states: Optional[List[str]] = None
) -> Optional[Dict[str, Any]]:
    """Give a release as ``helm list`` has it, with ``values``; None when there is none."""
    found = listed(probe, args, name, namespace, states)
    if found is None:
        return None
    text = ask(probe, args, ["get", "values", name, "-n", namespace, "-o", "json"]).stdout
    # `null` where the user gave no values
    found["values"] = json.loads(text or "null") or {}
    return found


def stored(probe: "Probe", args: Args, name: str, namespace: str, revision: int = 0) -> Next:
    """Give what a release was made of; revision 0 is the last one. It does not name the chart."""
    words = ["status", name, "-n", namespace, "-o", "json"]
    words += ["--revision=%d" % revision] if revision else []
    made = json.loads(ask(probe, args, words).stdout)
    return Next("", made.get("config") or {}, made.get("manifest") or "", _hooks(made))


def _hooks(made: Dict[str, Any]) -> str:
    return "\n---\n".join(one.get("manifest", "") for one in made.get("hooks") or [])


def deployed(probe: "Probe", args: Args, name: str, namespace: str) -> Optional[int]:
    """Give the revision of a release that is deployed, or None."""
    told = ask(probe, args, ["history", name, "-n", namespace, "-o", "json"]).stdout
    found = [one["revision"] for one in json.loads(told or "[]") if one["status"] == "deployed"]
    return int(found[-1]) if found else None
