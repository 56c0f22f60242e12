"""Ctrl-C while a step waits: it neither did its work nor failed."""

from __future__ import annotations

import pytest

from kplay.modules.api import ModuleFailure
from kplay.report import recap
from kplay.testing.host import FakeHost
from kplay.walk import events
from kplay.walk.walker import Walker

PLAY = """
    - hosts: a
      gather_facts: false
      tasks:
        - block:
            - name: wait
              {wait}
          rescue:
            - {{name: mend, command: echo}}
        - {{name: after, command: echo}}
    - hosts: b
      gather_facts: false
      tasks:
        - {{name: below, command: echo}}
"""


@pytest.fixture
def interrupted(walk, monkeypatch: pytest.MonkeyPatch):
    """A walk that is interrupted as soon as a step waits, or is to be tried again."""

    def run(wait: str, **fields):
        walkers: list[Walker] = []
        begin = Walker.run

        def started(walker: Walker) -> None:
            walkers.append(walker)
            emit = walker.emit

            def hears(event: events.Event) -> None:
                emit(event)
                if isinstance(event, events.StepRetried):
                    walker.interrupt()

            walker.emit = hears
            begin(walker)

        monkeypatch.setattr(Walker, "run", started)

        def sleep(host: FakeHost, seconds: float) -> None:
            walkers[0].interrupt()
            raise ModuleFailure("the run was cancelled while waiting", code="cancelled")

        monkeypatch.setattr(FakeHost, "sleep", sleep)
        host = FakeHost().when("false", rc=1).when("echo")
        return walk(PLAY.format(wait=wait), fake={"a": host}, **fields)

    return run


WAIT_FOR = "wait_for: {path: /none}"
UNTIL = """command: 'false'
              retries: 9
              delay: 60
              register: it
              until: it.rc == 0"""


@pytest.mark.parametrize(
    "wait",
    [
        WAIT_FOR,
        f"{WAIT_FOR}\n              ignore_errors: true",
        UNTIL,
    ],
    ids=["wait_for", "ignored", "until"],
)
def test_a_wait_that_is_interrupted_is_no_failure(interrupted, wait: str):
    walked = interrupted(wait)
    assert walked.ended() == [("a", "wait", "interrupted")]
    assert walked.lost() == {}
    warned = [one.message for one in walked.events if isinstance(one, events.Warned)]
    assert all(one.startswith("stopping when ") for one in warned)
    counts = walked.walker.hosts["a"].counts
    assert (counts["failed"], counts["rescued"], counts["interrupted"]) == (0, 0, 1)
    ended = events.RunEnded(0.0, "r", 1.0, {"a": counts}, {}, 130)
    assert recap.lines(ended)[0][1].endswith("blocked=0    interrupted=1")


def test_a_turn_of_a_loop_is_told_and_counted_once(interrupted):
    walked = interrupted("wait_for: {path: '/{{ item }}'}\n              loop: [x]")
    told = [(one.place.item, one.status) for one in walked.steps()]
    assert told == [("x", "interrupted")]
    assert walked.walker.hosts["a"].counts["interrupted"] == 1


def test_no_log_hides_it_as_any_result(interrupted):
    walked = interrupted(f"{WAIT_FOR}\n              no_log: true")
    assert "msg" not in walked.steps()[0].result


def test_a_second_one_while_the_first_is_told_of(walk, monkeypatch: pytest.MonkeyPatch):
    """What is left is told, though it was asked for before the first frame was dealt with."""
    begin = Walker.run

    def started(walker: Walker) -> None:
        emit = walker.emit

        def hears(event: events.Event) -> None:
            emit(event)
            if isinstance(event, events.StepSent | events.Warned):
                walker.interrupt()

        walker.emit = hears
        begin(walker)

    monkeypatch.setattr(Walker, "run", started)
    play = "- hosts: a\n  gather_facts: false\n  tasks: [{name: slow, command: echo}]\n"
    walked = walk(play, slow=("a",), fake={"a": FakeHost().when("echo")})
    left = [one for one in walked.events if isinstance(one, events.StepLeft)]
    assert [(one.place.task, one.place.host, one.state) for one in left] == [("slow", "a", "sent")]
