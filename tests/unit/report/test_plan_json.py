from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kplay.report import plan_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.walk.events import StepEnded


def test_changes_are_listed_and_times_left_out(ended: Callable[..., StepEnded]) -> None:
    data = json.loads(json.dumps(plan_json.of([ended(), ended(status="ok", action="none")])))
    assert [one["action"] for one in data["changes"]] == ["update"]
    assert "time" not in data["changes"][0]
    assert data["summary"] == "plan: 1 to update on 1 host"
