"""Why the API server refuses an object: for good, or for want of what a plan brings before it.

A dry run keeps nothing, so neither earlier steps of a plan nor the other objects of a manifest are
there when an object is asked about.
"""

import re
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Sequence, Set, Tuple

from kplay.agent.host import UnknownValue
from kplay.modules import (
    kubernetes,
    manifests,
    objects,
    refusal_words,
    rehearsal,
    schema,
)
from kplay.modules.api import ABSENT, Args
from kplay.modules.rehearsal import Refused

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]

CRD = "CustomResourceDefinition"

DECIDING = (
    "ClusterRole", "ClusterRoleBinding", "LimitRange", "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "ResourceQuota", "Role",
    "RoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
)  # fmt: skip
"""Kinds of objects by which the API server decides what is allowed."""

SERVING = (
    "DaemonSet", "Deployment", "MutatingWebhookConfiguration", "Pod", "Service", "StatefulSet",
    "ValidatingWebhookConfiguration",
)  # fmt: skip
"""Kinds of objects by which a webhook comes to answer, or is asked no more."""

OPEN = "only the run can tell what it holds"
"""Why an object was not asked about that has values of earlier steps."""

STAND_IN = "default"
"""A namespace that each cluster has."""

_NOWHERE = "there is no namespace "
_FIELDS = re.compile(r"strict decoding error|cannot be handled as a|[\"'] is invalid: ")
# What a policy of that namespace denies, and addresses that another object has there
_ELSEWHERE = re.compile(r"denied|already allocated")
_NO_NAMESPACE = re.compile(r'namespaces? "([^"]+)" not found')


class Coming(NamedTuple):
    """What is not there yet and comes earlier in a plan, or with the same manifest."""

    named: Set[Tuple[str, str]]
    """Kind and name."""
    kinds: Set[str]
    namespace: str = ""
    """That of objects that name none, where it is known."""


class Meant(NamedTuple):
    """The objects of a step."""

    new: Sequence[Object]
    """Those that do not stand."""
    existing: Sequence[Object] = ()
    kindless: Sequence[Object] = ()
    """Those of the new ones whose kind the cluster is known not to have."""
    beside: Sequence[Object] = ()
    """Further ones that come with them, and are not asked about."""


class Rehearsed(NamedTuple):
    """What a plan learns of objects before they are applied."""

    objects: List[Object]
    """Those that stand, as they would be."""
    notes: List[str]
    """About which of those that are new the API server could not be asked, and why."""


def rehearse(probe: "Probe", args: Args, words: List[str], meant: Meant) -> Rehearsed:
    """Ask in a plan what becomes of objects that stand, and whether those that are new are taken.

    Args:
        probe: the host that reaches the cluster.
        args: how; ``namespace`` is that of objects that name none.
        words: kubectl's words without those for the dry run.
        meant: the objects.

    Raises:
        ModuleFailure: the API server refuses one of them, whatever the plan does before.
        UnknownValue: it cannot be told.
    """
    what = coming(probe, [*meant.new, *meant.beside], args.get("namespace") or "")
    unasked, refused, known = [], [], []  # type: List[Tuple[Object, str]], List[Refused], List[Any]
    made = {str(one["metadata"].get("name")) for one in meant.new if one["kind"] == "Namespace"}
    for one in meant.new:
        gone = probe.effect("kubernetes", "Namespace/%s" % _place(what, one))
        if isinstance(gone, dict) and gone.get("state") == ABSENT:
            raise refusal_words.missing("there is no namespace %s" % _place(what, one), one)
        if any(one is other for other in meant.kindless):
            refused.append(Refused(one, rehearsal.no_kind(one)))
        elif _place(what, one) in made:
            refused.append(Refused(one, 'namespaces "%s" not found' % _place(what, one)))
        elif schema.unknown(one):
            unasked.append((one, OPEN))
        else:
            known.append(one)
    answer = rehearsal.ask(probe, args, words, [*meant.existing, *known])
    excuses = excused(what, refused + answer.refused)
    for one, why in excuses:
        if any(one is other for other in meant.existing):
            raise UnknownValue("what becomes of %s: %s" % (objects.label(one), why))
    _housed(probe, args, what, [one for one, _ in unasked])
    homeless = [one for one, why in excuses if why.startswith(_NOWHERE)]
    _look_at_fields(probe, args, words, homeless)
    if answer.refused and meant.existing:
        answer = rehearsal.ask(probe, args, words, list(meant.existing))
    return Rehearsed(answer.objects, refusal_words.notes(unasked + excuses))


def _look_at_fields(
    probe: "Probe", args: Args, words: List[str], homeless: Sequence[Object]
) -> None:
    """Ask about objects whose namespace is still to come as if they were in another.

    Of what the API server says only that counts which holds in each namespace: of their fields.

    Raises:
        ModuleFailure: it refuses them for these.
    """
    moved = [dict(one, metadata=dict(one["metadata"], namespace=STAND_IN)) for one in homeless]
    lenient = [word for word in words if word.startswith("--validate=")]
    # Creating looks at the fields first, and then whether there is one of that name
    answer = rehearsal.ask(probe, args, ["create", "-f", "-", *lenient], moved)
    wrong = [
        Refused(one, refused.said)
        for one, other in zip(homeless, moved)
        for refused in answer.refused
        if refused.object is other
        and _FIELDS.search(refused.said)
        and not _ELSEWHERE.search(refused.said)
    ]
    if wrong:
        raise refusal_words.failure(wrong)


