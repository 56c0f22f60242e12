"""A plan for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.report.plan_text import pending, summary
from kplay.walk.events import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.walk.events import HostLost, StepEnded


def of(steps: Sequence[StepEnded], lost: Sequence[HostLost] = ()) -> dict[str, Any]:
    """JSON-ready data: the changes in order, the hosts that could not be planned, the summary."""
    return {
        "format": 1,
        "changes": [_plain(to_json(step)) for step in pending(steps)],
        "lost": [_plain(to_json(host)) for host in lost],
        "summary": summary(steps, lost),
    }


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("event", "time", "sent")}
