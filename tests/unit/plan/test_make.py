from __future__ import annotations

from kplay.plan.make import _in_order
from kplay.walk.events import Place, StepEnded


def ended(step: str, host: str) -> StepEnded:
    place = Place(f"{step}@{host}", host, "task", "copy", "play", "", "play.yml", 1)
    return StepEnded(0.0, place, "planned", "create", {})


def test_a_plan_reads_as_written_whoever_answered_first():
    steps = [ended("1.0", "a"), ended("0.10", "b"), ended("0.2", "b"), ended("0.2", "a")]
    order = [one.place.step for one in _in_order(steps, ["a", "b"])]
    assert order == ["0.2@a", "0.2@b", "0.10@b", "1.0@a"]
