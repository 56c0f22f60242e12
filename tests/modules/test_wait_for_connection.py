from __future__ import annotations

from kplay.modules.wait_for_connection import module
from kplay.testing import FakeHost, play


def test_a_host_that_answers_has_been_waited_for() -> None:
    done = play(module, {"timeout": 5, "delay": 0, "sleep": 1, "connect_timeout": 2}, FakeHost())
    assert (done.changed, done["elapsed"]) == (False, 0)
