"""async_status: whether a job changed its host is for the job to say, not for who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.api import Call
from kplay.modules.async_status import JOB_CHANGED

if TYPE_CHECKING:
    from kplay.actions.api import Context, Outcome


def async_status(context: Context) -> Outcome:
    """Ask the host for the job's file."""
    mode = context.args.get("mode")
    cleans = isinstance(mode, str) and mode == "cleanup"

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        told = JOB_CHANGED in result
        changed = bool(result.pop(JOB_CHANGED, False))
        if planning and not cleans and not result["failed"]:
            if not told:
                return {**result, "changed": True, "action": "unknown"}
            if result.get("finished") is not True:
                why = "what becomes of a job that is still under way"
                return {**result, "changed": True, "action": "unknown", "unknown": why}
        return {**result, "changed": changed, "action": "run"} if told else result

    return [Call("async_status", dict(context.args), finish=finish)]
