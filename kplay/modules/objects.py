"""Objects of a Kubernetes cluster, one at a time: what is there, and what a change would make.

What would change is the API server's own answer: kubectl's ``--dry-run=server`` goes through
admission and defaulting, and keeps nothing.
"""

import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, manifest_text, schema
from kplay.modules.api import Arg, Args, Effect, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

Object = Dict[str, Any]

CONNECTION: Dict[str, Arg] = {
    "kubeconfig": Arg("path"),
    "context": Arg(),
    "host": Arg(),
    "ca_cert": Arg("path", aliases=("ssl_ca_cert",)),
    "client_cert": Arg("path", aliases=("cert_file",)),
    "client_key": Arg("path", aliases=("key_file",)),
    "validate_certs": Arg("bool", aliases=("verify_ssl",)),
    "impersonate_user": Arg(),
    "impersonate_groups": Arg("list", elements="str"),
    "kubectl": Arg("path", default="kubectl"),
}
"""How kubernetes.core's modules say which cluster is meant. Passwords and tokens are not among
them: kubectl takes them as arguments, which every user of the host can read."""

WAITING: Dict[str, Arg] = {
    "wait": Arg("bool", default=False),
    "wait_sleep": Arg("int", default=5),
    "wait_timeout": Arg("int", default=120),
    "wait_condition": Arg("dict"),
}

# What the API server keeps of an object beside what its author wrote
_OWN = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

PATCH = "--patch-file=/dev/stdin"

_STRATEGIES = {"strategic-merge": "strategic", "merge": "merge"}
# kubectl's words of a kind that the API server does not have
_KINDLESS = ("doesn't have a resource type", "no matches for kind")
_NO_STRATEGIC = ("strategic merge patch", "not supported", "UnsupportedMediaType")


def flags(args: Args) -> Args:
    """Give the connection as ``kubernetes.kubectl`` takes it, with what it has no word for."""
    words = []
    for name, flag in (
        ("host", "--server"),
        ("ca_cert", "--certificate-authority"),
        ("client_cert", "--client-certificate"),
        ("client_key", "--client-key"),
        ("impersonate_user", "--as"),
    ):
        if args.get(name):
            words.append("%s=%s" % (flag, args[name]))
    if args.get("validate_certs") is False:
        words.append("--insecure-skip-tls-verify=true")
    words += ["--as-group=" + group for group in args.get("impersonate_groups") or []]
    return {
        "kubectl": args.get("kubectl"),
        "kubeconfig": args.get("kubeconfig"),
        "context": args.get("context"),
        "more": words,
    }


def ask(probe: "Probe", args: Args, words: List[str], stdin: str = "") -> "Completed":
    """Run kubectl where it only reads, or only rehearses."""
    done: "Completed" = kubernetes.ask(probe, flags(args), words, stdin)
    return done


def run(host: "Host", args: Args, words: List[str], stdin: str = "") -> "Completed":
    """Run kubectl to its end; its failure is the step's."""
    done = host.run(kubernetes.kubectl(flags(args), words), stdin=stdin)
    if done.rc != 0:
        raise failure(words[0], done)
    return done


def failure(verb: str, done: "Completed") -> ModuleFailure:
    """Give what kubectl said as a failed result."""
    said = kubernetes.last(done.stderr) or kubernetes.last(done.stdout)
    return ModuleFailure(
        "kubectl %s failed: %s" % (verb, said), rc=done.rc, stdout=done.stdout, stderr=done.stderr
    )


def target(kind: str, api_version: Optional[str]) -> str:
    """Give TYPE.VERSION.GROUP, which names a kind in just one way.

    >>> target("Deployment", "apps/v1")
    'Deployment.v1.apps'
    >>> target("Pod", "v1")
    'Pod.v1.'
    """
    group, _, version = (api_version or "v1").rpartition("/")
    return "%s.%s.%s" % (kind, version, group)


def scope(one: Object) -> List[str]:
    """Give the namespace's option of an object."""
    namespace = (one.get("metadata") or {}).get("namespace")
    return ["-n", namespace] if namespace else []


def label(one: Object) -> str:
    """Give an object's kind, namespace and name in one word."""
    meta = one.get("metadata") or {}
    name = meta.get("name") or "%s*" % meta.get("generateName", "")
    return "/".join(part for part in (one.get("kind"), meta.get("namespace"), name) if part)


def foreseen(probe: "Probe", wanted: List[Object]) -> None:
    """Look whether earlier steps of a plan change one of the objects.

    Raises:
        UnknownValue: one does.
    """
    for one in wanted:
        for name in (label(one), label(_elsewhere(one))):
            if probe.effect("kubernetes", name) is not None:
                raise UnknownValue("an earlier step changes %s" % name)


def _elsewhere(one: Object) -> Object:
    """Give an object by its other name: one without a namespace mostly is that of `default`."""
    meta = one.get("metadata") or {}
    place = meta.get("namespace")
    if place in (None, "default"):
        meta = dict(meta, namespace="default" if place is None else None)
    return dict(one, metadata=meta)


def effects(changed: List[Object]) -> List[Effect]:
    """Say to later steps of a plan which objects, and objects of which kinds, will be others."""
    names = [label(one) for one in changed] + ["any " + one["kind"] for one in changed]
    return [Effect("kubernetes", name, {"state": "changed"}) for name in names]


