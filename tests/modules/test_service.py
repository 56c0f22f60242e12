from kplay.modules import schema
from kplay.modules.service import module
from kplay.testing.host import FakeHost


def test_starts_a_service_by_systemd() -> None:
    host = FakeHost().when("systemctl", stdout="LoadState=loaded\nUnitFileState=enabled\n")
    args = {"name": "web", "state": "started", "sleep": 3, "pattern": "web"}
    found = module.observe(host, args)
    assert module.apply is not None
    module.apply(host, args, found, module.desire(args, found))
    assert [run.argv for run in host.runs] == [("systemctl", "start", "web.service")]


def test_knows_ansibles_arguments() -> None:
    assert module.args["arguments"].aliases == ("args",)
    assert {"pattern", "runlevel", "sleep", "use", "daemon_reload"} <= set(module.args)


STOPPED = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n"
MASKED = "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"


def ran(status: str = STOPPED, **args: object) -> list[str]:
    """What systemctl is called with."""
    host = FakeHost().when("systemctl", stdout=status)
    found = module.observe(host, {"name": "web", **args})
    wanted = module.desire({"name": "web", **args}, found)
    assert module.apply is not None
    module.apply(host, {"name": "web", **args}, found, wanted)
    return [" ".join(run.argv) for run in host.runs]


def test_whether_it_starts_at_boot() -> None:
    assert ran(enabled=True) == ["systemctl enable web.service"]
    assert ran(enabled=False) == []
    assert ran(enabled=True, force=True) == ["systemctl enable --force web.service"]


def test_whether_it_can_be_started() -> None:
    assert ran(masked=True) == ["systemctl mask web.service"]
    assert ran(MASKED, masked=False) == ["systemctl unmask web.service"]


def test_systemd_itself() -> None:
    assert ran(state="restarted", daemon_reexec=True) == [
        "systemctl daemon-reexec",
        "systemctl restart web.service",
    ]
    assert ran("NeedDaemonReload=yes\n" + STOPPED, state="started", daemon_reload=True) == [
        "systemctl daemon-reload",
        "systemctl start web.service",
    ]


def test_how_systemctl_is_called() -> None:
    assert ran(state="started", no_block=True) == ["systemctl start --no-block web.service"]
    assert ran(state="started", scope="user") == ["systemctl start --user web.service"]
    assert ran(state="started", scope="global") == ["systemctl start --global web.service"]


def test_what_only_other_service_managers_know_changes_nothing() -> None:
    plain = ran(state="started")
    for args in ({"arguments": "-v"}, {"runlevel": "3"}, {"use": "systemd"}, {"use": "service"}):
        assert ran(state="started", **args) == plain


def test_another_service_manager_is_refused() -> None:
    _, faults = schema.normalise(module, {"name": "web", "state": "started", "use": "openrc"})
    assert "must be one of `auto`, `systemd`, `service`, not `openrc`" in faults[0].message
