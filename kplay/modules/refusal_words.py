"""What is said of objects that the API server refuses, or could not be asked about."""

import re
from typing import Any, Dict, List, Sequence, Tuple

from kplay.agent.host import UnknownValue
from kplay.modules import objects
from kplay.modules.api import ModuleFailure
from kplay.modules.rehearsal import Refused

Object = Dict[str, Any]

SHOWN = 4
"""Objects that a note names one by one."""

_SOURCE = re.compile(r'(?:error when \w+|from server for:|for:) "STDIN": ')
_CONFLICT = re.compile(r'conflicts? with "([^"]+)"[^:\n]*:((?:\s+(?:- )?\.\S+)+)')


def failure(refused: Sequence[Refused]) -> ModuleFailure:
    """Give the failed result of objects that are refused."""
    told = "; ".join(refusal(wrong.object, wrong.said) for wrong in refused)
    said = "\n".join(wrong.said.strip() for wrong in refused)
    return ModuleFailure(told, rc=1, stdout="", stderr=said)


def missing(lack: str, one: Object) -> UnknownValue:
    """Give what to raise where an object needs what no step is known to make."""
    lack += ", which %s needs" % objects.label(one)
    return UnknownValue("%s, unless an earlier step makes it" % lack, otherwise={"msg": lack})


def notes(unasked: "Sequence[Tuple[Object, str]]") -> List[str]:
    """Say about which objects the API server could not be asked, by the reason."""
    groups = {}  # type: Dict[str, List[str]]
    for one, why in unasked:
        groups.setdefault(why, []).append(objects.label(one))
    found = []
    for why, names in groups.items():
        told = ", ".join(names[:SHOWN])
        if len(names) > SHOWN:
            told += " and %d more" % (len(names) - SHOWN)
        found.append("the API server could not be asked about %s: %s" % (told, why))
    return found


def plain(said: str) -> str:
    r"""Give the server's words in one line, without what kubectl says of the place.

    >>> plain('The Pod "a" is invalid: \n* spec.b: Required value\n* spec.c: Required value\n')
    'The Pod "a" is invalid: spec.b: Required value; spec.c: Required value'
    """
    lines = [line.strip() for line in said.strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("Warning: ")]
    causes = []  # type: List[str]
    while len(lines) > 1 and lines[-1].startswith("* "):
        causes.insert(0, lines.pop()[2:])
    last = _SOURCE.sub("", lines[-1]) if lines else ""
    return ("%s %s" % (last, "; ".join(causes))).strip()


def refusal(one: Object, said: str) -> str:
    """Say why the API server refuses an object; of a conflict, who owns which fields.

    >>> refusal({"kind": "Pod", "metadata": {"name": "x"}},
    ...     'Apply failed with 1 conflict: conflict with "hpa" using apps/v1: .spec.replicas')
    'Pod/x: .spec.replicas belongs to hpa; leave it out, or set force_conflicts: true'
    """
    owned = [
        (owner, field)
        for owner, fields in _CONFLICT.findall(said)
        for field in fields.split()
        if field != "-"
    ]
    if not owned:
        return "%s: %s" % (objects.label(one), plain(said))
    told = ", ".join("%s belongs to %s" % (field, owner) for owner, field in owned)
    them = "it" if len(owned) == 1 else "them"
    return "%s: %s; leave %s out, or set force_conflicts: true" % (objects.label(one), told, them)
