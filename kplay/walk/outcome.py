"""From what the agent (or the controller) answered to what the playbook sees of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import stops
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError
from kplay.modules import catalog, schema
from kplay.modules.api import UNKNOWN
from kplay.resolve.unknown import PartialResult, Unknown
from kplay.walk import foreign
from kplay.walk.dispatch import planned_only
from kplay.walk.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.actions.api import Call
    from kplay.walk.bind import Bound, Item
    from kplay.walk.hostrun import Running
    from kplay.walk.world import World

RESULT_FIELDS = ("changed", "failed", "skipped", "unreachable")


@dataclass(eq=False, slots=True)
class Outcome:
    """What came of one item, or of the whole task."""

    status: str
    """ok, changed, failed, ignored, skipped, planned, unreachable; drifted where it was not run."""
    action: str
    result: dict[str, Any]
    """What ``register`` stores; may be a PartialResult in a plan."""
    diff: list[dict[str, str]] = field(default_factory=list)
    causes: tuple[str, ...] = ()
    reason: str = ""
    conditional: bool = False
    seconds: float = 0.0
    planned: str = ""
    """What a plan file said of it, where that was not exactly this."""
    earlier: bool = False
    """Whether all that it changed was changed before the run broke that is resumed."""

    @property
    def changed(self) -> bool:
        """Whether it changed the host, or would."""
        return self.action not in ("none", "") and self.status in ("changed", "planned")

    @property
    def notifies(self) -> bool:
        """Whether it notifies handlers: it changed something, or a plan cannot tell."""
        if self.status == "planned" and self.action == "unknown":
            return True
        return self.status != "skipped" and self.result.get("changed") is True


def lacking_for_good(raw: dict[str, Any]) -> dict[str, Any]:
    """The failure that a plan's unknown is, where nothing planned before it may change that."""
    kept = {
        key: value for key, value in raw.items() if key not in ("lacks", "otherwise", "unknown")
    }
    return {**kept, "action": "none", "failed": True, "known": True, "fields": raw["otherwise"]}


def item_outcome(bound: Bound, item: Item, world: World) -> Outcome:
    """The outcome of one turn, with changed_when and failed_when applied."""
    who = f"`{bound.name}` on {bound.host}"
    if any(map(stops, item.results)):
        return Outcome("drifted", "none", {"changed": False, "failed": True})
    if item.causes:
        return _may_run(bound, item.causes)
    if item.skip:
        result = {"changed": False, "skipped": True, "skip_reason": item.skip}
        result["false_condition"] = item.false_condition
        return Outcome("skipped", "none", result, reason=item.false_condition)
    outcome = (
        _answered(item)
        if item.answer is not None
        else _combined(item, world, who, ahead=bound.target in world.ahead)
    )
    if outcome.status != "unreachable":
        try:
            _conditions(bound, item, outcome, world)
        except KplayError as error:
            world.note_error(error)
            outcome.result.update(refused(error, bound.task))
            outcome.status = "failed"
    if outcome.status == "failed" and _too_early(bound, item, world):
        outcome = _may_run(bound, (f"`{world.ahead[bound.target]}`, which a plan only plans",))
    stale = bound.target in world.ahead and planned_only(item, world)
    gives = foreign.is_foreign(item) and not item.settings.job
    if world.planning and gives and (stale or outcome.status == "planned"):
        given = foreign.facts(item, outcome.result, who)
        if given:
            outcome.result["ansible_facts"] = given
    if outcome.status == "failed" and item.settings.ignore_errors:
        outcome.status = "ignored"
    return outcome


def _too_early(bound: Bound, item: Item, world: World) -> bool:
    """Whether what a plan ran may have failed for want of an earlier step."""
    ran = not planned_only(item, world) or foreign.is_foreign(item)
    return world.planning and bool(item.calls) and ran and bound.target in world.ahead


def _may_run(bound: Bound, causes: tuple[str, ...]) -> Outcome:
    who = f"`{bound.name}` on {bound.host}, which may run"
    result = PartialResult({"failed": False, **_open(who)}, who)
    changed_when = bound.task.keywords.get("changed_when")
    if changed_when is not None and changed_when.value is False:
        return Outcome("ok", "none", result, causes=causes, conditional=True)
    return Outcome("planned", "unknown", result, causes=causes, conditional=True)


def _open(who: str) -> dict[str, Any]:
    return {"changed": Unknown(who), "skipped": Unknown(who)}


def _answered(item: Item) -> Outcome:
    assert item.answer is not None  # noqa: S101 - the caller looked
    result = dict(item.answer.result)
    status = "failed" if result.get("failed") else "ok"
    status = "changed" if result.get("changed") is True and status == "ok" else status
    status = "skipped" if result.get("skipped") else status
    result.setdefault("failed", status == "failed")
    return Outcome(status, "none", result, causes=item.answer.causes)


