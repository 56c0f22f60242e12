"""Which artifacts of a bundle playbooks want: the derived list, from files alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.actions.bundle import settings
from kplay.bundle.orders import Want
from kplay.diagnostics import Diagnostic
from kplay.errors import ExitCode, InputError
from kplay.plan.offline import forecast
from kplay.plan.offline.survey import Survey
from kplay.resolve.unknown import causes_in

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions
    from kplay.plan.offline.survey import Failure, Given, Open
    from kplay.source import Span

_NAMED = 5
"""More hosts than this are not named."""


class RefusedError(InputError):
    """The playbooks' own checks do not take what they are given: an apply would end there."""

    exit_code = ExitCode.STEP_FAILED


@dataclass(slots=True)
class Wanted:
    """What playbooks take from a bundle, in the order of the graph."""

    wants: list[Want] = field(default_factory=list)
    by_path: list[Span] = field(default_factory=list)
    """Tasks that read the bundle's files by their paths, of which all of kubernetes.yml is for."""
    notes: list[str] = field(default_factory=list)
    """Where the list may lack something, and what would fail."""


def wanted(options: RunOptions) -> Wanted:
    """Find every ``bundle_artifact`` that an apply takes or may take, on any host.

    Raises:
        RefusedError: a check of the playbooks fails for certain.
        InputError: what the user wrote is wrong, or only the run can tell a name or a version.
    """
    survey = Survey("bundle_artifact", ("name", "version"), "kplay_bundle")
    found = forecast(options, survey)
    refused = [_refused(one) for one in survey.failures if one.refuses]
    faults = [fault for given in survey.given if (fault := _fault(given)) is not None]
    if refused or faults:
        # A version may be open since the variable that says it is misspelt
        told = dict.fromkeys([*found.misspelt, *refused, *faults])
        raise (RefusedError if refused else InputError)(told)
    notes = [*found.notes, *(_open(one) for one in survey.includes)]
    notes += [
        f"{vertex.span}: what hosts that `{vertex.name}` brings take is not in the list"
        for vertex in survey.growths
    ]
    notes += [f"{one.vertex.span}: `{one.vertex.name}` fails: {one.why}" for one in survey.failures]
    return Wanted(
        [_want(given) for given in survey.given],
        [vertex.span for vertex in survey.readers],
        list(dict.fromkeys(notes)),
    )


def _refused(one: Failure) -> Diagnostic:
    name = one.vertex.name
    hosts = one.hosts if len(one.hosts) <= _NAMED else [*one.hosts[:_NAMED], "…"]
    note = f"`{name}` fails on {', '.join(hosts)}: an apply with these variables ends there"
    return Diagnostic("refused", one.why, one.vertex.span, notes=(note,))


def _want(given: Given) -> Want:
    return Want(
        str(given.args["name"]),
        str(given.args.get("version") or ""),
        given.vertex.name,
        given.vertex.span,
        tuple(given.hosts),
        _hints(given),
    )


def _open(one: Open) -> str:
    why = f", because of {one.why}" if one.why else ""
    return (
        f"{one.vertex.span}: only the run can tell what `{one.vertex.name}` includes{why}: what "
        "that takes from the bundle is not in the list"
    )


def _fault(given: Given) -> Diagnostic | None:
    span = given.vertex.span
    if given.fault:
        message = f"what `{given.vertex.name}` takes from the bundle cannot be told: {given.fault}"
        return Diagnostic("unknown-artifact", message, span, _hints(given))
    if "name" not in given.args:
        message = f"`{given.vertex.name}` leaves out the name of what it takes from the bundle"
        return Diagnostic("missing-argument", message, span)
    for argument in ("name", "version"):
        causes = causes_in(given.args.get(argument))
        if causes:
            written = given.task.args.get(argument)
            what = f"the {argument} of what `{given.vertex.name}` takes from the bundle"
            notes = tuple(f"it is open because of {cause}" for cause in causes)
            place = written.span if written is not None else span
            message = f"only the run can tell {what}"
            return Diagnostic("unknown-artifact", message, place, _hints(given), notes)
    return None


def _hints(given: Given) -> tuple[str, ...]:
    """Which variables to set: versions for which the roles around the task have a default."""
    return settings(given.defaults) or ("say which version with `-e`, or in the inventory",)
