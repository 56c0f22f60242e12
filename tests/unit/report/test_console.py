from __future__ import annotations

import io
from typing import TYPE_CHECKING

from kplay.report.console import Console
from kplay.walk.events import RunEnded, StepEnded, StepSent

if TYPE_CHECKING:
    from collections.abc import Callable


def test_lines_scroll_and_hosts_at_work_are_known(ended: Callable[..., StepEnded]) -> None:
    stream = io.StringIO()
    console = Console(stream)
    done = ended("w1", status="changed")
    with console.running():
        console(StepSent(0.0, done.place))
        console(StepSent(0.0, ended("w2").place))
        assert sorted(console._now) == ["w1", "w2"]
        console(done)
        assert sorted(console._now) == ["w2"]
        console(RunEnded(0.0, "r1", 1.0, {"w1": {"changed": 1}}, {}, 0))
    assert console._now == {}
    assert "changed   w1: Make it so" in stream.getvalue()


def test_square_brackets_are_text(ended: Callable[..., StepEnded]) -> None:
    stream = io.StringIO()
    with Console(stream).running() as console:
        console(ended("w1", "Do [red]this[/red]", status="changed"))
    assert "[red]this[/red]" in stream.getvalue()
