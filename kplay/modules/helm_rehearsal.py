"""Whether the API server takes the objects of a chart: helm's own dry run does not ask it."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence

from kplay.modules import helm_merge, refusal_words, refusals, rehearsal
from kplay.modules.api import Args, ModuleFailure
from kplay.modules.rehearsal import Refused

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Object = Dict[str, Any]

# As helm sends them: a field that there is not is passed over
_LENIENT = "--validate=false"


class Changed(NamedTuple):
    """An object that stands and that a release gives otherwise than before."""

    was: Optional[Object]
    """As the release had it."""
    one: Object
    found: Object


def notes(
    probe: "Probe", args: Args, new: Sequence[Object], changed: Sequence[Changed]
) -> List[str]:
    """Ask about new and changing objects, and say which could not be asked about.

    Args:
        probe: the host that reaches the cluster.
        args: of the release; ``namespace`` is that of objects that name none.
        new: objects that do not stand.
        changed: objects that do.

    Raises:
        ModuleFailure: the API server refuses one of them.
        UnknownValue: it cannot be told.
    """
    comes = list(new)
    if args.get("create_namespace"):
        comes.append({"kind": "Namespace", "metadata": {"name": args["namespace"]}})
    found = []
    for here in (True, False):
        listed = [one for one in new if _is_here(args, one) == here]
        words = ["create", "-f", "-", _LENIENT, *_scope(args, here)]
        meant = refusals.Meant(listed, beside=comes)
        found += refusals.rehearse(probe, args, words, meant).notes
    what = refusals.coming(probe, comes, args["namespace"])
    wrong = [refused for here in (True, False) for refused in _refused(probe, args, changed, here)]
    return found + refusal_words.notes(refusals.excused(what, wrong))


def _is_here(args: Args, one: Object) -> bool:
    return one["metadata"].get("namespace") in (None, args["namespace"])


def _scope(args: Args, here: bool) -> List[str]:
    return ["-n", args["namespace"]] if here else []


def _refused(probe: "Probe", args: Args, changed: Sequence[Changed], here: bool) -> List[Refused]:
    """Give the changes that are refused.

    All are asked about as if nothing were taken out of what stands, in one request; those that are
    refused so are asked about as helm merges them.
    """
    there = [one for one in changed if _is_here(args, one.one) == here]
    words = ["apply", "-f", "-", _LENIENT, *_scope(args, here)]
    answer = rehearsal.ask(probe, args, words, [one.one for one in there])
    found = []
    for wrong in answer.refused:
        change = next(one for one in there if one.one is wrong.object)
        said = wrong.said
        if not refusals.unjudged(wrong):
            was = helm_merge.placed(change.was, change.found) if change.was is not None else None
            try:
                helm_merge.after(
                    probe, args, was, helm_merge.placed(change.one, change.found), change.found
                )
                continue
            except ModuleFailure as failed:
                said = str(failed.fields.get("stderr") or failed.msg)
        found.append(Refused(wrong.object, said))
    return found