def _planned_job(who: str, diff: list[dict[str, str]]) -> Outcome:
    """A start that is only planned: it is a change, whatever its module would find."""
    drawn = Unknown(who)
    result: dict[str, Any] = {"ansible_job_id": drawn, "results_file": drawn}
    result |= {"started": True, "finished": False, "changed": True, "failed": False}
    return Outcome("planned", "run", result, diff)


def _combined(item: Item, world: World, who: str, *, ahead: bool) -> Outcome:
    raws = item.results
    lost = any(raw.get("unreachable") for raw in raws)
    if item.settings.job and planned_only(item, world) and not lost:
        return _planned_job(who, [part for raw in raws for part in raw.get("diff") or ()])
    actions = [str(raw.get("action", "none")) for raw in raws]
    action = next(
        (a for a in ("unknown", "run", "create", "update", "remove") if a in actions), "none"
    )
    fields: dict[str, Any] = {}
    causes = tuple(raw["unknown"] for raw in raws if raw.get("unknown"))
    for raw, call in zip(raws, item.calls, strict=False):
        part = dict(raw.get("fields") or {})
        if world.planning and schema.unknown(part):
            part = _told(part, who)
        part["failed"] = bool(raw.get("failed"))
        part["changed"] = bool(raw.get("changed"))
        if call.finish is not None:
            part = {"failed": False, "changed": False} | call.finish(part, world.planning)
            finished = str(part.pop("action", "update"))
            if finished == "unknown" and "unknown" in part:
                causes += (str(part.pop("unknown")),)
            if len(item.calls) == 1:
                action = finished if part.get("changed") else "none"
        if not part["failed"]:
            part |= call.added
        changed = bool(fields.get("changed")) or bool(part["changed"])
        failed = bool(fields.get("failed")) or bool(part["failed"])
        fields = {**fields, **part, "changed": changed, "failed": failed}
    result: dict[str, Any] = fields
    causes = causes or item.argument_causes
    planned = planned_only(item, world) and action != "none"
    whole_known = action not in ("run", "unknown") and all(raw.get("known", True) for raw in raws)
    whole_known = whole_known and not (ahead and foreign.is_foreign(item))
    if action == "run" and planned_only(item, world) and not world.planning and _programs(item):
        return _not_run(item)
    if (planned or ahead) and foreign.is_foreign(item):
        if world.planning and planned_only(item, world):
            fields = result = foreign.foreseen(fields)
        elif planned and action == "run":
            return Outcome("skipped", "none", foreign.not_asked(item), reason="check mode")
        elif planned:
            whole_known = True
    told = any(call.finish is not None for call in item.calls)
    if action == "unknown" and not told and all(_only_reads(call) for call in item.calls):
        action = "none"
    if item.settings.waited:
        fields |= {"started": True, "finished": True}
    if planned_only(item, world) and not whole_known:
        result = PartialResult({"skipped": False, **fields}, who)
        if action == "unknown":
            result["changed"] = Unknown(who)
    status = "failed" if fields.get("failed") else "changed" if fields.get("changed") else "ok"
    if planned and (status == "changed" or action == "unknown"):
        status = "planned"
    if status == "ok" and fields.get("skipped") is True:
        status = "skipped"
    diff = [part for raw in raws for part in raw.get("diff") or ()]
    if foreign.is_foreign(item):
        diff = foreign.differences(item, fields, world) or diff
    seconds = sum(max(0.0, raw.get("ended", 0.0) - raw.get("started", 0.0)) for raw in raws)
    if lost:
        status = "unreachable"
        result["unreachable"] = True
    causes = causes if action == "unknown" else ()
    earlier = _all_earlier(raw.get("earlier") is True for raw in raws if raw.get("changed"))
    earlier &= status == "changed"
    return Outcome(status, action, result, diff, causes, seconds=seconds, earlier=earlier)


def _all_earlier(changes: Iterable[bool]) -> bool:
    found = list(changes)
    return bool(found) and all(found)


def _told(value: Any, who: str) -> Any:
    """A module's fields with what only the run can tell as unknown values."""
    if value == UNKNOWN:
        return Unknown(who)
    if isinstance(value, dict):
        return {key: _told(part, who) for key, part in value.items()}
    return [_told(part, who) for part in value] if isinstance(value, list) else value


def _programs(item: Item) -> bool:
    return all(call.module in ("command", "shell") for call in item.calls)


def _not_run(item: Item) -> Outcome:
    """A program under ``check_mode: true`` in a run: Ansible skips it."""
    said = "Command would have run if not in check mode"
    fields = {"rc": 0, "stdout": "", "stderr": "", "stdout_lines": [], "stderr_lines": []}
    known = item.results[0].get("fields") or {}
    result = {**fields, **known, "changed": False, "failed": False, "skipped": True, "msg": said}
    return Outcome("skipped", "none", result, reason="check mode")


def _only_reads(call: Call) -> bool:
    module = catalog.find(call.module)
    if module is None or module.kind not in ("read", "wait"):
        return False
    return not any(call.args.get(name) for name in module.writes)


