"""Runs one step: observe, desire, compare, then plan it or apply it and look again."""

import importlib
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional

from kplay.agent import agreed, guards, jobs
from kplay.agent.diffs import differences
from kplay.agent.host import UnknownValue
from kplay.agent.lock import hold
from kplay.agent.slot import DiskFull
from kplay.modules import api, schema

if TYPE_CHECKING:
    from types import FrameType

    from kplay.agent.foreseen import Foreseen
    from kplay.agent.local import LocalHost
    from kplay.agent.reading import LocalProbe

TELLING = 15.0
"""Seconds for finding out why a step did not end in time."""

Step = Dict[str, Any]
Result = Dict[str, Any]


class StepTimeout(BaseException):
    """The time of a step is over; not an Exception, so that no module catches it."""


class Surroundings(NamedTuple):
    """What the engine asks of the agent around it."""

    probe: "Callable[[Step], LocalProbe]"
    """A read-only view: of the host, or of a plan."""
    host: "Callable[[Step], LocalHost]"
    foreseen: "Foreseen"
    start: Callable[[Step, str], None]
    """Record that a step is about to change the host; raises DiskFull."""


def run(step: Step, around: Surroundings) -> Result:
    """Run one step; every way it can end is a result."""
    started = time.time()
    result = _blank()
    try:
        drift = _drift(step, around)
        if drift is not None and drift["stops"]:
            _fail(result, "this is not what was planned", {"code": "drift"})
        elif step.get("async") and step.get("op") == "apply":
            result.update(jobs.start(dict(step, agreed=None), around, run))
        else:
            with _Clock(float(step.get("timeout") or 0)):
                result.update(_run(step, around))
        if drift is not None:
            result["drift"] = drift
    except api.ModuleFailure as error:
        _fail(result, error.msg, error.fields)
    except UnknownValue as error:
        result.update(action="unknown", known=False, unknown=error.what)
        if error.otherwise is not None:
            result.update(otherwise=error.otherwise, lacks=error.lacks)
    except StepTimeout:
        text = "the step did not end within its timeout of %s seconds" % step["timeout"]
        fields = {"code": "timeout", "timedout": {"period": step["timeout"]}}
        _fail(result, text, dict(_overdue(step, around), **fields))
    except DiskFull as error:
        _fail(result, "%s; nothing was applied" % error, {"code": "disk-full"})
    except Exception as error:  # noqa: BLE001 - a fault of one module must not end the agent
        if step.get("op") == "plan" and schema.unknown(step.get("args")):
            result.update(action="unknown", known=False)
        else:
            text = traceback.format_exc()
            _fail(result, "%s: %s" % (type(error).__name__, error), {"exception": text})
    result["started"], result["ended"] = started, time.time()
    return result


def _blank() -> Result:
    return {
        "action": "none",
        "changed": False,
        "failed": False,
        "before": {},
        "after": {},
        "diff": [],
        "effects": [],
        "known": True,
        "fields": {},
    }


def _fail(result: Result, msg: str, fields: Dict[str, Any]) -> None:
    result["failed"] = True
    result["changed"] = bool(fields.get("changed", False))
    result["fields"] = dict(fields, msg=msg)


def _overdue(step: Step, around: Surroundings) -> Dict[str, Any]:
    """What its module finds out about a step whose time is over, where it can tell anything."""
    module = load(step["module"])
    if step.get("op") != "apply" or module.overdue is None:
        return {}
    probe = around.host(step)
    try:
        with _Clock(TELLING):
            return module.overdue(probe, _expanded(module, step, probe))
    except (Exception, StepTimeout):  # noqa: BLE001 - that the time is over is told in any case
        return {}
    finally:
        probe.close()


def _drift(step: Step, around: Surroundings) -> Optional[Dict[str, Any]]:
    """How a step of a plan file differs from the plan, looked at as the plan looked at it."""
    if step.get("op") != "apply" or not step.get("agreed"):
        return None
    found = {"action": "none", "failed": False, "before": {}, "after": {}, "diff": [], "msg": ""}
    try:
        with _Clock(float(step.get("timeout") or 0)):
            found.update(_run(dict(step, op="look", diff=True), around))
    except api.ModuleFailure as error:
        found.update(failed=True, msg=error.msg)
    except UnknownValue as error:
        otherwise = error.otherwise or {}
        found.update(action="unknown", msg=str(otherwise.get("msg") or error.what))
    except Exception as error:  # noqa: BLE001 - as in run()
        found.update(failed=True, msg="%s: %s" % (type(error).__name__, error))
    return agreed.compare(step["agreed"], found, load(step["module"]).uncounted)


