"""The agent over SSH, against real sshd servers on the loopback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.session import AgentSession, Hello
from kplay.transport import base

if TYPE_CHECKING:
    from sshd import Place

    from kplay.transport.target import Target

pytestmark = pytest.mark.hosts


def start(place: Place, target: Target, **hello: Any) -> AgentSession:
    made = AgentSession(
        place.connect(target), Hello("r", "h1", mode="plan", **hello), lambda event: None
    )
    place.open.clear()
    return made


@pytest.mark.parametrize("through", ["paramiko", "openssh"])
def test_the_agent_runs_over_ssh(
    place: Place, through: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = place.target(place.server(), ansible_ssh_transport=through)
    events: list[dict[str, Any]] = []
    session = AgentSession(place.connect(target), Hello("r", "h1", mode="plan"), events.append)
    place.open.clear()
    assert session.welcome["uid"] == os.geteuid()
    session.close()
    assert events == [{"type": "closed", "error": None}]


def test_a_host_without_python_says_so(place: Place) -> None:
    # The agent's own shell text, where no program of its list is to be found
    hidden = "sed 's,python,pythoff,g; s,kplay-no-pythoff,kplay-no-python,'"
    server = place.server(f'ForceCommand eval "$(echo "$SSH_ORIGINAL_COMMAND" | {hidden})"')
    with pytest.raises(base.NoPythonError, match="no Python 3 on the host"):
        start(place, place.target(server))


def test_an_interpreter_that_is_not_there_says_so(place: Place) -> None:
    target = place.target(place.server())
    with pytest.raises(base.NoPythonError, match="/opt/none/python"):
        start(place, target, interpreter="/opt/none/python")


def test_an_account_that_runs_no_programs_says_what_it_said(place: Place) -> None:
    server = place.server("ForceCommand echo This account is not available; exit 1")
    with pytest.raises(base.AgentError, match="This account is not available"):
        start(place, place.target(server))


def test_what_a_login_shell_prints_before_does_not_matter(place: Place) -> None:
    server = place.server('ForceCommand echo "* welcome to h1 *"; eval "$SSH_ORIGINAL_COMMAND"')
    session = start(place, place.target(server))
    assert session.welcome["python"] >= [3, 6]
    session.close()
