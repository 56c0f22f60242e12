from __future__ import annotations

from kplay.modules.seboolean import module
from kplay.testing import FakeHost, plan, play

NAME = "httpd_can_network_connect"


def host(value: str = "off", stored: str = "off") -> FakeHost:
    there = FakeHost()
    kept = {"value": value, "stored": stored}

    def switch(_on: FakeHost, argv: object) -> str:
        words = list(argv)  # type: ignore[call-overload]
        kept["value"] = words[-1]
        if "-P" in words:
            kept["stored"] = words[-1]
        return ""

    there.when("getsebool", does=lambda *_: f"{NAME} --> {kept['value']}\n")
    there.when(
        "semanage boolean",
        does=lambda *_: f"{NAME}   ({kept['value']}  ,  {kept['stored']})  may connect\n",
    )
    return there.when("setsebool", does=switch)


def test_a_value_for_now() -> None:
    there = host()
    assert plan(module, {"name": NAME, "state": True}, there).action == "update"
    done = play(module, {"name": NAME, "state": "on"}, there)
    assert (done.changed, done["state"], done["persistent"]) == (True, True, False)
    assert there.runs[-1].argv == ("setsebool", NAME, "on")
    assert not play(module, {"name": NAME, "state": True}, there).changed


def test_a_value_that_lasts() -> None:
    there = host("on", "off")
    args = {"name": NAME, "state": True, "persistent": True}
    assert plan(module, args, there).action == "update"
    assert play(module, args, there).changed
    assert there.runs[-1].argv == ("setsebool", "-P", NAME, "on")
    assert plan(module, args, there).action == "none"


def test_what_is_stored_without_semanage() -> None:
    there = FakeHost(files={"/var/lib/selinux/targeted/active/booleans.local": f"{NAME}=1\n"})
    there.when("getsebool", stdout=f"{NAME} --> on\n").when("setsebool")
    args = {"name": NAME, "state": True, "persistent": True}
    assert plan(module, args, there).action == "none"
    assert plan(module, {**args, "state": False}, there).action == "update"


def test_what_cannot_be() -> None:
    there = FakeHost().when("getsebool", rc=1, stderr="getsebool:  SELinux is disabled\n")
    args = {"name": NAME, "state": True}
    assert play(module, args, there).msg == "SELinux is disabled on this host."
    assert play(module, args, FakeHost()).failed
    there = FakeHost().when("getsebool", rc=1, stderr="Error getting active value\n")
    assert play(module, args, there).msg == f"SELinux boolean {NAME} does not exist."
    assert plan(module, {**args, "ignore_selinux_state": True}, there).action == "update"
    broken = host().when("setsebool", rc=1, stderr="no\n")
    assert "Failed to set boolean" in play(module, args, broken).msg
