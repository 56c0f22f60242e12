from typing import Any

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules.api import Effect, ModuleFailure, compare
from kplay.modules.systemd import module
from kplay.testing import plan
from kplay.testing.host import FakeHost

RUNNING = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
STOPPED = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n"
MASKED = "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"
MISSING = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n"


def with_unit(status: str, name: str = "web.service") -> FakeHost:
    host = FakeHost()
    host.when("systemctl").when(f"systemctl show --no-pager {name}", stdout=status)
    return host.when("systemctl is-enabled", rc=1, stdout="").when("journalctl", stdout="boom\n")


def planning(host: FakeHost) -> FakeHost:
    host.scratch = lambda: True  # type: ignore[method-assign]
    return host


def through(host: FakeHost, **args: Any) -> tuple[Any, dict[str, Any]]:
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    change = compare(module, found, wanted)
    fields = module.result(args, found, wanted, False)
    if change.action != "none":
        fields.update(module.apply(host, args, found, wanted))
    return change, fields


def ran(host: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in host.runs]


def test_a_running_unit_is_left() -> None:
    host = with_unit(RUNNING)
    change, fields = through(host, name="web", state="started", enabled=True)
    assert change.action == "none"
    assert ran(host) == []
    assert fields["name"] == "web"
    assert fields["state"] == "started"
    assert fields["enabled"] is True
    assert fields["status"]["ActiveState"] == "active"


def test_a_stopped_unit_is_enabled_then_started() -> None:
    host = with_unit(STOPPED)
    change, _ = through(host, name="web", state="started", enabled=True)
    assert change.before == {"enabled": False, "active": False}
    assert change.after == {"enabled": True, "active": True}
    assert ran(host) == ["systemctl enable web.service", "systemctl start web.service"]


def test_stopped_and_disabled() -> None:
    host = with_unit(RUNNING)
    through(host, name="web.service", state="stopped", enabled=False)
    assert ran(host) == ["systemctl disable web.service", "systemctl stop web.service"]


@pytest.mark.parametrize(
    ("state", "status", "verb"),
    [
        ("restarted", RUNNING, "restart"),
        ("restarted", STOPPED, "restart"),
        ("reloaded", RUNNING, "reload"),
        ("reloaded", STOPPED, "start"),
    ],
)
def test_pulses_are_always_changes(state: str, status: str, verb: str) -> None:
    host = with_unit(status)
    change, _ = through(host, name="web", state=state)
    assert change.after == {state: True}
    assert ran(host) == [f"systemctl {verb} web.service"]


def test_a_masked_unit_is_unmasked_first() -> None:
    host = with_unit(MASKED)
    through(host, name="web", masked=False, enabled=True, state="started", no_block=True)
    assert ran(host) == [
        "systemctl unmask web.service",
        "systemctl enable web.service",
        "systemctl start --no-block web.service",
    ]


def test_a_unit_that_does_not_exist_can_be_masked() -> None:
    host = with_unit(MISSING)
    through(host, name="web", masked=True)
    assert ran(host) == ["systemctl mask web.service"]


def test_other_types_of_units_keep_their_name() -> None:
    host = with_unit(STOPPED, "data.mount")
    through(host, name="data.mount", state="started")
    assert ran(host) == ["systemctl start data.mount"]


def test_scope() -> None:
    host = FakeHost().when("systemctl").when("systemctl show --user", stdout=STOPPED)
    through(host, name="web", state="started", scope="user")
    assert ran(host) == ["systemctl start --user web.service"]


def test_a_static_unit_stays_as_it_is() -> None:
    host = with_unit("LoadState=loaded\nActiveState=active\nUnitFileState=static\n")
    assert through(host, name="web", enabled=True)[0].action == "none"
    assert through(host, name="web", enabled=False)[0].action == "none"


def test_a_system_v_script_is_asked_of_is_enabled() -> None:
    host = with_unit("LoadState=loaded\nActiveState=active\nUnitFileState=\n")
    host.when("systemctl is-enabled web.service", stdout="enabled\n")
    assert through(host, name="web", enabled=True)[0].action == "none"