def _run(step: Step, around: Surroundings) -> Result:
    module = load(step["module"])
    planning = step.get("op", "plan") != "apply"
    host = None if planning else around.host(step)
    probe = around.probe(step) if host is None else host
    args = _expanded(module, step, probe)
    try:
        skipped = guards.look(step, probe, host)
        if skipped is not None:
            return skipped
        found = module.observe(probe, args)
        if step.get("op") == "observe":
            return {"fields": {"found": found}}
        wanted = module.desire(args, found)
        change = api.compare(module, found, wanted)
        before, after = _shown(module, change.before), _shown(module, change.after)
        counts = change.counts(module)
        result = {
            "action": change.action if counts else "none",
            "changed": counts,
            "before": before,
            "after": after,
        }  # type: Result
        if step.get("diff") and counts:
            shown = change._replace(before=before, after=after)
            result["diff"] = differences(args, found, wanted, shown)
        if step.get("op") == "look":
            unsure = (
                counts
                and change.action == "update"
                and schema.unknown([change.before, change.after])
            )
            return dict(result, action="unknown") if unsure else result
        if host is None:
            result.update(_plan(module, args, found, wanted, change, around))
        else:
            applied = _apply(module, step, host, args, found, wanted, change, around)
            result.update(applied)
        return result
    finally:
        if host is not None:
            host.close()


def _plan(
    module: api.Module,
    args: api.Args,
    found: api.State,
    wanted: api.State,
    change: api.Change,
    around: Surroundings,
) -> Result:
    changed, does = change.counts(module), change.action != "none"
    if not changed:
        change = change._replace(action="none")
    if change.action == "update" and schema.unknown([change.before, change.after]):
        change = change._replace(action="unknown")
    fields = module.result(args, found, wanted, changed) if module.result else {}
    effects: List[List[Any]] = []
    waits = module.kind == "wait" and bool(wanted)
    if module.foresee is not None and (does or waits):
        effects = [list(one) for one in module.foresee(args, found, wanted)]
        around.foreseen.add(effects)
    known = (module.complete or not (changed or waits)) and change.action != "unknown"
    return {"action": change.action, "fields": fields, "effects": effects, "known": known}


def _apply(
    module: api.Module,
    step: Step,
    host: "LocalHost",
    args: api.Args,
    found: api.State,
    wanted: api.State,
    change: api.Change,
    around: Surroundings,
) -> Result:
    changes = change.action != "none"
    fields: Dict[str, Any] = {}
    if (changes or (module.kind == "wait" and wanted)) and module.apply is not None:
        try:
            with hold(list(module.exclusive) + list(step.get("locks") or ())):
                if changes:
                    around.start(step, change.action)
                fields = module.apply(host, args, found, wanted) or {}
        except api.ModuleFailure as error:
            partial: Result = {"action": change.action, "before": {}, "after": {}}
            _fail(partial, error.msg, error.fields)
            return partial
    # a module that waits may have written what it waited for
    counts = change.counts(module)
    changed = bool(fields.pop("changed", counts))
    known = module.result(args, found, wanted, counts) if module.result else {}
    result: Result = {"changed": changed, "fields": dict(known, **fields)}
    if not changed:
        result["action"] = "none"
    elif not counts:
        result["action"] = "update"
    if changes and module.verify:
        wrong = _verify(module, host, args, wanted)
        if wrong:
            _fail(result, wrong, dict(result["fields"], changed=True, code="verify"))
    return result


def _verify(module: api.Module, host: "LocalHost", args: api.Args, wanted: api.State) -> str:
    after = module.observe(host, args)
    for field in module.verify:
        if field in wanted and after.get(field) != wanted[field]:
            return "after applying, %s is %r, not %r" % (field, after.get(field), wanted[field])
    return ""


def load(name: str) -> api.Module:
    """The module of that name."""
    if not name.isidentifier():
        raise api.ModuleFailure("no module named %s" % name, code="unknown-module")
    try:
        exported = getattr(importlib.import_module("kplay.modules." + name), "module", None)
    except ImportError as error:
        if error.name not in (None, "kplay.modules." + name):
            raise
        exported = None
    if not isinstance(exported, api.Module):
        raise api.ModuleFailure("no module named %s" % name, code="unknown-module")
    return exported


def _shown(module: api.Module, state: api.State) -> api.State:
    if not module.fields:
        return state
    kept = (*module.fields, "content", "contents")
    return {key: value for key, value in state.items() if key in kept}


def _expanded(module: api.Module, step: Step, probe: "LocalProbe") -> api.Args:
    """Arguments with ~ and variables in paths expanded, as this host's user has them."""
    given = dict(step.get("args") or {})
    args, faults = schema.normalise(module, given, schema.unknown, lambda text: _path(text, probe))
    if faults:
        raise api.ModuleFailure("; ".join(one.message for one in faults), code="bad-argument")
    return args


def _path(text: str, probe: "LocalProbe") -> str:
    environ = probe.facts()["environ"]
    if "$" in text:
        for name, value in sorted(environ.items(), reverse=True):
            text = text.replace("${%s}" % name, value).replace("$" + name, value)
    head, slash, rest = text.partition("/")
    if not head.startswith("~"):
        return text
    if head == "~" and environ.get("HOME"):
        return str(environ["HOME"]) + slash + rest
    user = probe.user(head[1:] or str(probe.facts()["uid"]))
    return user.home + slash + rest if user is not None else text


class _Clock(object):
    """Raises StepTimeout in the main thread when the time is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        if self.seconds > 0:
            signal.signal(signal.SIGALRM, self._over)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.seconds > 0:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def _over(number: int, frame: "Optional[FrameType]") -> None:
        raise StepTimeout