def method(args: Args, there: bool) -> str:
    """Give kubernetes.core's word for the way in which an object comes about."""
    if args.get("apply") or args.get("server_side_apply"):
        return "apply"
    if not there:
        return "create"
    return "replace" if args.get("force") else "update"


def get(probe: "Probe", args: Args, one: Object) -> Optional[Object]:
    """Give an object as the API server has it, or None.

    Raises:
        ModuleFailure: kubectl cannot tell; a kind that is not there counts as no object.
    """
    meta = one.get("metadata") or {}
    if not meta.get("name"):
        return None
    words = ["get", target(one["kind"], one.get("apiVersion")), meta["name"], *scope(one)]
    done = ask(probe, args, [*words, "--ignore-not-found", "-o", "json"])
    if done.rc != 0:
        if kindless(done):
            return None
        raise failure("get", done)
    found = kubernetes.items(done.stdout)
    return found[0] if found else None


def kindless(done: "Completed") -> bool:
    """Say whether the API server does not know the kind."""
    return any(sign in done.stderr for sign in _KINDLESS)


def creation(args: Args) -> List[str]:
    """Give kubectl's words to make objects that are not there."""
    if args.get("apply") or args.get("server_side_apply"):
        return ["apply", "-f", "-", *_server_side(args)]
    return ["create", "-f", "-"]


def change(args: Args, one: Object, there: Optional[Object]) -> List[List[str]]:
    """Give kubectl's ways to make an object as wanted, the preferred one first."""
    if there is None or args.get("apply") or args.get("server_side_apply"):
        return [[*creation(args), *scope(one)]]
    if args.get("force"):
        return [["replace", "-f", "-", *scope(one)]]
    name = [target(one["kind"], one.get("apiVersion")), one["metadata"]["name"]]
    types = args.get("merge_type") or ["strategic-merge", "merge"]
    # An argument could be read by every user of the host
    return [["patch", *name, *scope(one), "--type=" + _STRATEGIES[kind], PATCH] for kind in types]


def _server_side(args: Args) -> List[str]:
    asked = args.get("server_side_apply")
    if not asked:
        return []
    words = ["--server-side", "--field-manager=%s" % asked.get("field_manager", "ansible")]
    return [*words, "--force-conflicts"] if asked.get("force_conflicts") else words


def rehearse(probe: "Probe", args: Args, one: Object, there: Optional[Object]) -> Object:
    """Give the object as the API server would have it after the change.

    Raises:
        ModuleFailure: the API server refuses the change.
        UnknownValue: a plan does not know the whole object.
    """
    if schema.unknown(one):
        raise UnknownValue(kubernetes.ARGUMENTS)
    stdin = json.dumps(one)
    done = None
    for words in change(args, one, there):
        done = ask(probe, args, [*words, "--dry-run=server", "-o", "json"], stdin)
        if done.rc == 0:
            found = kubernetes.items(done.stdout)
            return found[0] if found else {}
        if not _unmergeable(done):
            break
    assert done is not None  # noqa: S101 - there is at least one way
    raise failure("--dry-run=server", done)


def carry_out(host: "Host", args: Args, one: Object, there: Optional[Object]) -> Object:
    """Change the object, and give it as it is then."""
    stdin = json.dumps(one)
    ways = change(args, one, there)
    for number, words in enumerate(ways, 1):
        argv = kubernetes.kubectl(flags(args), [*words, "-o", "json"])
        done = host.run(argv, stdin=stdin)
        if done.rc == 0:
            found = kubernetes.items(done.stdout)
            return found[0] if found else {}
        if number == len(ways) or not _unmergeable(done):
            raise failure(words[0], done)
    return {}


def _unmergeable(done: "Completed") -> bool:
    return any(sign in done.stderr for sign in _NO_STRATEGIC)


def essence(one: Optional[Object]) -> Optional[Object]:
    """Give what an author may have written of an object: the rest changes by itself."""
    if one is None:
        return None
    kept = {key: value for key, value in one.items() if key != "status"}
    meta = {key: value for key, value in (one.get("metadata") or {}).items() if key not in _OWN}
    notes = {k: v for k, v in (meta.get("annotations") or {}).items() if k != _LAST_APPLIED}
    meta.pop("annotations", None)
    if notes:
        meta["annotations"] = notes
    return dict(kept, metadata=meta)


def text(objects: List[Optional[Object]]) -> str:
    """Give objects as text to compare and to show, the values of secrets as digests."""
    return "---\n".join(manifest_text.text(one) for one in objects if one is not None)


def await_condition(host: "Host", args: Args, one: Object) -> None:
    """Wait until an object is as ``wait_condition`` says, or runs everywhere it is to run."""
    timeout = "--timeout=%ds" % int(args.get("wait_timeout") or 120)
    asked = args.get("wait_condition")
    name = "%s/%s" % (target(one["kind"], one.get("apiVersion")), one["metadata"]["name"])
    if asked:
        wanted = "--for=condition=%s=%s" % (asked["type"], asked.get("status", "True"))
        run(host, args, ["wait", name, wanted, *scope(one), timeout])
    elif one["kind"] in ("Deployment", "DaemonSet", "StatefulSet"):
        run(host, args, ["rollout", "status", name, *scope(one), timeout])
    elif one["kind"] == "Pod":
        run(host, args, ["wait", name, "--for=condition=Ready", *scope(one), timeout])
