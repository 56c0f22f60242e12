from __future__ import annotations

from kplay.modules.reboot import module
from kplay.testing import FakeHost, plan, play


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
