"""The controller half of `preflight`: every rule over every host, and one answer of it all."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from kplay.actions.api import Answer, Context, fault
from kplay.actions.preflight.finding import CLUSTER, ERROR, WARNING, Finding
from kplay.actions.preflight.looking import mapping
from kplay.actions.preflight.rules import RULES
from kplay.actions.preflight.survey import Survey
from kplay.diagnostics import Diagnostic, suggest, to_json
from kplay.resolve.unknown import causes_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def judge(context: Context) -> Answer:
    """Fails with every error of every host; what is a warning only is said."""
    args = context.args
    causes = causes_in(args)
    if causes:
        return Answer({"changed": False, "msg": "not known yet"}, causes=causes)
    settings = mapping(context, args["settings"], "settings")
    ignored = _ignored(context, settings.get("ignore") or [])
    found = evaluate(survey(settings, args.get("looked") or {}, args.get("reached") or {}), ignored)
    errors = [one for one in found if one.severity == ERROR]
    warnings = [one for one in found if one.severity == WARNING]
    result = {
        "changed": False,
        "findings": [one._asdict() for one in found],
        "errors": len(errors),
        "warnings_found": len(warnings),
        "ignored": sorted(ignored),
    }
    if not errors:
        said = [f"{one.host or 'all hosts'}: {one.text} [{one.id}]" for one in warnings]
        counted = f"{_count(len(args.get('looked') or {}), 'host')} looked at, no errors"
        return Answer({**result, "msg": counted, "warnings": said})
    message = f"{_count(len(errors), 'error')} and {_count(len(warnings), 'warning')} found"
    notes = tuple(listed(found))
    help_ = (
        "nothing was changed; mend these, or name ids that do not matter in `preflight_ignore`",
    )
    pointed = Diagnostic("preflight", message, context.task.span, help=help_, notes=notes)
    return Answer(
        {
            **result,
            "failed": True,
            "msg": "\n".join([message, *notes]),
            "diagnostics": [to_json(pointed)],
        }
    )


def survey(
    settings: Mapping[str, Any], looked: Mapping[str, Any], reached: Mapping[str, Any]
) -> Survey:
    """What was registered on each host, as the rules want it.

    Args:
        settings: of the role.
        looked: by host, the result of ``preflight_facts``.
        reached: by host, the result of ``preflight_reach``.
    """
    made = Survey(settings, {}, today=dt.datetime.now(tz=dt.UTC).date())
    for host, result in looked.items():
        if isinstance(result, dict) and "preflight" in result:
            made.hosts[host] = result["preflight"]
            _narrow(made, host, result.get("clock"))
    for host, result in reached.items():
        if host in made.hosts and isinstance(result, dict) and "reach" in result:
            done = result["reach"]
            made.reach[host] = done["attempts"]
            made.windows[host] = {key: done[key] for key in ("began", "ended", "listened")}
            _narrow(made, host, result.get("clock"))
    return made


def _narrow(made: Survey, host: str, clock: Any) -> None:
    """Both looks hold, so what both allow is left."""
    if not clock:
        return
    low, high = made.clocks.get(host, (float("-inf"), float("inf")))
    low, high = max(low, clock[0]), min(high, clock[1])
    # a clock that was set between the looks leaves nothing
    made.clocks[host] = (low, high) if low <= high else (clock[0], clock[1])


def evaluate(looked_at: Survey, ignored: Iterable[str] = ()) -> list[Finding]:
    """Every finding: of the cluster, then host by host, errors before warnings."""
    passed = set(ignored)
    found = [
        Finding(rule.id, rule.severity, one.host, one.text, one.remedy or rule.remedy)
        for rule in RULES
        if rule.id not in passed
        for one in rule.look(looked_at)
    ]
    order = {CLUSTER: -1} | {host: number for number, host in enumerate(looked_at.hosts)}
    ranks = {ERROR: 0, WARNING: 1}
    return sorted(found, key=lambda one: (order.get(one.host, len(order)), ranks[one.severity]))


def listed(found: list[Finding]) -> list[str]:
    """Findings for a reader, grouped by host; what to do is said once for each kind."""
    lines: list[str] = []
    said: set[str] = set()
    host = None
    for one in found:
        if one.host != host:
            host = one.host
            lines.append(f"{host or 'all hosts'}:")
        lines.append(f"  {one.severity}[{one.id}]: {one.text}")
        if one.remedy and one.remedy not in said:
            lines.append(f"    {one.remedy}")
            said.add(one.remedy)
    return lines


def _ignored(context: Context, given: Any) -> set[str]:
    """The ids to leave out.

    Raises:
        InputError: one is no id of a finding.
    """
    known = [rule.id for rule in RULES]
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in known:
            hint = " ".join(suggest(str(name), known))
            message = f"`preflight_ignore` names `{name}`, which is no finding; {hint}".rstrip("; ")
            raise fault(context, "bad-value", message, "settings")
    return set(names)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
