"""preflight_reach on hosts in memory; the sockets themselves are in tests/unit/agent."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from kplay.actions.preflight.looking import reach
from kplay.agent.reading import LocalProbe
from kplay.modules.preflight_reach import module, names
from kplay.testing import FakeHost, plan, play
from kplay.testing.play import checked

if TYPE_CHECKING:
    from pathlib import Path


def test_each_target_has_its_answer_in_order() -> None:
    host = FakeHost(facts={"nodename": "a"})
    host.reached["10.0.0.2", 6443, "tcp"] = {"outcome": "silent"}
    host.reached["10.0.0.2", 8472, "udp"] = {"outcome": "answered", "said": "b"}
    args = {
        "name": "a",
        "targets": [
            {"address": "10.0.0.2", "port": 6443, "protocol": "tcp"},
            {"address": "10.0.0.2", "port": 8472, "protocol": "udp", "listens": True},
            {"address": "10.0.0.2", "port": 10250, "protocol": "tcp"},
        ],
        "listen": [{"protocol": "tcp", "port": 10250, "expected": ["b"]}],
        "patience": 0.5,
        "timeout": 1,
    }
    found = plan(module, args, host)
    assert found.known
    assert [one["outcome"] for one in found["reach"]["attempts"]] == [
        "silent",
        "answered",
        "refused",
    ]
    assert found["reach"]["attempts"][1]["said"] == "b"
    assert found["reach"]["listened"] == [["tcp", 10250]]
    assert not play(module, args, host).changed


def test_nothing_to_try() -> None:
    assert plan(module, {}, FakeHost(facts={"nodename": "a"}))["reach"]["attempts"] == []


BARE: dict[str, Any] = {"bare": True, "taken": [], "resolved": {}}


def test_the_controller_says_what_to_try_and_names_the_answers() -> None:
    settings = {
        "ports": [{"from": ["agent"], "to": ["server"], "port": 6443, "for": "API"}],
        "listen": True,
        "registration_address": "api.example",
        "registration_ports": [6443],
        "timeout": 1,
    }
    hosts = {
        "s1": {**BARE, "address": "10.0.0.1", "roles": ["server"]},
        "a1": {
            **BARE,
            "address": "10.0.0.2",
            "roles": ["agent"],
            "resolved": {"api.example": ["10.0.0.9"]},
        },
        "lost": {"unreachable": True},
    }
    context: Any = SimpleNamespace(args={"settings": settings, "hosts": hosts}, host="a1")
    (call,) = reach(context)
    assert call.args == {
        "targets": [
            {"address": "10.0.0.1", "port": 6443, "protocol": "tcp", "listens": True},
            {
                "address": "10.0.0.9",
                "port": 6443,
                "protocol": "tcp",
                "hears": True,
                "asks": True,
            },
        ],
        "listen": [],
        "name": "a1",
        "patience": 2.5,
        "timeout": 1.0,
    }
    host = FakeHost(facts={"nodename": "a1"})
    host.reached["10.0.0.9", 6443, "tcp"] = {"outcome": "silent"}
    assert call.finish is not None
    result = call.finish(dict(plan(module, call.args, host).fields), True)
    assert [(one["to"], one["for"], one["outcome"]) for one in result["reach"]["attempts"]] == [
        ("s1", "API", "refused"),
        ("", "registration", "silent"),
    ]
    assert len(result["clock"]) == 2

    context.host = "s1"
    (call,) = reach(context)
    assert call.args["listen"] == [{"protocol": "tcp", "port": 6443, "expected": ["a1"]}]


def test_what_answers_is_known_by_the_names_of_its_certificate(tmp_path: Path) -> None:
    pem = tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=k",
         "-keyout", tmp_path / "key.pem", "-out", pem,
         "-addext", "subjectAltName=DNS:api.example,IP:10.0.0.9"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            server.accept()[0].close()  # the one that only tries the port
            with suppress(OSError), context.wrap_socket(server.accept()[0], server_side=True):
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        target = {"address": "127.0.0.1", "port": port, "protocol": "tcp", "asks": True}
        args = checked(module, {"targets": [target], "name": "a", "patience": 1, "timeout": 3})
        found = module.observe(LocalProbe(), args)
        thread.join()
    assert found["attempts"][0]["certificate"] == ["api.example", "10.0.0.9"]


def test_a_certificate_that_cannot_be_read_has_no_names() -> None:
    assert names(b"nonsense") == []