def test_a_unit_that_does_not_exist_fails() -> None:
    with pytest.raises(ModuleFailure, match="Could not find the requested service web"):
        through(with_unit(MISSING), name="web", state="started")


def test_a_failed_start_shows_the_journal() -> None:
    host = with_unit(STOPPED).when("systemctl start", rc=1, stderr="Job failed\n")
    with pytest.raises(ModuleFailure) as failed:
        through(host, name="web", state="started")
    assert failed.value.msg == "Unable to start service web.service: Job failed"
    assert failed.value.fields["journal"] == "boom\n"


def test_a_planned_step_speaks_for_the_unit() -> None:
    host = planning(with_unit(MISSING))
    host.effects["unit", "web.service"] = {"exists": True, "active": True, "enabled": False}
    change, _ = through(host, name="web", state="started", enabled=True)
    assert change.after == {"enabled": True}


def test_a_planned_unit_file_makes_the_unit() -> None:
    host = planning(with_unit(MISSING))
    host.add_file("/etc/systemd/system/web.service", "[Service]\n")
    change, _ = through(host, name="web", state="started")
    assert change.after == {"active": True}


def test_a_planned_template_makes_its_instances() -> None:
    host = planning(with_unit(MISSING, "web@1.service"))
    host.add_file("/etc/systemd/system/web@.service", "[Service]\n")
    assert through(host, name="web@1", state="started")[0].after == {"active": True}


@pytest.mark.parametrize(("unit", "package"), [("web", "web"), ("chrony", "chrony")])
def test_a_planned_package_makes_its_unit(unit: str, package: str) -> None:
    host = planning(with_unit(MISSING, f"{unit}.service"))
    host.effects["package", package] = {"state": "present", "version": None}
    assert through(host, name=unit, state="started")[0].after == {"active": True}


def test_the_plan_cannot_tell_of_a_unit_that_nothing_speaks_of() -> None:
    with pytest.raises(UnknownValue):
        through(planning(with_unit(MISSING)), name="web", state="started")


def test_foresees_the_unit() -> None:
    host = with_unit(STOPPED)
    args = {"name": "web", "state": "restarted", "enabled": True}
    found = module.observe(host, args)
    assert module.foresee(args, found, module.desire(args, found)) == [
        Effect(
            "unit",
            "web.service",
            {"exists": True, "active": True, "enabled": True, "masked": False},
        )
    ]


def reloading(need: str = "no", read_at: str = "Sun 2023-11-14 22:13:21.5 UTC") -> FakeHost:
    host = FakeHost(files={"/etc/systemd/system/web.service": ""}, now=1_700_000_000.0)
    host.when("systemctl").when(
        "systemctl show --no-pager -p NeedDaemonReload", stdout=f"NeedDaemonReload={need}\n"
    )
    return host.when(
        "systemctl show --no-pager --timestamp=us+utc", stdout=f"UnitsLoadTimestamp={read_at}\n"
    )


def test_unit_files_that_systemd_has_read_are_not_read_again() -> None:
    host = reloading()
    assert through(host, daemon_reload=True)[0].action == "none"
    assert ran(host) == []


@pytest.mark.parametrize(
    "host",
    [reloading(need="yes"), reloading(read_at="Sun 2023-11-14 22:13:19.5 UTC")],
    ids=["systemd says so", "a file is newer"],
)
def test_changed_unit_files_are_read_again(host: FakeHost) -> None:
    change, _ = through(host, daemon_reload=True)
    assert change.after == {"unit_files": "read"}
    assert ran(host) == ["systemctl daemon-reload"]
    assert not change.counts(module)


def test_an_older_systemd_tells_by_its_generators() -> None:
    host = reloading(read_at="")
    host.now = 1_700_000_009.0
    host.add_dir("/run/systemd/generator")
    assert through(host, daemon_reload=True)[0].action == "none"


