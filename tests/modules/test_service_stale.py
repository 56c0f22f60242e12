"""service_stale: a restart is due when something is newer than the process that reads it."""

from __future__ import annotations

from typing import Any

import pytest

from kplay.modules.service_stale import module
from kplay.testing import plan
from kplay.testing.host import FakeHost

CONFIG, UNIT, PROGRAM = "/etc/k3s/config.yaml", "/etc/systemd/system/k3s.service", "/usr/bin/k3s"
ARGS = {"name": "k3s", "files": [CONFIG, UNIT, PROGRAM]}
BEGAN = 1_700_000_000.0  # Tue 2023-11-14 22:13:20 UTC
ACTIVE = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
DEAD = "LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n"
AT = "Tue 2023-11-14 22:13:20.000000 UTC"
LATER = "Tue 2023-11-14 22:13:50.000000 UTC"


def running(status: str = ACTIVE, *, now: float = BEGAN - 100) -> FakeHost:
    """A host whose files are older than its service, unless a test writes some."""
    host = FakeHost(files={CONFIG: "a: 1\n", UNIT: "[Unit]\n"}, now=now)
    host.add_link(PROGRAM, "/usr/local/lib/k3s/v1/k3s")
    host.when("systemctl").when("systemctl show --no-pager k3s.service", stdout=status)
    host.when(
        "systemctl show --no-pager --timestamp=us+utc",
        stdout=f"ExecMainStartTimestamp={AT}\nActiveEnterTimestamp={LATER}\n",
    )
    host.now = BEGAN + 50
    return host


def fields(host: FakeHost, **args: Any) -> dict[str, Any]:
    return plan(module, {**ARGS, **args}, host).fields


def test_a_service_that_has_read_it_all_is_not_stale() -> None:
    host = running()
    asked = plan(module, ARGS, host)
    assert asked.action == "none"
    assert asked.fields["stale"] is False
    assert asked.fields["newer"] == []
    assert asked.fields["active"] is True
    assert asked.fields["started"] == BEGAN


def test_a_file_that_changed_since_is_named() -> None:
    host = running()
    host.write(CONFIG, b"a: 2\n")
    assert fields(host)["newer"] == [CONFIG]
    assert fields(host)["stale"] is True


def test_what_changed_while_the_service_was_starting_was_perhaps_not_read() -> None:
    host = running()
    host.now = BEGAN + 10  # the process runs, the unit is not active before LATER
    host.write(CONFIG, b"a: 2\n")
    assert fields(host)["stale"] is True


def test_a_link_counts_by_itself_and_not_by_what_it_leads_to() -> None:
    host = running()
    host.add_file("/usr/local/lib/k3s/v1/k3s", "new")
    assert fields(host)["stale"] is False
    host.symlink("/usr/local/lib/k3s/v2/k3s", PROGRAM)
    assert fields(host)["newer"] == [PROGRAM]


def test_a_packaged_file_counts_by_when_it_came() -> None:
    host = running()
    host.add_file("/usr/bin/rke2", "built long ago")
    host.utime("/usr/bin/rke2", 1.0, 1.0)
    assert fields(host, files=["/usr/bin/rke2"])["stale"] is True


def test_a_file_that_is_not_there_is_not_newer() -> None:
    assert fields(running(), files=["/etc/default/k3s"])["stale"] is False


def test_what_an_earlier_step_of_the_plan_writes_will_be_newer() -> None:
    host = running()
    host.effects[("path", CONFIG)] = {"state": "file", "content": "a: 3\n"}
    assert fields(host)["newer"] == [CONFIG]


@pytest.mark.parametrize("status", [DEAD, "LoadState=not-found\nActiveState=inactive\n"])
def test_a_service_that_does_not_run_needs_no_restart(status: str) -> None:
    host = running(status)
    host.write(CONFIG, b"a: 2\n")
    got = fields(host)
    assert got["stale"] is False
    assert got["active"] is False
    assert got["started"] == 0.0


def test_a_service_that_an_earlier_step_stops_needs_none() -> None:
    host = running()
    host.write(CONFIG, b"a: 2\n")
    host.effects[("unit", "k3s.service")] = {"active": False}
    assert fields(host)["stale"] is False


def test_an_old_systemd_is_asked_for_its_own_clock() -> None:
    host = running()
    host.when("systemctl show --no-pager --timestamp=us+utc", rc=1)
    host.when(
        "systemctl show --no-pager -p ExecMainStartTimestampMonotonic",
        stdout="ExecMainStartTimestampMonotonic=1000000000\n",
    )
    host.add_file("/proc/uptime", "1050.00 99.00\n")
    assert fields(host)["started"] == pytest.approx(BEGAN)
    host.write(CONFIG, b"a: 2\n")
    assert fields(host)["newer"] == [CONFIG]
