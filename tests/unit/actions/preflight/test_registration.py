"""The registration address: what it means on each host, and who answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.preflight.judging import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.actions.preflight.survey import Survey

NAME = "api.example"
BALANCER = "192.168.7.100"


def answer(outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "to": "", "address": BALANCER, "port": 6443, "protocol": "tcp", "for": "registration",
        "registration": NAME, "outcome": outcome, "at": 100.0, **more,
    }  # fmt: skip


@pytest.fixture
def joined(cluster: Callable[..., Survey]) -> Survey:
    """A cluster whose hosts all know its registration address as a load balancer's."""
    survey = cluster(registration_address=NAME)
    for facts in survey.hosts.values():
        facts["resolved"] = {NAME: [BALANCER]}
    return survey


def test_a_balancer_before_servers_that_do_not_run_yet(joined: Survey) -> None:
    joined.reach["a1"] = [answer("refused")]
    assert evaluate(joined) == []


def test_the_first_server_itself(joined: Survey) -> None:
    for facts in joined.hosts.values():
        facts["resolved"] = {NAME: ["192.168.7.1"]}
    joined.reach["a1"] = [answer("answered", said="s1")]
    assert evaluate(joined) == []


def test_it_does_not_resolve_on_one_host(joined: Survey, only: Any) -> None:
    joined.hosts["a2"]["resolved"] = {NAME: []}
    found = only(joined)
    assert (found.id, found.host) == ("registration-unresolved", "a2")
    assert found.text == "registration address api.example does not resolve"


def test_it_resolves_differently(joined: Survey, only: Any) -> None:
    joined.hosts["a2"]["resolved"] = {NAME: ["192.168.7.101"]}
    found = only(joined)
    assert (found.id, found.severity) == ("registration-differs", "warning")
    assert "a2 to 192.168.7.101" in found.text


def test_it_is_the_loopback_address(joined: Survey, ids: Any) -> None:
    joined.hosts["s1"]["resolved"] = {NAME: ["127.0.1.1"]}
    assert ("registration-loopback", "s1") in ids(joined)


def test_it_leads_to_an_agent_by_address(joined: Survey, only: Any) -> None:
    for facts in joined.hosts.values():
        facts["resolved"] = {NAME: ["10.9.9.9"]}
    joined.hosts["a1"]["addresses"].append("10.9.9.9")
    found = [one for one in evaluate(joined) if one.host == "a2"]
    assert [one.id for one in found] == ["registration-wrong-host"]
    assert found[0].text == "registration address api.example leads to a1, which is no server"


def test_it_leads_to_an_agent_by_who_answers(joined: Survey, only: Any) -> None:
    joined.reach["a2"] = [answer("answered", said="a1")]
    assert (only(joined).id, only(joined).host) == ("registration-wrong-host", "a2")


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("silent", "registration address api.example:6443: no answer"),
        ("prohibited", "prohibited by a firewall by 10.0.0.1"),
        ("unreachable", "no route to it"),
    ],
)
def test_packets_do_not_arrive(joined: Survey, only: Any, outcome: str, text: str) -> None:
    more = {"by": "10.0.0.1"} if outcome == "prohibited" else {}
    joined.reach["a1"] = [answer(outcome, **more)]
    found = only(joined)
    assert (found.id, found.host) == ("registration-blocked", "a1")
    assert text in found.text


def test_what_answers_is_another_cluster(joined: Survey, only: Any) -> None:
    joined.reach["a1"] = [answer("answered", certificate=["old.example", "10.0.0.1"])]
    found = only(joined)
    assert (found.id, found.severity) == ("registration-certificate", "warning")
    assert "answers with a certificate for old.example, 10.0.0.1" in found.text
    joined.reach["a1"] = [answer("answered", certificate=["old.example", NAME])]
    assert evaluate(joined) == []


def test_without_a_registration_address_nothing_is_looked_at(
    cluster: Callable[..., Survey],
) -> None:
    assert evaluate(cluster(registration_address="")) == []
