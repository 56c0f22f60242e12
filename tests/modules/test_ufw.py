from __future__ import annotations

import pytest

from kplay.modules.ufw import module
from kplay.testing import FakeHost, plan, play

DEFAULTS = 'DEFAULT_INPUT_POLICY="DROP"\nDEFAULT_FORWARD_POLICY="DROP"\n'
CONFIG = "ENABLED=no\nLOGLEVEL=low\n"
SSH = {"rule": "allow", "port": "22", "proto": "tcp"}


def host(rules: list[str] | None = None) -> FakeHost:
    """A host whose ufw knows rules by the words that made them."""
    there = FakeHost(files={"/etc/default/ufw": DEFAULTS, "/etc/ufw/ufw.conf": CONFIG})
    known = list(rules or [])

    def tries(_on: FakeHost, argv: object) -> str:
        words = list(argv)[2:]  # type: ignore[call-overload]
        if words[0] == "delete":
            return (
                "Rules updated\n"
                if " ".join(words[1:]) in known
                else (
                    "Could not delete non-existent rule\nCould not delete non-existent rule (v6)\n"
                )
            )
        same = " ".join(words) in known
        return "Skipping adding existing rule\n" if same else "*filter\nRules updated\n"

    def does(on: FakeHost, argv: object) -> str:
        words = [one for one in list(argv)[1:] if one != "-f"]  # type: ignore[call-overload]
        text = " ".join(words)
        if words[0] in ("enable", "disable"):
            on.add_file("/etc/ufw/ufw.conf", CONFIG.replace("no", "yes" * (words[0] == "enable")))
        elif words[0] == "default":
            on.add_file("/etc/default/ufw", DEFAULTS.replace("DROP", "REJECT"))
        elif words[0] == "logging":
            on.add_file("/etc/ufw/ufw.conf", CONFIG.replace("low", words[1]))
        elif words[0] == "delete":
            known.remove(" ".join(words[1:]))
        elif words[0] not in ("reload", "reset"):
            known.append(text)
        return "Rule added\n"

    return there.when("ufw --dry-run", does=tries).when("ufw", does=does)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_rule_is_added_once() -> None:
    there = host()
    assert plan(module, SSH, there).action == "update"
    done = play(module, SSH, there)
    assert (done.changed, done.msg) == (True, "Rule added")
    assert lines(there) == ["ufw allow from any to any port 22 proto tcp"]
    assert done["commands"] == lines(there)
    assert plan(module, SSH, there).action == "none"
    gone = {**SSH, "delete": True}
    assert play(module, gone, there).changed
    assert not play(module, gone, there).changed


def test_a_plan_knows_of_the_rules_before() -> None:
    there = host()
    for kind, key, value in plan(module, SSH, there).effects:
        there.effects[kind, key] = value
    assert plan(module, SSH, there).action == "none"
    assert plan(module, {**SSH, "delete": True}, there).action == "update"


def test_it_is_enabled_and_disabled() -> None:
    there = host()
    assert play(module, {"state": "enabled"}, there).changed
    assert not play(module, {"state": "enabled"}, there).changed
    assert play(module, {"state": "disabled"}, there).changed
    assert lines(there) == ["ufw -f enable", "ufw -f disable"]


def test_pulses_are_changes() -> None:
    there = host()
    assert play(module, {"state": "reloaded"}, there).changed
    assert play(module, {"state": "reset"}, there).changed
    assert lines(there) == ["ufw -f reload", "ufw -f reset"]


def test_policies_and_logging() -> None:
    there = host()
    assert not play(module, {"policy": "deny"}, there).changed
    assert play(module, {"default": "reject", "direction": "incoming"}, there).changed
    assert not play(module, {"logging": "on"}, there).changed
    assert play(module, {"logging": "full"}, there).changed
    assert lines(there) == ["ufw default reject incoming", "ufw logging full"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"rule": "allow", "name": "OpenSSH"}, "allow from any to any app OpenSSH"),
        ({"rule": "deny", "proto": "udp", "src": "10.0.0.0/8", "from_port": "53", "to": "1.1.1.1"},
         "deny from 10.0.0.0/8 port 53 to 1.1.1.1 proto udp"),
        ({"rule": "allow", "interface": "eth0", "direction": "in", "port": "80"},
         "allow in on eth0 from any to any port 80"),
        ({"rule": "allow", "interface_in": "eth0", "interface_out": "eth1", "route": True},
         "route allow in on eth0 out on eth1 from any to any"),
        ({"rule": "limit", "port": "ssh", "log": True}, "limit log from any to any port ssh"),
        ({"rule": "deny", "port": "53", "insert": 2}, "insert 2 deny from any to any port 53"),
        ({"rule": "allow", "port": "1", "comment": "ours"},
         "allow from any to any port 1 comment ours"),
    ],
)  # fmt: skip
def test_rules(args: dict[str, object], words: str) -> None:
    there = host()
    assert play(module, args, there).changed
    assert lines(there)[-1] == f"ufw {words}"
    if "insert" not in args:
        assert not play(module, args, there).changed


@pytest.mark.parametrize(
    ("relative", "insert", "place"),
    [("first-ipv4", 0, 1), ("last-ipv4", 0, 2), ("first-ipv6", 0, 3), ("last-ipv6", -1, 2),
     ("last-ipv6", 5, 0)],
)  # fmt: skip
def test_places_are_counted(relative: str, insert: int, place: int) -> None:
    there = host().when(
        "ufw status numbered",
        stdout="Status: active\n\n[ 1] 22 ALLOW IN Any\n[ 2] 23 ALLOW IN Any\n[ 3] 22 (v6) ALLOW\n",
    )
    args = {"rule": "deny", "port": "9", "insert": insert, "insert_relative_to": relative}
    play(module, args, there)
    where = f"insert {place} " if place else ""
    assert lines(there)[-1] == f"ufw {where}deny from any to any port 9"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"rule": "allow", "interface": "eth0"},
         "Direction must be specified when creating a rule on an interface."),
        ({"rule": "allow", "interface_in": "a", "direction": "in"},
         "parameters are mutually exclusive: direction|interface_in"),
        ({"rule": "allow", "interface_in": "a", "interface_out": "b"},
         "Only route rules can combine interface_in and interface_out"),
        ({"rule": "allow", "direction": "routed"}, "the direction of a rule is in or out"),
    ],
)  # fmt: skip
def test_what_cannot_be(args: dict[str, object], message: str) -> None:
    assert play(module, args, host()).msg == message


def test_failures() -> None:
    assert play(module, SSH, FakeHost()).msg == "ufw is not installed on this host"
    assert plan(module, SSH, FakeHost()).unknown == "no program ufw on the host yet"
    wrong = host().when("ufw --dry-run", rc=1, stderr="ERROR: Bad port\n")
    assert play(module, SSH, wrong).msg == "ERROR: Bad port"
