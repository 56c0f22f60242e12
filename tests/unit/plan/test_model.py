from __future__ import annotations

import json
from typing import Any

from kplay.plan.model import PlanData
from kplay.report import plan_text
from kplay.walk.events import HostLost, Place, StepEnded


def ended(status: str = "planned", action: str = "update", **more: Any) -> StepEnded:
    place = Place("0.0@h", "h", "Make it so", "command", "play", "", "site.yml", 3)
    given = {"result": {"changed": action != "none"}, **more}
    return StepEnded(0.0, place, status, action, **given)


def test_changes_are_listed_and_times_left_out() -> None:
    data = PlanData.of([ended(), ended("ok", "none")]).to_json()
    assert [one["action"] for one in data["changes"]] == ["update"]
    assert "time" not in data["changes"][0]
    assert data["unchanged"] == 1
    assert data["summary"] == "plan: 1 to update on 1 host"


def test_what_json_says_is_the_whole_plan() -> None:
    rows = [{"path": "/a", "before": "1\n", "after": "2\n"}]
    steps = [
        ended(diff=rows, seconds=0.5),
        ended(action="unknown", conditional=True, causes=["`x` of y"]),
        ended("ok", "run"),
        ended("skipped", "none"),
    ]
    plan = PlanData.of(steps, [HostLost(0.0, "w2", "unreachable", "no route to host", 7)])
    again = PlanData.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan
    assert plan_text.of(again) == plan_text.of(plan)
    assert "(was run)" in plan_text.of(again)
