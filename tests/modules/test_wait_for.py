from typing import Any

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import ModuleFailure
from kplay.modules.wait_for import module
from kplay.testing import plan
from kplay.testing.host import FakeHost

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0B00090A:1F90 0C00090A:C350 01 00000000:00000000 00:00000000 00000000     0
   1: 0B00090A:1F90 0D00090A:C350 08 00000000:00000000 00:00000000 00000000     0
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
"""
TCP6 = "sl\n 0: 0000000000000000FFFF00000B00090A:1F90 0000000000000000FFFF00000E00090A:1 01\n"


def seen(host: FakeHost, /, **args: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
    given = {name: arg.default for name, arg in module.args.items()} | args
    found = dict(module.observe(host, given))
    return given, found, module.desire(given, found)


def through(host: FakeHost, /, **args: Any) -> dict[str, Any]:
    given, found, wanted = seen(host, **args)
    if not wanted:
        assert module.result is not None
        return dict(module.result(given, found, wanted, False))
    assert module.apply is not None
    return dict(module.apply(host, given, found, wanted))


def appearing(host: FakeHost, after: float, happen: Any) -> FakeHost:
    """Something happens on the host once its clock has gone on so far."""
    start, sleep = host.now, host.sleep

    def later(seconds: float) -> None:
        sleep(seconds)
        if host.now - start >= after:
            happen()

    host.sleep = later  # type: ignore[method-assign]
    return host


def test_an_open_port_is_not_waited_for() -> None:
    host = FakeHost()
    host.ports.add(("127.0.0.1", 22))
    assert through(host, port=22) == {
        "state": "started",
        "port": 22,
        "path": None,
        "search_regex": None,
        "match_groups": [],
        "match_groupdict": {},
        "elapsed": 0,
    }


def test_a_port_is_waited_for() -> None:
    host = FakeHost()
    appearing(host, 3, lambda: host.ports.add(("10.9.0.1", 6443)))
    fields = through(host, host="10.9.0.1", port=6443)
    assert fields["elapsed"] == 3


def test_a_port_that_is_to_close() -> None:
    host = FakeHost()
    host.ports.add(("127.0.0.1", 80))
    appearing(host, 2, host.ports.clear)
    assert through(host, port=80, state="stopped")["elapsed"] == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"port": 9}, "Timeout when waiting for 127.0.0.1:9"),
        ({"port": 9, "msg": "no mirror"}, "no mirror"),
        ({"path": "/nope"}, "Timeout when waiting for file /nope"),
        (
            {"path": "/there", "search_regex": "x+"},
            "Timeout when waiting for search string x+ in /there",
        ),
        ({"path": "/there", "state": "absent"}, "Timeout when waiting for /there to be absent."),
    ],
)
def test_the_time_is_over(args: dict[str, Any], message: str) -> None:
    host = FakeHost(files={"/there": "y"})
    with pytest.raises(ModuleFailure) as failed:
        through(host, timeout=5, sleep=2, **args)
    assert failed.value.msg == message
    assert failed.value.fields["elapsed"] == 5


def test_a_port_that_stays_open() -> None:
    host = FakeHost()
    host.ports.add(("127.0.0.1", 80))
    with pytest.raises(ModuleFailure, match=r"Timeout when waiting for 127.0.0.1:80 to stop."):
        through(host, port=80, state="stopped", timeout=3)


def test_a_text_in_a_file() -> None:
    host = FakeHost()
    appearing(host, 2, lambda: host.add_file("/log", "a\nstarted in 7 s\n", mode=0o640))
    fields = through(host, path="/log", search_regex=r"^started in (?P<time>\d+)")
    assert fields["match_groups"] == ["7"]
    assert fields["match_groupdict"] == {"time": "7"}
    assert (fields["state"], fields["mode"], fields["owner"]) == ("file", "0640", "root")


def test_a_file_that_is_gone() -> None:
    assert through(FakeHost(), path="/nope", state="absent")["state"] == "absent"


def test_a_text_that_is_gone() -> None:
    host = FakeHost(files={"/log": "y"})
    assert through(host, path="/log", search_regex="x", state="absent")["elapsed"] == 0


def test_a_text_from_a_port() -> None:
    host = FakeHost().when("/usr/libexec/platform-python -I", stdout="SSH-2.0-OpenSSH_9\n")
    fields = through(host, port=22, search_regex=r"OpenSSH_(\d)", connect_timeout=1)
    assert fields["match_groups"] == ["9"]
    assert host.runs[0].argv[-3:] == ("127.0.0.1", "22", "1.0")


def test_connections_that_are_still_open() -> None:
    host = FakeHost(files={"/proc/net/tcp": TCP, "/proc/net/tcp6": TCP6})
    drain = {"host": "10.9.0.11", "port": 8080, "state": "drained"}
    with pytest.raises(ModuleFailure, match=r"Timeout when waiting for 10.9.0.11:8080 to drain"):
        through(host, timeout=2, **drain)
    assert through(host, exclude_hosts=["10.9.0.12", "10.9.0.14"], **drain)["elapsed"] == 0
    assert through(host, active_connection_states=["LISTEN"], **drain)["elapsed"] == 0
    appearing(host, 2, lambda: host.add_file("/proc/net/tcp", "sl\n"))
    host.add_file("/proc/net/tcp6", "sl\n")
    assert through(host, **drain)["elapsed"] == 2


def test_only_time_is_waited_for() -> None:
    assert through(FakeHost(), timeout=7)["elapsed"] == 7


def test_a_delay_is_waited_for_first() -> None:
    host = FakeHost()
    host.ports.add(("127.0.0.1", 22))
    assert through(host, port=22, delay=4)["elapsed"] == 4


def test_a_plan_looks_once() -> None:
    host = FakeHost()
    host.scratch = lambda: True  # type: ignore[method-assign]
    start = host.now
    assert seen(host, port=22)[2] == {"condition": "127.0.0.1:22 started"}
    host.ports.add(("127.0.0.1", 22))
    assert seen(host, port=22, delay=9)[2] == {}
    assert host.now == start


def test_a_plan_knows_what_is_there_once_it_has_been_waited_for() -> None:
    awaited = [("awaited", "/run/x", {})]
    assert plan(module, {"path": "/run/x"}, FakeHost()).effects == awaited
    assert plan(module, {"path": "/run/x"}, FakeHost(files={"/run/x": ""})).effects == []
    gone = plan(module, {"path": "/run/x", "state": "absent"}, FakeHost(files={"/run/x": ""}))
    assert gone.effects == []
    assert plan(module, {"port": 22}, FakeHost()).effects == []


def test_a_plan_does_not_know_a_content_that_is_to_come() -> None:
    def unknown(*_: Any) -> bytes:
        raise UnknownValue("/log")

    host = FakeHost(files={"/log": ""})
    host.read = unknown  # type: ignore[method-assign, assignment]
    assert seen(host, path="/log", search_regex="x")[2] != {}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"path": "/x", "state": "drained"}, "should only be used for checking a port"),
        ({"port": 1, "exclude_hosts": ["a"]}, "should only be with state=drained"),
    ],
)
def test_what_does_not_go_together_is_refused(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure, match=message):
        seen(FakeHost(), **args)
