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
