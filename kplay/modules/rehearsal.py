"""Which of several objects the API server takes, asked of all of them at once."""

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple

from kplay.modules import kubernetes, manifests, objects
from kplay.modules.api import Args

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]

# Where the words on the next object begin; warnings are about none
_NEXT = re.compile(r'^(?:Error from server|The \S+ "|error: )')


EACH = 0.5
"""Seconds more for each object: kubectl asks about them one after the other, each twice."""


class Refused(NamedTuple):
    """An object that the API server does not take."""

    object: Object
    said: str
    """kubectl's words."""


class Answer(NamedTuple):
    """What the API server says of several objects."""

    objects: List[Object]
    """As they would be; empty where one was refused."""
    refused: List[Refused]


def ask(probe: "Probe", args: Args, words: List[str], listed: List[Object]) -> Answer:
    """Ask what would become of objects: one request, and another where one of them is refused.

    Args:
        probe: the host that reaches the cluster.
        args: how.
        words: kubectl's words without those for the dry run.
        listed: the objects.

    Raises:
        ModuleFailure: kubectl itself fails.
        UnknownValue: the API server does not answer.
    """
    if not listed:
        return Answer([], [])
    done = _query(probe, args, [*words, "-o", "json"], listed)
    if done.rc == 0:
        printed = kubernetes.documents(done.stdout)
        return Answer([one for part in printed for one in part.get("items", [part])], [])
    strange = set(manifests.NO_KIND.findall(done.stderr))
    refused = [
        Refused(one, no_kind(one)) for one in listed if (one["kind"], one["apiVersion"]) in strange
    ]
    rest = [one for one in listed if all(one is not wrong.object for wrong in refused)]
    if refused or len(rest) > 1:
        return Answer([], refused + _told_apart(probe, args, words, rest))
    return Answer([], [Refused(one, done.stderr) for one in rest])


def no_kind(one: Object) -> str:
    """Give kubectl's words of an object whose kind the cluster does not have."""
    return 'no matches for kind "%s" in version "%s"' % (one["kind"], one["apiVersion"])


def _query(probe: "Probe", args: Args, words: List[str], listed: List[Object]) -> Any:
    argv = kubernetes.kubectl(objects.flags(args), [*words, "--dry-run=server"])
    text = manifests.stream(listed)
    patience = 60.0 + EACH * len(listed)
    done = probe.query(argv, stdin=text, timeout=patience, most=kubernetes.MOST)
    judged = manifests.NO_KIND.search(done.stderr) or any(map(_NEXT.match, done.stderr.split("\n")))
    return done if done.rc > 0 and judged else kubernetes.answered(probe, args, done)


def _told_apart(
    probe: "Probe", args: Args, words: List[str], listed: List[Object]
) -> List[Refused]:
    """Give those of several objects that are refused: kubectl names those that are taken."""
    if not listed:
        return []
    done = _query(probe, args, [*words, "-o", "name"], listed)
    if done.rc == 0:
        return []
    names = [_name(one) for one in listed]
    taken = set(done.stdout.split())
    wrong = [one for one, name in zip(listed, names) if name not in taken]
    said = _each(done.stderr)
    if len(set(names)) == len(names) and len(said) == len(wrong):
        return [Refused(one, text) for one, text in zip(wrong, said)]
    if len(listed) == 1:
        return [Refused(listed[0], done.stderr)]
    return [wrong for one in listed for wrong in _told_apart(probe, args, words, [one])]


def _name(one: Object) -> str:
    """Give an object's name as kubectl prints it.

    >>> _name({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web"}})
    'deployment.apps/web'
    """
    group = one["apiVersion"].rpartition("/")[0]
    kind = one["kind"].lower() + ("." + group if group else "")
    return "%s/%s" % (kind, one["metadata"].get("name"))


def _each(said: str) -> List[str]:
    r"""Give kubectl's words of each object, in their order.

    >>> _each('Warning: x\nThe Pod "a" is invalid: \n* b\n* c\nError from server: d\n')
    ['The Pod "a" is invalid: \n* b\n* c', 'Error from server: d']
    """
    found = []  # type: List[List[str]]
    for line in said.strip().splitlines():
        if _NEXT.match(line):
            found.append([line])
        elif found and not line.startswith("Warning: "):
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]
