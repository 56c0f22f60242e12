"""What an upgrade changes, object by object: of what the release has, and of what stands."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from kplay.modules import helm_merge, helm_rehearsal, kubernetes, manifest_text, manifests, objects
from kplay.modules.api import Args

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]
Key = Tuple[str, str, str]

IN_CLUSTER = " in the cluster"
HOOK = " (hook)"
_POLICY = "helm.sh/resource-policy"


class Changes(NamedTuple):
    """Texts by name of an object, only of what differs."""

    before: Dict[str, str]
    after: Dict[str, str]
    touched: List[Object]
    """The objects that will not be as they are."""
    left: List[str]
    """Objects that stand otherwise than the release has them, and that an upgrade leaves so."""
    notes: Sequence[str] = ()
    """About which objects the API server could not be asked, and why."""


class Cluster(NamedTuple):
    """Where a release lives."""

    probe: "Probe"
    args: Args
    """How it is reached, and ``force``, ``take_ownership`` as helm has them."""
    namespace: str
    """That of the release, for objects that name none."""

    def parse(self, *texts: str) -> "List[Dict[Key, Object]]":
        """Give the objects of each manifest."""
        read = manifests.parse_each(self.probe, self.args, texts)
        return [{manifests.key(one): one for one in listed} for listed in read]

    def after(self, old: Optional[Object], new: Object, there: Object) -> Optional[Object]:
        """Give what an upgrade makes of an object that stands."""
        return objects.essence(helm_merge.after(self.probe, self.args, old, new, there))


class Texts(NamedTuple):
    """What a release is made of: manifests as helm renders them."""

    manifest: str
    hooks: Optional[str] = ""
    """None where they cannot be told."""
    crds: str = ""
    """What is installed ahead of the rest, once."""


def find(cluster: Cluster, old: Optional[Texts], new: Optional[Texts]) -> Changes:
    """Compare a release as it is with what it will be; None is no release.

    Raises:
        ModuleFailure: the API server refuses one of the changes.
    """
    made = Changes({}, {}, [], [])
    was, will = old or Texts(""), new or Texts("")
    there, was_hooks, coming, hooks, crds = cluster.parse(
        was.manifest, was.hooks or "", will.manifest, will.hooks or "", will.crds
    )
    for key in sorted(set(there) | set(coming)):
        before, after = there.get(key), coming.get(key)
        if after is None and before is not None and _kept(before):
            continue
        _note(made, objects.label(after or before or {}), before, after)
    if new is None:
        # helm leaves what its hooks made
        return made
    if new.hooks is not None:
        for key in sorted(set(was_hooks) | set(hooks)):
            before, after = was_hooks.get(key), hooks.get(key)
            _note(made, objects.label(after or before or {}) + HOOK, before, after)
    standing = _standing(cluster, [*coming.values(), *crds.values()])
    for key in sorted(crds):
        if manifests.lookup(standing, crds[key], cluster.namespace) is None:
            _note(made, objects.label(crds[key]), None, crds[key])
    for key in sorted(coming) if old is not None else ():
        found = manifests.lookup(standing, coming[key], cluster.namespace)
        _drift(cluster, made, (there.get(key), coming[key]), found)
    if not cluster.probe.scratch():
        return made
    return made._replace(notes=_asked(cluster, there, [*crds.values(), *coming.values()], standing))


def _asked(
    cluster: Cluster, was: Dict[Key, Object], will: List[Object], standing: Dict[Key, Object]
) -> List[str]:
    """Ask in a plan whether the API server takes what is new and what changes."""
    new, changed = [], []  # type: List[Object], List[helm_rehearsal.Changed]
    for one in will:
        found = manifests.lookup(standing, one, cluster.namespace)
        before = was.get(manifests.key(one))
        if found is None:
            new.append(one)
        elif before is not None and before != one:
            changed.append(helm_rehearsal.Changed(before, one, found))
    return helm_rehearsal.notes(cluster.probe, cluster.args, new, changed)


def _note(made: Changes, name: str, was: Optional[Object], will: Optional[Object]) -> None:
    before, after = manifest_text.text(was), manifest_text.text(will)
    if before != after:
        made.before[name], made.after[name] = before, after
        if not name.endswith(HOOK):
            made.touched.append(will or was or {})


def _drift(
    cluster: Cluster, made: Changes, both: Tuple[Optional[Object], Object], found: Optional[Object]
) -> None:
    """Note an object that does not stand as the release has it; both is as it is and as it will be.

    The API server is asked, since values may be written in more than one way.
    """
    was, one = both
    name = objects.label(one) + IN_CLUSTER
    if found is None:
        if was is not None:
            _note(made, name, None, one)
        return
    if manifests.covers(found, was if was is not None else one):
        return
    placed = helm_merge.placed(one, found)
    base = helm_merge.placed(was, found) if was is not None else None
    before, native = objects.essence(found), helm_merge.is_native(one)
    if base not in (None, placed) and native and cluster.after(base, base or {}, found) == before:
        return
    after = cluster.after(base, placed, found)
    if after != before:
        _note(made, name, before, after)
    elif not native:
        ways = dict(cluster.args, force=False, merge_type=["merge"])
        if objects.essence(objects.rehearse(cluster.probe, ways, placed, found)) != before:
            made.left.append(objects.label(one))


def _standing(cluster: Cluster, meant: List[Object]) -> Dict[Key, Object]:
    """Ask the API server for objects."""
    found: Dict[Key, Object] = {}
    own = [one for one in meant if one["metadata"].get("namespace") in (None, cluster.namespace)]
    rest = [one for one in meant if one not in own]
    for listed, words in ((own, ["-n", cluster.namespace]), (rest, [])):
        if listed:
            there = manifests.standing(cluster.probe, cluster.args, listed, words).found
            found.update((manifests.key(one), one) for one in there)
    return found


def _kept(one: Object) -> bool:
    """Whether helm leaves an object where it is when the release has it no more."""
    notes = (one.get("metadata") or {}).get("annotations") or {}
    return bool(notes.get(_POLICY) == "keep")


def foreseen_kinds(probe: "Probe") -> bool:
    """Say whether an earlier step of a plan brings kinds of objects."""
    crd = "any CustomResourceDefinition"
    return probe.scratch() and probe.effect("kubernetes", crd) is not None


def versions(probe: "Probe", args: Args) -> Tuple[str, List[str]]:
    """Give the cluster's version, and the versions of groups that it serves."""
    told = objects.ask(probe, args, ["version", "-o", "json"])
    found = kubernetes.items(told.stdout)
    version = found[0].get("serverVersion", {}).get("gitVersion", "") if found else ""
    served = objects.ask(probe, args, ["api-versions"])
    return str(version), served.stdout.split()
