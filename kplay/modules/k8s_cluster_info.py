"""k8s_cluster_info: the version of a Kubernetes cluster, and the kinds that it knows."""

import json
from typing import TYPE_CHECKING, Any, Dict

from kplay.agent.host import UnknownValue
from kplay.modules import kubernetes, objects
from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask the API server."""
    if kubernetes.foreseen(probe, objects.flags(args)):
        raise UnknownValue("the cluster will only be there once an earlier step has run")
    done = objects.ask(probe, args, ["version", "-o", "json"])
    if done.rc != 0:
        raise objects.failure("version", done)
    versions = json.loads(done.stdout)
    kinds = objects.ask(probe, args, ["api-resources", "--no-headers", "-o", "wide"])
    if kinds.rc != 0:
        raise objects.failure("api-resources", kinds)
    return {
        "apis": apis(kinds.stdout),
        "version": {
            "client": versions.get("clientVersion", {}).get("gitVersion", ""),
            "server": {"kubernetes": versions.get("serverVersion", {})},
        },
        "connection": {
            "host": args.get("host"),
            "cert_file": args.get("client_cert"),
            "ssl_ca_cert": args.get("ca_cert"),
            "verify_ssl": args.get("validate_certs") is not False,
            "username": None,
            "password": None,
            "proxy": None,
        },
    }


def apis(listing: str) -> Dict[str, Dict[str, Any]]:
    """Read ``kubectl api-resources -o wide``.

    Its columns are NAME, SHORTNAMES, APIVERSION, NAMESPACED, KIND, VERBS and CATEGORIES; the second
    is empty where there are no short names.
    """
    found: Dict[str, Dict[str, Any]] = {}
    for line in listing.splitlines():
        words = line.split()
        at = next((n for n, word in enumerate(words) if n and word in ("true", "false")), 0)
        if at < 2 or len(words) <= at + 1:
            continue
        # Only the preferred version of a group is listed
        found.setdefault(words[at - 1], {})[words[at + 1]] = {
            "name": words[0],
            "namespaced": words[at] == "true",
            "preferred": True,
            "short_names": words[1].split(",") if at == 3 else [],
            "singular_name": words[at + 1].lower(),
            "categories": words[at + 3].split(",") if len(words) > at + 3 else [],
        }
    return found


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what was read."""
    return found


module = Module(
    "k8s_cluster_info",
    args=dict(objects.CONNECTION, invalidate_cache=Arg("bool", default=True)),
    observe=observe,
    desire=desire,
    kind="read",
    result=result,
    also_known_as=("kubernetes.core.k8s_cluster_info",),
)
