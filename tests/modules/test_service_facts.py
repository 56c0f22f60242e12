from typing import Any

from kplay.modules.service_facts import module
from kplay.testing.host import FakeHost

UNITS = """\
  cron.service loaded active running Regular jobs
  boot.service loaded active exited Once
● web.service loaded failed failed Web
  gone.service not-found inactive dead gone.service
  odd.service loaded activating auto-restart Odd
"""
FILES = """\
cron.service enabled enabled
web.service disabled enabled
getty@.service enabled enabled
spare.service disabled enabled
"""


def services(host: FakeHost) -> dict[str, Any]:
    host.when("systemctl list-units", stdout=UNITS)
    host.when("systemctl list-unit-files", stdout=FILES)
    found = module.observe(host, {})
    assert module.result is not None
    fields = module.result({}, found, module.desire({}, found), False)
    return dict(fields["ansible_facts"]["services"])


def test_services() -> None:
    found = services(FakeHost())
    assert found["cron.service"] == {
        "name": "cron.service",
        "state": "running",
        "status": "enabled",
        "source": "systemd",
    }
    assert found["boot.service"]["state"] == "stopped"
    assert (found["web.service"]["state"], found["web.service"]["status"]) == ("stopped", "failed")
    assert found["gone.service"]["status"] == "not-found"
    assert found["odd.service"]["state"] == "unknown"
    assert found["getty@.service"]["state"] == "unknown"
    assert found["spare.service"]["state"] == "inactive"


def test_a_plan_gives_services_as_they_will_be() -> None:
    host = FakeHost(files={"/etc/systemd/system/new.service": ""})
    host.scratch = lambda: True  # type: ignore[method-assign]
    host.effects["unit", "cron.service"] = {"active": False, "enabled": False}
    found = services(host)
    assert found["new.service"]["state"] == "inactive"
    assert (found["cron.service"]["state"], found["cron.service"]["status"]) == (
        "stopped",
        "disabled",
    )