def test_reload_goes_before_the_unit() -> None:
    host = reloading(need="yes").when("systemctl show --no-pager web.service", stdout=STOPPED)
    _, fields = through(host, name="web", state="restarted", daemon_reload=True)
    assert ran(host) == ["systemctl daemon-reload", "systemctl restart web.service"]
    assert "changed" not in fields


def test_daemon_reexec() -> None:
    host = FakeHost().when("systemctl")
    through(host, daemon_reexec=True)
    assert ran(host) == ["systemctl daemon-reexec"]


def test_a_state_needs_a_name() -> None:
    with pytest.raises(ModuleFailure, match="require name"):
        through(FakeHost(), state="started")


def test_values_in_braces_may_go_over_lines() -> None:
    status = "ExecStart={ path=/x ;\nargv[]=/x a=b ; }\n" + RUNNING
    fields = through(with_unit(status), name="web", state="started")[1]
    assert fields["status"]["ExecStart"] == "{ path=/x ;\nargv[]=/x a=b ; }"
    assert fields["status"]["LoadState"] == "loaded"


def test_a_unit_is_looked_at_when_nothing_is_asked_of_it() -> None:
    change, fields = through(with_unit(STOPPED), name="web")
    assert change.action == "none"
    assert fields["status"]["UnitFileState"] == "disabled"
    assert fields["name"] == "web"


def test_a_unit_of_a_planned_package_that_no_table_knows_is_unknown() -> None:
    host = planning(with_unit(MISSING, "odd.service"))
    host.effects["package", "odd"] = {"state": "present", "version": "1"}
    assert plan(module, {"name": "odd", "state": "started"}, host).action == "unknown"
    assert plan(module, {"name": "odd", "enabled": True}, host).action == "unknown"


def test_what_is_enabled_until_the_next_boot_is_enabled_for_good() -> None:
    host = with_unit(RUNNING.replace("enabled", "enabled-runtime"))
    assert plan(module, {"name": "web", "enabled": True}, host).action == "update"
    assert plan(module, {"name": "web", "enabled": False}, host).action == "none"


def test_links_of_others_are_replaced_when_forced() -> None:
    host = with_unit(STOPPED)
    through(host, name="web", enabled=True, force=True)
    assert ran(host) == ["systemctl enable --force web.service"]


def test_what_a_planned_step_has_read_is_not_stale() -> None:
    host = reloading(need="yes")
    host.scratch = lambda: True  # type: ignore[method-assign]
    unit = ("path", "/etc/systemd/system/web.service")
    host.effects[unit] = {"state": "file", "content": "1"}
    first = plan(module, {"daemon_reload": True}, host)
    assert (first.action, first.changed) == ("update", False)
    ((kind, scope, read),) = first.effects
    host.effects[kind, scope] = read
    assert plan(module, {"daemon_reload": True}, host).after == {}
    host.effects[unit] = {"state": "file", "content": "2"}
    assert plan(module, {"daemon_reload": True}, host).after == {"unit_files": "read"}


def looping(count: int) -> FakeHost:
    """A unit that systemd has started anew so often."""
    status = (
        "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\n"
        f"ExecMainStatus=1\nNRestarts={count}\n"
    )
    return with_unit(STOPPED).when("systemctl show --no-pager -p", stdout=status)


def test_a_start_that_did_not_end_in_time_is_told_with_its_log() -> None:
    assert module.overdue is not None
    asked = {"name": "web", "state": "started"}
    assert module.overdue(looping(3), asked) == {
        "journal": "boom\n",
        "unit_state": "web.service is activating (auto-restart), exit-code, status 1,"
        " started anew 3 times so far",
    }
    assert module.overdue(looping(3), {"daemon_reload": True}) == {}


def test_a_unit_without_a_log_is_told_by_its_status() -> None:
    host = with_unit(STOPPED).when("journalctl", stdout="").when("systemctl start", rc=1)
    host.when("systemctl status", rc=3, stdout="web.service: failed\n")
    with pytest.raises(ModuleFailure) as failed:
        through(host, name="web", state="started")
    assert failed.value.fields["journal"] == "web.service: failed\n"
