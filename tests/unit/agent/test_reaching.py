"""Probe.reach with real sockets, on loopback addresses."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kplay.agent.reading import LocalProbe

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as made:
        made.bind((HERE, 0))
        return int(made.getsockname()[1])


def reach(
    targets: list[dict[str, Any]], listen: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    given = {"name": "a", "patience": 1.0, "timeout": 1.0, **more}
    return LocalProbe().reach(targets, listen or [], **given)


def outcomes(found: dict[str, Any]) -> list[str]:
    return [one["outcome"] for one in found["attempts"]]


@pytest.fixture
def service() -> Iterator[int]:
    """A port that somebody listens on, and says nothing."""
    with socket.create_server((HERE, 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_that_is_open_and_one_that_is_closed(service: int) -> None:
    found = reach([
        {"address": HERE, "port": service, "protocol": "tcp"},
        {"address": HERE, "port": free_port(), "protocol": "tcp"},
        {"address": HERE, "port": free_port(socket.SOCK_DGRAM), "protocol": "udp"},
    ])  # fmt: skip
    assert outcomes(found) == ["answered", "refused", "refused"]
    assert found["began"] <= found["attempts"][0]["at"] <= found["ended"]
    assert found["ended"] - found["began"] < 0.5


def test_a_service_that_says_nothing_is_heard_for_a_second_and_asked_for_tls(service: int) -> None:
    began = time.monotonic()
    found = reach(
        [{"address": HERE, "port": service, "protocol": "tcp", "hears": True, "asks": True}]
    )
    assert outcomes(found) == ["answered"]
    assert 1.9 < time.monotonic() - began < 3


def test_datagrams_that_nobody_answers_are_waited_for_as_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HERE, 0))
        port = silent.getsockname()[1]
        began = time.monotonic()
        found = reach([{"address": HERE, "port": port, "protocol": "udp", "deaf": True}])
        assert outcomes(found) == ["silent"]
        assert time.monotonic() - began < 0.9
        target = {"address": HERE, "port": port, "protocol": "udp", "listens": True}
        found = reach([target], timeout=2.5)
        assert outcomes(found) == ["silent"]
        assert len(found["attempts"][0]["times"]) == 4
        silent.setblocking(False)
        heard = [silent.recv(512) for _ in range(6)]
    assert set(heard) == {b"kplay a\n"}  # sent more than once


def test_two_hosts_that_listen_for_each_other_are_soon_done() -> None:
    ports = [free_port(), free_port(socket.SOCK_DGRAM)]
    kinds = ["tcp", "udp"]
    answers: dict[str, dict[str, Any]] = {}

    def other() -> None:
        time.sleep(0.4)  # the first attempts are refused
        listen = [
            {"protocol": kind, "port": port, "expected": ["a"]}
            for kind, port in zip(kinds, ports, strict=True)
        ]
        answers["b"] = reach([], listen, name="b", patience=5.0)

    thread = threading.Thread(target=other)
    thread.start()
    targets = [
        {"address": HERE, "port": port, "protocol": kind, "listens": True}
        for kind, port in zip(kinds, ports, strict=True)
    ]
    answers["a"] = reach(targets, patience=3.0)
    thread.join()
    assert outcomes(answers["a"]) == ["answered", "answered"]
    assert {one["said"] for one in answers["a"]["attempts"]} == {"b"}
    assert answers["b"]["listened"] == [["tcp", ports[0]], ["udp", ports[1]]]
    assert answers["b"]["ended"] - answers["b"]["began"] < 2.0


def test_nothing_is_left_of_listening() -> None:
    port = free_port()
    listen = [{"protocol": "tcp", "port": port, "expected": ["a"]}]
    targets = [{"address": HERE, "port": port, "protocol": "tcp", "listens": True}]
    found = reach(targets, listen)
    assert found["attempts"][0]["said"] == "a"
    # without SO_REUSEADDR, a connection in TIME_WAIT would keep the port
    with socket.socket() as later:
        later.bind((HERE, port))


def test_listening_ends_with_patience_where_nobody_comes() -> None:
    listen = [{"protocol": "tcp", "port": free_port(), "expected": ["never"]}]
    found = reach([], listen, patience=0.5)
    assert 0.4 < found["ended"] - found["began"] < 1.2


def test_a_port_that_is_taken_is_not_listened_on(service: int) -> None:
    found = reach([], [{"protocol": "tcp", "port": service, "expected": ["b"]}])
    assert found["listened"] == []
    assert found["ended"] - found["began"] < 0.5


def test_a_name_that_means_nothing() -> None:
    found = reach([{"address": "no-such-host.invalid", "port": 1, "protocol": "tcp"}])
    assert outcomes(found) == ["unresolved"]


def test_a_thousand_targets_at_once() -> None:
    port, closed = free_port(), free_port()
    targets = [
        {"address": HERE, "port": one, "protocol": "tcp"}
        for one in (port, closed)
        for _ in range(500)
    ]
    found = reach(targets, [{"protocol": "tcp", "port": port, "expected": []}], timeout=5.0)
    assert outcomes(found) == ["answered"] * 500 + ["refused"] * 500
    assert found["ended"] - found["began"] < 3
