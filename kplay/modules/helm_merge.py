"""How helm merges an object of a release into the one that stands in the cluster.

Kinds of Kubernetes itself get what the release had, what it is to have and what stands merged three
ways. Of all other kinds helm looks at the release alone: it sends what differs between the old and
the new manifest, and what was changed by hand in the cluster stays.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from kplay.modules import objects
from kplay.modules.api import Args

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]

# Groups of kinds that client-go knows, which helm is built with
_NATIVE = frozenset(
    ["", "apps", "autoscaling", "batch", "events.k8s.io", "extensions", "policy"]
    + [
        "%s.k8s.io" % name
        for name in (
            "admissionregistration", "apiextensions", "authentication", "authorization",
            "certificates", "coordination", "discovery", "flowcontrol.apiserver",
            "internal.apiserver", "networking", "node", "rbac.authorization", "resource",
            "scheduling", "storage", "storagemigration",
        )
    ]
)  # fmt: skip

# Fields that are lists of parts, and what names a part in them
_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ports": ("containerPort", "port"),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "webhooks": ("name",),
}


def is_native(one: Object) -> bool:
    """Say whether an object's kind is one of Kubernetes itself."""
    return str(one.get("apiVersion") or "v1").rpartition("/")[0] in _NATIVE


def placed(one: Object, found: Object) -> Object:
    """Give an object with the namespace that it stands in."""
    namespace = found["metadata"].get("namespace")
    meta = dict(one["metadata"], namespace=namespace) if namespace else one["metadata"]
    return dict(one, metadata=meta)


def after(probe: "Probe", args: Args, old: Optional[Object], new: Object, there: Object) -> Object:
    """Give what an upgrade makes of the object that stands in the cluster.

    Raises:
        ModuleFailure: the API server refuses it.
    """
    if args.get("force"):
        return objects.rehearse(probe, dict(args, force=True), new, there)
    base = old if old is not None else objects.essence(there) or {}
    ways = dict(args, force=False, merge_type=None)
    if is_native(new):
        return objects.rehearse(probe, ways, strategic(base, new), there)
    patch = new if args.get("take_ownership") else changed(base, new)
    if not patch:
        return there
    ways["merge_type"] = ["merge"]
    meta = dict(patch.get("metadata") or {}, name=new["metadata"]["name"])
    if new["metadata"].get("namespace"):
        meta["namespace"] = new["metadata"]["namespace"]
    whole = dict(patch, apiVersion=new["apiVersion"], kind=new["kind"], metadata=meta)
    return objects.rehearse(probe, ways, whole, there)


def strategic(old: Object, new: Object) -> Object:
    """Give the new object as a strategic merge patch that also removes what only the old one has.

    >>> strategic({"a": 1, "env": [{"name": "x"}]}, {"env": [{"name": "y"}]})
    {'env': [{'name': 'y'}, {'name': 'x', '$patch': 'delete'}], 'a': None}
    """
    made = dict(new)
    for key, one in old.items():
        if key not in new:
            made[key] = None
        elif isinstance(one, dict) and isinstance(new[key], dict):
            made[key] = strategic(one, new[key])
        elif isinstance(one, list) and isinstance(new[key], list):
            made[key] = _parts(key, one, new[key])
    return made


def _parts(field: str, old: List[Any], new: List[Any]) -> List[Any]:
    both = old + new
    for key in _KEYS.get(field, ()):
        if both and all(isinstance(one, dict) and key in one for one in both):
            there = {one[key]: one for one in old}
            kept = [strategic(there[x[key]], x) if x[key] in there else x for x in new]
            names = {one[key] for one in new}
            gone = [{key: name, "$patch": "delete"} for name in there if name not in names]
            return kept + gone
    return new


def changed(old: Object, new: Object) -> Object:
    """Give the JSON merge patch that makes the new object of the old one.

    >>> changed({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1, "d": 3}})
    {'b': {'d': 3}, 'a': None}
    """
    made: Object = {}
    for key, one in new.items():
        if key in old and isinstance(old[key], dict) and isinstance(one, dict):
            part = changed(old[key], one)
            if part:
                made[key] = part
        elif key not in old or old[key] != one:
            made[key] = one
    made.update({key: None for key in old if key not in new})
    return made
