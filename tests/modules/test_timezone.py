from __future__ import annotations

from kplay.modules.timezone import module
from kplay.testing import FakeHost, plan, play

BERLIN = "/usr/share/zoneinfo/Europe/Berlin"


def host(**files: str) -> FakeHost:
    there = FakeHost(files={BERLIN: "zone", "/usr/share/zoneinfo/Etc/UTC": "zone", **files})
    there.add_link("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
    return there


def test_the_link_is_set_where_systemd_does_not_run() -> None:
    there = host(**{"/etc/timezone": "Etc/UTC\n"})
    assert plan(module, {"name": "Europe/Berlin"}, there).action == "update"
    done = play(module, {"name": "Europe/Berlin"}, there)
    assert (done.before["name"], done.after["name"]) == ("Etc/UTC", "Europe/Berlin")
    link = there.lstat("/etc/localtime")
    assert link is not None
    assert link.target == BERLIN
    assert there.text("/etc/timezone") == "Europe/Berlin\n"
    assert not play(module, {"name": "Europe/Berlin"}, there).changed


def test_systemd_is_asked_where_it_runs() -> None:
    def sets(on: FakeHost, argv: object) -> None:
        on.add_link("/etc/localtime", BERLIN)

    there = host(**{"/usr/bin/timedatectl": "", "/etc/timezone": "Etc/UTC\n"})
    there.add_dir("/run/systemd/system")
    there.when("timedatectl set-timezone", does=sets)
    assert play(module, {"name": "Europe/Berlin"}, there).changed
    assert there.runs[0].argv == ("timedatectl", "set-timezone", "Europe/Berlin")
    assert there.text("/etc/timezone") == "Etc/UTC\n"
    assert not play(module, {"name": "Europe/Berlin"}, there).changed


def test_a_zone_that_is_not_there_fails() -> None:
    message = "given timezone is not available: Mars/Base"
    assert play(module, {"name": "Mars/Base"}, host()).msg == message


def test_the_hardware_clock() -> None:
    def keeps(on: FakeHost, argv: object) -> None:
        on.add_file("/etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n")

    there = host().when("hwclock", does=keeps)
    assert play(module, {"hwclock": "local"}, there).changed
    assert there.runs[0].argv == ("hwclock", "--systohc", "--localtime")
    assert not play(module, {"rtc": "local"}, there).changed


def test_a_refusal_fails() -> None:
    there = host().when("hwclock", rc=1, stderr="no clock\n")
    assert play(module, {"hwclock": "local"}, there).msg == "hwclock failed: no clock"
