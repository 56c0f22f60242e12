from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kplay.agent.host import Completed
from kplay.errors import UnreachableError
from kplay.modules.reboot import module
from kplay.testing import FakeHost, plan, play
from kplay.walk import absence


def host() -> FakeHost:
    return FakeHost(files={"/usr/sbin/shutdown": ""}).when("setsid")


def test_the_host_goes_down_after_the_answer() -> None:
    there = host()
    assert plan(module, {}, there).action == "run"
    done = play(module, {"msg": "new kernel", "pre_reboot_delay": 0}, there)
    assert (done.changed, done["rebooted"]) == (True, True)
    text = "(sleep 1; exec /usr/sbin/shutdown -r now 'new kernel') </dev/null >/dev/null 2>&1 &"
    assert there.runs[0].argv == ("setsid", "--fork", "sh", "-c", text)


def test_another_command() -> None:
    there = host()
    play(module, {"reboot_command": "systemctl kexec"}, there)
    assert "exec systemctl kexec)" in there.runs[0].argv[4]


def test_without_shutdown_it_fails() -> None:
    failed = play(module, {"search_paths": ["/opt/bin"]}, host())
    assert failed.msg == 'Unable to find command "shutdown" in search paths: /opt/bin'


class Connection:
    """What answers commands of the controller: boot ids one after the other."""

    def __init__(self, boots: list[str], statuses: list[int]) -> None:
        self.boots, self.statuses = boots, statuses
        self.asked: list[tuple[str, float]] = []

    def run(self, command: str, timeout: float = 0.0) -> Completed:
        self.asked.append((command, timeout))
        if "/proc/1/stat" in command:
            boot = self.boots.pop(0) if len(self.boots) > 1 else self.boots[0]
            return Completed(0 if boot else 1, boot, "" if boot else "no such file")
        return Completed(self.statuses.pop(0) if self.statuses else 0, "", "")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        patch.setattr("kplay.walk.absence.time.monotonic", lambda: self.now)
        patch.setattr("kplay.walk.absence.time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def away(
    boots: list[str], statuses: list[int] | None = None, **args: Any
) -> tuple[dict[str, Any], Connection]:
    """The result of a reboot after which the host answers as said."""
    connection = Connection(boots, statuses or [])
    session: Any = SimpleNamespace(connection=connection, close=lambda **_: None)
    reboot = absence.Reboot(args, session)
    return reboot.wait(lambda: session)[1], connection


@pytest.mark.usefixtures("clock")
def test_the_boot_is_told_by_the_command_asked_for() -> None:
    done, connection = away(["1", "2"], boot_time_command="who -b", connect_timeout=9)
    assert done["fields"]["rebooted"] is True
    assert connection.asked[0] == ("who -b; cut -d' ' -f22 /proc/1/stat", 9.0)
    _, plain = away(["1", "2"])
    command = "cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat"
    assert plain.asked[0] == (command, 30.0)
    with pytest.raises(UnreachableError, match="boot_time_command failed: no such file"):
        away([""], boot_time_command="who -b")


@pytest.mark.usefixtures("clock")
def test_the_host_is_back_when_the_test_command_says_so() -> None:
    done, connection = away(["1", "2"], [1, 1, 0], test_command="systemctl is-active web")
    assert done["fields"] == {"rebooted": True, "elapsed": 3}
    tested = [command for command, _ in connection.asked if "/proc" not in command]
    assert tested == ["systemctl is-active web"] * 3


def test_it_is_given_time_afterwards(clock: Clock) -> None:
    done, _ = away(["1", "2"], post_reboot_delay=20)
    assert clock.slept == [1.0, 20.0]
    assert done["fields"]["elapsed"] == 21


@pytest.mark.usefixtures("clock")
def test_it_is_waited_for_that_long() -> None:
    done, _ = away(["1"], reboot_timeout=15)
    assert done["failed"]
    assert done["fields"] == {
        "rebooted": False,
        "msg": "Timed out waiting for last boot time check (timeout=15): it never went down",
        "elapsed": 15,
    }
