from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.modules.hostname import FILE, KERNEL, NETWORK, module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence


def rename(on: FakeHost, argv: Sequence[str]) -> None:
    on.add_file(KERNEL, argv[-1] + "\n")


def host(running: str = "old", at_boot: str = "old\n", *, systemd: bool = True) -> FakeHost:
    made = FakeHost(files={KERNEL: running + "\n", FILE: at_boot})
    if systemd:
        made.add_dir("/run/systemd/system")
        made.when("hostnamectl set-hostname", does=rename)
    return made.when("hostname", does=rename)


CASES = [
    (host("n1", "n1\n"), "none", []),
    (host("n1", "# c\nn1\n"), "none", []),
    (host(), "update", [["hostnamectl", "set-hostname", "n1"]]),
    (host(systemd=False), "update", [["hostname", "n1"]]),
    (host("n1", ""), "update", []),
    (host("old", "n1\n"), "update", [["hostnamectl", "set-hostname", "n1"]]),
]


@pytest.mark.parametrize(("there", "action", "argvs"), CASES)
def test_names(there: FakeHost, action: str, argvs: list[list[str]]) -> None:
    assert plan(module, {"name": "n1"}, there).action == action
    done = play(module, {"name": "n1"}, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert [list(run.argv) for run in there.runs] == argvs
    assert play(module, {"name": "n1"}, there).action == "none"


def test_facts_follow() -> None:
    done = plan(module, {"name": "n1.example.org"}, host())
    assert done["ansible_facts"] == {
        "ansible_hostname": "n1",
        "ansible_nodename": "n1.example.org",
        "ansible_fqdn": "n1.example.org",
        "ansible_domain": "example.org",
    }


def test_later_steps_see_the_name() -> None:
    there = host("old", "n1\n")
    there.effects["sysctl", "kernel.hostname"] = "n1"
    assert plan(module, {"name": "n1"}, there).action == "none"


def test_a_failing_program() -> None:
    there = host().when("hostnamectl set-hostname", rc=1, stderr="denied")
    assert "err=denied" in play(module, {"name": "n1"}, there).msg


@pytest.mark.parametrize(
    ("use", "argv"),
    [
        ("systemd", ["hostnamectl", "set-hostname", "n1"]),
        ("debian", ["hostname", "n1"]),
        ("generic", ["hostname", "n1"]),
    ],
)
@pytest.mark.parametrize("systemd", [True, False])
def test_the_way_asked_for_is_gone(use: str, argv: list[str], *, systemd: bool) -> None:
    there = host(systemd=systemd)
    if not systemd:
        there.when("hostnamectl", does=rename)
    args = {"name": "n1", "use": use}
    assert plan(module, args, there).action == "update"
    assert not play(module, args, there).failed
    assert [list(run.argv) for run in there.runs] == [argv]
    assert there.text(FILE) == "n1\n"
    assert play(module, args, there).action == "none"


def test_older_red_hat_keeps_it_elsewhere() -> None:
    there = host(systemd=False)
    there.add_file(NETWORK, 'NETWORKING=yes\nHOSTNAME="old"\n')
    args = {"name": "n1", "use": "redhat"}
    planned = plan(module, args, there)
    assert (planned.before["at_boot"], planned.after["at_boot"]) == ("old", "n1")
    assert [key for kind, key, _ in planned.effects if kind == "path"] == [NETWORK]
    assert not play(module, args, there).failed
    assert there.text(NETWORK) == "NETWORKING=yes\nHOSTNAME=n1\n"
    assert there.text(FILE) == "old\n"
    assert play(module, args, there).action == "none"
