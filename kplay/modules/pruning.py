"""What stands of earlier manifests and is in them no more."""

from typing import TYPE_CHECKING, Any, Dict, List, Set, Tuple

from kplay.modules import kubernetes, manifests, objects
from kplay.modules.api import Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def leftovers(probe: "Probe", args: Args, listed: List[Object]) -> List[Object]:
    """Give the objects that were applied, have the selector's labels, and are in no manifest.

    Looked for are the kinds of the manifests and those of ``prune_kinds``, in the namespaces of the
    manifests. What somebody else made is left, and so is what another object owns.

    Raises:
        ModuleFailure: ``prune_kinds`` names no kind, or the cluster cannot tell.
    """
    default = args.get("namespace") or "default"
    kinds: Set[Tuple[str, str]] = {(one["kind"], one["apiVersion"]) for one in listed}
    kinds |= {_kind(text) for text in args.get("prune_kinds") or []}
    places = {one["metadata"].get("namespace") or default for one in listed} | {"", default}
    meant = {_mark(one, one["metadata"].get("namespace") or default) for one in listed}
    meant |= {_mark(one, "") for one in listed}
    found = []
    for kind, version in sorted(kinds):
        words = ["get", objects.target(kind, version), "--all-namespaces", "--show-managed-fields"]
        words += ["--selector=" + args["prune_selector"], "-o", "json"]
        done = kubernetes.ask(probe, args, words)
        if done.rc != 0:
            if objects.kindless(done):
                continue
            raise objects.failure("get", done)
        for one in kubernetes.items(done.stdout):
            place = one["metadata"].get("namespace") or ""
            if place in places and _mark(one, place) not in meant and _is_ours(args, one):
                found.append(one)
    return found


def _kind(text: str) -> Tuple[str, str]:
    """Give kind and apiVersion of VERSION/KIND or GROUP/VERSION/KIND.

    >>> _kind("apps/v1/Deployment")
    ('Deployment', 'apps/v1')
    """
    version, _, kind = text.rpartition("/")
    if not version or not kind:
        raise ModuleFailure("prune_kinds are as apps/v1/Deployment or v1/Service, not %s" % text)
    return kind, version


def _mark(one: Object, place: str) -> Tuple[str, str, str]:
    kind, _, name = manifests.key(one)
    return kind, place, name


def _is_ours(args: Args, one: Object) -> bool:
    meta = one["metadata"]
    if meta.get("ownerReferences") or meta.get("deletionTimestamp"):
        return False
    if _LAST_APPLIED in (meta.get("annotations") or {}):
        return True
    managers = meta.get("managedFields") or []
    return any(
        by.get("manager") == args["field_manager"] and by.get("operation") == "Apply"
        for by in managers
    )
