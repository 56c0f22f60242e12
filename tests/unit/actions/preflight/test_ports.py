"""Ports between hosts: which are tried, and what their answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.preflight.judging import evaluate
from kplay.actions.preflight.looking import listeners, targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.actions.preflight.survey import Survey


def tried(rows: list[dict[str, Any]]) -> set[str]:
    return {f"{row['to']}:{row['port']}/{row['protocol']}" for row in rows}


def test_who_tries_what(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "s2": "server", "a1": "agent"})
    assert tried(targets(settings("rke2"), known, "a1")) == {
        f"{host}:{port}"
        for host in ("s1", "s2")
        for port in ("6443/tcp", "9345/tcp", "10250/tcp", "8472/udp", "9099/tcp")
    }
    assert tried(targets(settings("rke2"), known, "s1")) == {
        *(f"s2:{port}/tcp" for port in (6443, 9345, 2379, 2380, 2381, 10250, 9099)),
        *(f"a1:{port}/tcp" for port in (10250, 9099)),
        "s2:8472/udp",
        "a1:8472/udp",
    }


def test_ports_follow_the_cni_and_the_datastore(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "s2": "server"})
    cilium = tried(targets(settings("rke2", cni="cilium", features=[]), known, "s1"))
    assert {"s2:4240/tcp", "s2:0/icmp", "s2:8472/udp"} <= cilium
    assert "s2:2379/tcp" not in cilium
    calico = tried(targets(settings("rke2", cni="calico"), known, "s1"))
    assert {"s2:179/tcp", "s2:4789/udp", "s2:5473/tcp", "s2:2379/tcp"} <= calico


def test_ports_follow_the_backend_of_flannel(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "a1": "agent"})
    assert "s1:8472/udp" not in tried(targets(settings(features=["host-gw"]), known, "a1"))
    assert "s1:51820/udp" in tried(targets(settings(features=["wireguard"]), known, "a1"))


def test_further_rows_of_a_site(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "a1": "agent"})
    row = {"from": ["agent"], "to": ["server"], "port": 5000, "for": "registry"}
    rows = targets(settings(extra_ports=[row]), known, "a1")
    assert "s1:5000/tcp" in tried(rows)


def test_the_registration_address_is_tried_from_every_host(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server"})
    given = settings("rke2", registration_address="api.example")
    assert targets(given, known, "s1") == []  # it does not resolve there
    known["s1"]["resolved"] = {"api.example": ["10.0.0.9", "10.0.0.8"]}
    rows = targets(given, known, "s1")
    assert [(row["address"], row["port"], row["registration"]) for row in rows] == [
        ("10.0.0.9", 9345, "api.example"),
        ("10.0.0.9", 6443, "api.example"),
    ]


def test_a_host_listens_where_nothing_of_ours_is(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "a1": "agent", "a2": "agent"})
    assert listeners(settings(features=["vxlan"]), known, "s1") == [
        {"protocol": "tcp", "port": 6443, "expected": ["a1", "a2"]},
        {"protocol": "udp", "port": 8472, "expected": ["a1", "a2"]},
    ]
    rows = targets(settings(), known, "a1")
    assert all(row["listens"] for row in rows)

    known["s1"]["taken"] = ["6443/tcp"]
    assert [one["port"] for one in listeners(settings(features=["vxlan"]), known, "s1")] == [8472]

    known["s1"]["bare"] = False
    assert listeners(settings(), known, "s1") == []
    assert not any(
        row.get("listens") for row in targets(settings(), known, "a1") if row["to"] == "s1"
    )


def test_nobody_listens_where_it_is_not_wanted(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "a1": "agent"})
    assert listeners(settings(listen=False), known, "s1") == []
    assert not any(row.get("listens") for row in targets(settings(listen=False), known, "a1"))


def test_a_service_that_answers_no_stranger_is_not_waited_for(settings: Any, hosts: Any) -> None:
    known = hosts({"s1": "server", "a1": "agent"})
    known["s1"]["taken"] = ["8472/udp"]
    rows = {row["port"]: row for row in targets(settings(), known, "a1")}
    assert rows[8472]["deaf"]
    assert "listens" not in rows[8472]


def attempt(outcome: str, port: int = 6443, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    return {
        "to": "s1", "address": "192.168.7.1", "port": port, "protocol": protocol, "for": "x",
        "outcome": outcome, "at": 100.0, **more,
    }  # fmt: skip


LISTENED = {"began": 99.0, "ended": 101.5, "listened": [["tcp", 6443], ["udp", 8472]]}


@pytest.mark.parametrize(
    ("row", "listened", "rule", "text"),
    [
        (attempt("answered"), False, "", ""),
        (attempt("refused"), False, "", ""),
        (attempt("refused"), True, "port-blocked", "refused although it was listened on"),
        (attempt("silent"), False, "port-blocked", "s1 (192.168.7.1) is not reached on 6443/tcp"),
        (attempt("prohibited", by="10.9.9.1"), False, "port-blocked", "by a firewall (10.9.9.1)"),
        (attempt("prohibited", by="192.168.7.1"), False, "port-blocked", "prohibited by a"),
        (attempt("unreachable"), False, "port-blocked", "no route to it"),
        (attempt("failed"), False, "port-blocked", "could not be tried"),
        (attempt("unresolved"), False, "port-blocked", "its name does not resolve"),
        (attempt("refused", 8472, "udp"), False, "", ""),
        (attempt("silent", 8472, "udp"), True, "port-blocked", "8472/udp (x): no answer"),
        (attempt("silent", 8472, "udp"), False, "port-undecided", "8472/udp (x) cannot be told"),
        (attempt("silent", 8472, "udp", deaf=True), False, "", ""),
    ],
)  # fmt: skip
def test_what_answers_mean(
    cluster: Callable[..., Survey],
    row: dict[str, Any],
    listened: bool,
    rule: str,
    text: str,
) -> None:
    survey = cluster()
    survey.reach["a1"] = [row]
    if listened:
        survey.windows["s1"] = LISTENED
    found = evaluate(survey)
    assert [(one.id, one.host) for one in found] == ([(rule, "a1")] if rule else [])
    assert text in "".join(one.text for one in found)


@pytest.mark.parametrize(
    ("at", "clock", "sure"),
    [
        (100.0, (0.0, 0.0), True),
        (98.9, (0.0, 0.0), False),  # before it listened
        (101.6, (0.0, 0.0), False),  # after
        (107.0, (7.0, 7.1), True),  # by a clock that is seven seconds ahead
        (100.0, (-2.0, 2.0), False),  # by a clock of which too little is known
    ],
)
def test_a_refusal_counts_only_where_the_other_surely_listened(
    cluster: Callable[..., Survey], at: float, clock: tuple[float, float], sure: bool
) -> None:
    survey = cluster(clock_skew=0)
    survey.clocks |= {"s1": (0.0, 0.0), "a1": clock}
    survey.windows["s1"] = LISTENED
    survey.reach["a1"] = [attempt("refused") | {"at": at}]
    assert bool(evaluate(survey)) == sure
    survey.reach["a1"] = [attempt("refused", times=[at - 90, at, at + 90])]
    assert bool(evaluate(survey)) == sure


def test_a_host_that_is_not_reached_at_all_is_one_finding(
    cluster: Callable[..., Survey], only: Any
) -> None:
    survey = cluster()
    survey.reach["a1"] = [attempt("silent"), attempt("silent", 10250)]
    assert only(survey).text == "s1 (192.168.7.1) is not reached on any port: no answer"
    survey.reach["a1"].append(attempt("refused", 2379))
    assert "not reached on 6443/tcp (x), 10250/tcp (x): no answer" in only(survey).text
