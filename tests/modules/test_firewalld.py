from __future__ import annotations

import pytest

from kplay.agent.host import Completed
from kplay.modules.firewalld import module
from kplay.testing import FakeHost, plan, play


def host(*set_already: str, running: bool = True) -> FakeHost:
    """A host whose firewalld remembers what was added, by scope, zone and setting."""
    there = FakeHost()
    known = set(set_already)
    targets = {"public": "default"}

    def does(_on: FakeHost, argv: object) -> object:
        words = list(argv)  # type: ignore[call-overload]
        if words[1:] == ["--state"]:
            return Completed(0 if running else 252, "", "")
        if words[1:] == ["--get-default-zone"]:
            return "public\n"
        scope = "permanent" if "--permanent" in words or "offline" in words[0] else "runtime"
        zone = next((one[7:] for one in words if one.startswith("--zone=")), "")
        last = next(one for one in reversed(words) if not one.startswith("--timeout"))
        verb, _, what = last[2:].partition("-")
        key = f"{scope} {zone} {what}"
        if last == "--get-zones":
            return " ".join(["public", *(one.split()[-1] for one in known if "zone=" in one)])
        if last == "--get-target":
            return targets[zone] + "\n"
        if verb == "query":
            return Completed(0 if key in known else 1, "", "")
        if verb in ("add", "change"):
            known.add(key)
        elif verb == "remove":
            known.remove(key)
        elif verb == "set":
            targets[zone] = what.partition("=")[2]
        elif verb == "new":
            known.add(f"zone= {what.partition('=')[2]}")
        elif verb == "delete":
            known.discard(f"zone= {what.partition('=')[2]}")
        return "success\n"

    return there.when("firewall-cmd", does=does).when("firewall-offline-cmd", does=does)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


HTTP = {"port": "80/tcp", "state": "enabled"}


def test_a_port_for_now() -> None:
    there = host()
    assert plan(module, HTTP, there).action == "update"
    done = play(module, HTTP, there)
    assert done.changed
    assert done.msg == "Non-permanent operation, Changed port 80/tcp to enabled"
    assert lines(there) == ["firewall-cmd --zone=public --add-port=80/tcp"]
    assert plan(module, HTTP, there).action == "none"
    assert play(module, {**HTTP, "state": "disabled"}, there).changed
    assert lines(there)[-1] == "firewall-cmd --zone=public --remove-port=80/tcp"


def test_a_port_for_good() -> None:
    there = host()
    play(module, {**HTTP, "permanent": True, "zone": "dmz"}, there)
    assert lines(there) == ["firewall-cmd --permanent --zone=dmz --add-port=80/tcp"]
    both = {**HTTP, "permanent": True, "immediate": True, "zone": "dmz"}
    assert play(module, both, there).changed
    assert lines(there)[1:] == ["firewall-cmd --zone=dmz --add-port=80/tcp"]
    assert not play(module, both, there).changed


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"service": "https"}, "--add-service=https"),
        ({"protocol": "ospf"}, "--add-protocol=ospf"),
        ({"source": "10.0.0.0/8"}, "--change-source=10.0.0.0/8"),
        ({"interface": "eth2"}, "--change-interface=eth2"),
        ({"icmp_block": "echo-request"}, "--add-icmp-block=echo-request"),
        ({"rich_rule": 'rule service name="ftp" accept'},
         '--add-rich-rule=rule service name="ftp" accept'),
        ({"masquerade": True}, "--add-masquerade"),
        ({"forward": "true"}, "--add-forward"),
        ({"icmp_block_inversion": True}, "--add-icmp-block-inversion"),
        ({"port_forward": [{"port": 443, "proto": "tcp", "toport": 8443, "toaddr": "1.1.1.1"}]},
         "--add-forward-port=port=443:proto=tcp:toport=8443:toaddr=1.1.1.1"),
        ({"port": "1/tcp", "timeout": 60}, "--add-port=1/tcp --timeout=60"),
    ],
)  # fmt: skip
def test_settings(args: dict[str, object], words: str) -> None:
    there = host()
    assert play(module, {"state": "enabled", **args}, there).changed
    assert lines(there) == [f"firewall-cmd --zone=public {words}"]


def test_switches_that_are_to_be_off() -> None:
    there = host("runtime public masquerade")
    assert play(module, {"masquerade": False, "state": "enabled"}, there).changed
    assert lines(there) == ["firewall-cmd --zone=public --remove-masquerade"]
    assert not play(module, {"masquerade": True, "state": "disabled"}, there).changed


def test_zones_and_targets() -> None:
    there = host()
    args = {"zone": "ours", "state": "present", "permanent": True}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert not play(module, args, there).changed
    assert play(module, {**args, "state": "absent"}, there).changed
    target = {"zone": "public", "target": "DROP", "state": "present", "permanent": True}
    assert play(module, target, there).changed
    assert not play(module, target, there).changed
    assert play(module, {**target, "state": "absent"}, there).changed
    assert lines(there) == [
        "firewall-cmd --permanent --new-zone=ours",
        "firewall-cmd --permanent --delete-zone=ours",
        "firewall-cmd --permanent --zone=public --set-target=DROP",
        "firewall-cmd --permanent --zone=public --set-target=default",
    ]


def test_a_firewall_that_does_not_run() -> None:
    there = host(running=False)
    assert "not currently running" in play(module, HTTP, there).msg
    assert plan(module, HTTP, there).unknown == "no running firewalld on the host yet"
    args = {**HTTP, "permanent": True, "offline": True}
    assert play(module, args, there).changed
    assert lines(there) == ["firewall-offline-cmd --zone=public --add-port=80/tcp"]
    assert not play(module, args, there).changed


def test_a_plan_knows_of_the_settings_before() -> None:
    there = host()
    for kind, key, value in plan(module, HTTP, there).effects:
        there.effects[kind, key] = value
    assert plan(module, HTTP, there).action == "none"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"port": "1/tcp", "service": "http", "state": "enabled"}, "one of service, port at once"),
        ({"state": "enabled"}, "nothing to set"),
        ({"port": "1/tcp", "state": "present"}, "zone level operations"),
        ({"zone": "x", "state": "present"}, "zone operations must be permanent"),
        ({"port_forward": [{"port": 1}], "state": "enabled"}, "port_forward wants proto"),
        ({"port_forward": [], "state": "enabled"}, "Only one port forward"),
        ({**HTTP, "timeout": 5, "permanent": True}, "not permanent"),
    ],
)
def test_what_cannot_be(args: dict[str, object], message: str) -> None:
    assert message in play(module, args, host()).msg


def test_failures() -> None:
    there = host().when("firewall-cmd --zone=public --add-port=80/tcp", rc=101, stderr="INVALID\n")
    assert play(module, HTTP, there).msg.endswith("INVALID")
    there = host().when("firewall-cmd --zone=public --query-port=80/tcp", rc=112, stderr="ZONE\n")
    assert play(module, HTTP, there).msg == "firewalld says of the zone public: ZONE"
    assert "not installed" in play(module, HTTP, FakeHost()).msg