def _place(what: Coming, one: Object) -> str:
    """Give an object's namespace, where it is known; empty for kinds that lie in none."""
    if one["kind"] in manifests.CLUSTER_WIDE:
        return ""
    return str(one["metadata"].get("namespace") or what.namespace)


def _housed(probe: "Probe", args: Args, what: Coming, listed: Sequence[Object]) -> None:
    """Look whether there are, or will be, the namespaces of objects that nobody is asked about."""
    for one in listed:
        name = _place(what, one)
        namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}
        if name in ("", "default") or ("Namespace", name) in what.named:
            continue
        if objects.get(probe, args, namespace) is None:
            raise refusal_words.missing("there is no namespace %s" % name, one)


def coming(probe: "Probe", new: Iterable[Object], namespace: str = "") -> Coming:
    """Give what earlier steps of the plan make or change, and the new objects beside one."""
    named, kinds = set(), set()  # type: Set[Tuple[str, str]], Set[str]
    for key in probe.planned("kubernetes"):
        told = probe.effect("kubernetes", key)
        if key.startswith("any "):
            kinds.add(key[len("any ") :])
        elif "/" in key and isinstance(told, dict) and told.get("state") != ABSENT:
            named.add((key.partition("/")[0], key.rpartition("/")[2]))
    for one in new:
        named.add((one["kind"], str(one["metadata"].get("name"))))
        kinds.add(one["kind"])
    return Coming(named, kinds, namespace)


def excused(what: Coming, refused: Sequence[Refused]) -> "List[Tuple[Object, str]]":
    """Give of each refused object what it only waits for.

    Raises:
        ModuleFailure: one of them is refused for good.
        UnknownValue: one lacks a kind, a namespace or a webhook that no step is known to bring.
    """
    final, unsure, found = [], [], []  # type: List[Refused], List[UnknownValue], List[Any]
    for wrong in refused:
        try:
            why = _waits_for(what, wrong)
        except UnknownValue as unknown:
            unsure.append(unknown)
            continue
        if why:
            found.append((wrong.object, why))
        else:
            final.append(wrong)
    if final:
        raise refusal_words.failure(final)
    if unsure:
        raise unsure[0]
    return found


def unjudged(wrong: Refused) -> bool:
    """Say whether a webhook was not asked, or did not answer."""
    return kubernetes.NO_REHEARSAL in wrong.said or kubernetes.SILENT_WEBHOOK in wrong.said


def _waits_for(what: Coming, wrong: Refused) -> str:
    one, said = wrong.object, wrong.said
    if manifests.NO_KIND.search(said):
        lack = "the cluster has no kind %s in %s" % (one["kind"], one["apiVersion"])
        if _kind_comes(what, one):
            return lack + " yet"
        raise refusal_words.missing(lack, one)
    for place in _NO_NAMESPACE.findall(said):
        if ("Namespace", place) in what.named:
            return _NOWHERE + "%s yet" % place
        raise refusal_words.missing("there is no namespace %s" % place, one)
    if kubernetes.NO_REHEARSAL in said:
        return "a webhook of the cluster supports no dry run"
    if kubernetes.SILENT_WEBHOOK in said:
        if what.kinds.intersection(SERVING):
            return "its webhook does not answer yet: " + refusal_words.plain(said)
        raise kubernetes.silent_webhook(said)
    if _kind_comes(what, one):
        return "its kind is still to change: " + refusal_words.plain(said)
    return _named_in(what, one, said) or _decided_by(what, one, said)


def _kind_comes(what: Coming, one: Object) -> bool:
    """Whether a definition of kinds of an object's group comes or changes: they are named by it."""
    group = one["apiVersion"].rpartition("/")[0]
    return any(kind == CRD and name.partition(".")[2] == group for kind, name in what.named)


def _named_in(what: Coming, one: Object, said: str) -> str:
    """Say which thing that is still to come the server has not found."""
    if "not found" not in said and "was found" not in said:
        return ""
    for kind, name in sorted(what.named - {(one["kind"], str(one["metadata"].get("name")))}):
        if kind.lower() in said.lower() and re.search(r'["\s/]%s["\s]' % re.escape(name), said):
            return "%s %s is not there yet" % (kind, name)
    return ""


def _decided_by(what: Coming, one: Object, said: str) -> str:
    """Say which rules that are still to change an object is refused by."""
    if "forbidden" not in said and "denied" not in said:
        return ""
    kinds = sorted(what.kinds.intersection(DECIDING))
    if ("Namespace", _place(what, one)) in what.named:
        kinds.insert(0, "Namespace")
    return "a %s is still to change: %s" % (kinds[0], refusal_words.plain(said)) if kinds else ""