def _conditions(bound: Bound, item: Item, outcome: Outcome, world: World) -> None:
    task = bound.task
    changed_when, failed_when = task.keywords.get("changed_when"), task.keywords.get("failed_when")
    if changed_when is None and failed_when is None:
        return
    scope = world.extended(item.scope, {bound.register: outcome.result} if bound.register else {})
    if changed_when is not None:
        verdict = scope.evaluate(changed_when)
        if isinstance(verdict, Unknown):
            outcome.causes = outcome.causes or verdict.causes
        else:
            outcome.result["changed"] = bool(verdict)
            if not outcome.result.get("failed"):
                planning = planned_only(item, world)
                _set_changed(outcome, changed=bool(verdict), planning=planning)
    if failed_when is not None:
        verdict = scope.evaluate(failed_when)
        if isinstance(verdict, Unknown):
            return
        failed = bool(verdict)
        outcome.result["failed"] = failed
        outcome.result["failed_when_result"] = failed
        if failed:
            outcome.status = "failed"
        elif outcome.status == "failed":
            outcome.status = "changed" if outcome.result.get("changed") else "ok"


def _set_changed(outcome: Outcome, *, changed: bool, planning: bool) -> None:
    if changed:
        outcome.status = "planned" if planning else "changed"
        outcome.action = "run" if outcome.action == "none" else outcome.action
    else:
        outcome.status = "ok"
        if planning or outcome.action != "run":
            outcome.action = "none"


def broken_off(bound: Bound, item: Item, running: Running, world: World) -> bool:
    """Whether ``break_when`` ends a loop after a turn; raises TemplateError."""
    control = bound.task.keywords.get("loop_control")
    given = control.get("break_when") if control is not None else None
    if given is None:
        return False
    result = running.outcomes[item.index].result
    extra = {bound.register: result} if bound.register else {}
    scope = world.extended(item.scope, extra)
    conditions = list(given.elements()) if isinstance(given.value, list) else [given]
    return all(scope.evaluate(one) is True for one in conditions)


def pause_of(bound: Bound, item: Item) -> float:
    """Seconds between the turns of a loop (``loop_control.pause``).

    Raises:
        InputError: it is no number of seconds.
    """
    control = bound.task.keywords.get("loop_control")
    given = control.get("pause") if control is not None else None
    if given is None:
        return 0.0
    value = item.scope.template(given)
    try:
        return float(value or 0)
    except (TypeError, ValueError) as error:
        raise InputError(
            Diagnostic("bad-value", f"`pause` is {value!r}, not a number", given.span)
        ) from error


def whole(bound: Bound, parts: list[Outcome]) -> Outcome:
    """The outcome of a task from those of its turns."""
    if bound.causes:
        return _may_run(bound, bound.causes)
    if bound.broken is not None:
        return bound.broken
    if not bound.looped:
        return parts[0]
    if not parts:
        result: dict[str, Any] = {"changed": False, "skipped": True, "results": []}
        result["skip_reason"] = "No items in the list"
        return Outcome("skipped", "none", result, reason="no items in the list")
    results = [_with_item(bound, item, part) for item, part in zip(bound.items, parts, strict=True)]
    settled = [part for part in parts if not (part.conditional and part.status == "ok")]
    verdicts = [part.result.get("changed") for part in settled]
    changed: Any = any(verdict is True for verdict in verdicts)
    if not changed:
        changed = next((one for one in verdicts if isinstance(one, Unknown)), False)
    failed = any(part.status in ("failed", "ignored") for part in parts)
    skipped = all(part.status == "skipped" for part in parts)
    result = {"results": results, "changed": changed, "failed": failed}
    result["msg"] = "One or more items failed" if failed else "All items completed"
    if skipped:
        result |= {"skipped": True, "msg": "All items skipped"}
    order = ("unreachable", "failed", "ignored", "planned", "changed", "ok", "skipped")
    status = next(s for s in order if any(part.status == s for part in parts))
    ranks = ("unknown", "run", "create", "update", "remove", "none")
    action = next(a for a in ranks if any(part.action == a for part in parts))
    return Outcome(
        status, action, result,
        diff=[row for part in parts for row in part.diff],
        causes=tuple(dict.fromkeys(c for part in parts for c in part.causes)),
        reason=parts[0].reason if skipped else "",
        conditional=all(part.conditional for part in parts),
        seconds=sum(part.seconds for part in parts),
        earlier=_all_earlier(part.earlier for part in parts if part.status == "changed"),
    )  # fmt: skip


def _with_item(bound: Bound, item: Item, part: Outcome) -> dict[str, Any]:
    name = str(item.scope["ansible_loop_var"]) if bound.looped else "item"
    part.result[name] = item.value
    part.result["ansible_loop_var"] = name
    control = bound.task.keywords.get("loop_control")
    if control is not None and control.value.get("extended"):
        part.result["ansible_loop"] = item.scope["ansible_loop"]
    index = control.value.get("index_var") if control is not None else None
    if index:
        part.result |= {str(index): item.index, "ansible_index_var": index}
    return part.result
