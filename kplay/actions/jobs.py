"""async_status: whether a job changed its host is for the job to say, not for who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.api import Call
from kplay.modules.async_status import JOB_CHANGED

if TYPE_CHECKING:
    from kplay.actions.api import Context, Outcome


def async_status(context: Context) -> Outcome:
    """Ask the host for the job's file."""

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        if planning or JOB_CHANGED not in result:
            return result
        changed = bool(result.pop(JOB_CHANGED))
        return {**result, "changed": changed, "action": "run"}

    return [Call("async_status", dict(context.args), finish=finish)]
