from __future__ import annotations

from kplay.modules.selinux import module
from kplay.testing import FakeHost, plan, play

PATH = "/etc/selinux/config"
TEXT = "# modes\nSELINUX=enforcing\nSELINUXTYPE=targeted\n"
ENFORCE = "/sys/fs/selinux/enforce"


def host(text: str = TEXT, enforce: str | None = "1") -> FakeHost:
    there = FakeHost(files={PATH: text})
    if enforce is not None:
        there.add_file(ENFORCE, enforce)

    def switch(on: FakeHost, argv: object) -> str:
        on.add_file(ENFORCE, list(argv)[1])  # type: ignore[call-overload]
        return ""

    return there.when("setenforce", does=switch)


def test_permissive_now_and_at_boot() -> None:
    there = host()
    args = {"state": "permissive", "policy": "targeted"}
    planned = plan(module, args, there)
    assert planned.action == "update"
    assert ("selinux", "mode", {"mode": "permissive"}) in planned.effects
    done = play(module, args, there)
    assert (done.changed, done["reboot_required"], done["policy"]) == (True, False, "targeted")
    assert done.msg == "Config SELinux state changed from 'enforcing' to 'permissive'"
    assert there.text(PATH) == TEXT.replace("enforcing", "permissive")
    assert [run.argv for run in there.runs] == [("setenforce", "0")]
    assert plan(module, args, there).action == "none"


def test_another_file() -> None:
    there = host()
    there.add_file("/mnt/config", TEXT)
    args = {"state": "permissive", "policy": "targeted", "configfile": "/mnt/config"}
    assert play(module, args, there)["configfile"] == "/mnt/config"
    assert "permissive" in there.text("/mnt/config")


def test_disabling_takes_a_boot() -> None:
    there = host()
    done = play(module, {"state": "disabled"}, there)
    assert (done.changed, done["reboot_required"]) == (True, True)
    assert "SELINUX=disabled" in there.text(PATH)
    again = play(module, {"state": "disabled"}, there)
    assert (again.changed, again["reboot_required"]) == (False, True)


def test_a_disabled_kernel_is_left_as_it_is() -> None:
    there = host(TEXT.replace("enforcing", "disabled"), None)
    done = play(module, {"state": "enforcing", "policy": "mls"}, there)
    assert (done.changed, done["reboot_required"], there.runs) == (True, True, [])
    assert there.text(PATH) == TEXT.replace("targeted", "mls")
    assert not play(module, {"state": "enforcing", "policy": "mls"}, there).changed


def test_the_kernels_own_parameter() -> None:
    there = host().when("grubby --info=ALL", stdout='args="ro selinux=0"\n').when("grubby")
    args = {"state": "enforcing", "policy": "targeted", "update_kernel_param": True}
    assert plan(module, args, there).action == "update"
    play(module, args, there)
    assert there.runs[-1].argv == ("grubby", "--update-kernel=ALL", "--remove-args", "selinux=0")


def test_what_cannot_be() -> None:
    assert "Policy is required" in play(module, {"state": "enforcing"}, host()).msg
    assert play(module, {"state": "disabled"}, FakeHost()).msg == f"Unable to find file {PATH}"
    broken = host().when("setenforce", rc=1, stderr="no\n")
    assert play(module, {"state": "disabled"}, broken).msg == "setenforce 0: no"
