from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.modules.sysctl import module, proc_path
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "/etc/sysctl.conf"
NAME = "net.ipv4.ip_forward"


def set_value(on: FakeHost, argv: Sequence[str]) -> None:
    name, _, value = argv[-1].partition("=")
    on.add_file(proc_path(name), value + "\n")


def host(text: str = "", running: str = "0") -> FakeHost:
    made = FakeHost(files={FILE: text, proc_path(NAME): running + "\n"})
    return made.when("sysctl -w", does=set_value).when("sysctl -p").when("sysctl -e")


CASES = [
    # args, file before, file after, argvs
    ({"value": "1"}, "", f"{NAME}=1\n", [["sysctl", "-p", FILE]]),
    ({"value": "1", "reload": False}, "", f"{NAME}=1\n", []),
    ({"value": 1}, f"{NAME} = 1\n", f"{NAME} = 1\n", []),
    ({"value": "yes"}, f"{NAME}=1\n", f"{NAME}=1\n", []),
    ({"value": "1"}, f"# c\n{NAME}=0\nx=1\n", f"# c\n{NAME}=1\nx=1\n", [["sysctl", "-p", FILE]]),
    ({"value": "1"}, f"{NAME}=0\n{NAME}=2\n", f"{NAME}=1\n", [["sysctl", "-p", FILE]]),
    ({"value": "1"}, f"#{NAME}=1\n", f"#{NAME}=1\n{NAME}=1\n", [["sysctl", "-p", FILE]]),
    ({"value": "1"}, "net/ipv4/ip_forward=1\n", "net/ipv4/ip_forward=1\n", []),
    (
        {"value": "1", "sysctl_set": True},
        "",
        f"{NAME}=1\n",
        [["sysctl", "-w", f"{NAME}=1"], ["sysctl", "-p", FILE]],
    ),
    (
        {"value": "1", "sysctl_set": True},
        f"{NAME}=1\n",
        f"{NAME}=1\n",
        [["sysctl", "-w", f"{NAME}=1"]],
    ),
    ({"value": "0", "sysctl_set": True}, f"{NAME}=0\n", f"{NAME}=0\n", []),
    (
        {"value": "1", "ignoreerrors": True},
        "",
        f"{NAME}=1\n",
        [["sysctl", "-e", "-p", FILE]],
    ),
    ({"state": "absent"}, f"a=1\n{NAME}=1\n", "a=1\n", [["sysctl", "-p", FILE]]),
    ({"state": "absent"}, "a=1\n", "a=1\n", []),
]


@pytest.mark.parametrize(("args", "before", "after", "argvs"), CASES, ids=str)
def test_parameters(
    args: dict[str, object], before: str, after: str, argvs: list[list[str]]
) -> None:
    there = host(before)
    whole = {"name": NAME, **args}
    planned = plan(module, whole, there)
    assert planned.changed == bool(argvs or before != after)
    done = play(module, whole, there)
    assert not done.failed, done.msg
    assert done.changed == planned.changed
    assert there.text(FILE) == after
    assert [list(run.argv) for run in there.runs if "-w" in run.argv or "-p" in run.argv] == argvs
    assert not play(module, whole, there).changed


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.100/rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_where_the_kernel_keeps_it(name: str, path: str) -> None:
    assert proc_path(name) == path


def test_values_of_several_words_compare_by_word() -> None:
    there = FakeHost(files={FILE: "net.ipv4.tcp_rmem = 4096\t131072  6291456\n"})
    args = {"name": "net.ipv4.tcp_rmem", "value": "4096 131072 6291456"}
    assert not plan(module, args, there).changed


def test_a_new_file() -> None:
    there = host()
    there.add_dir("/etc/sysctl.d")
    args = {"name": NAME, "value": "1", "sysctl_file": "/etc/sysctl.d/k8s.conf"}
    planned = plan(module, args, there)
    assert planned.action == "create"
    assert planned.effects == [
        ("path", "/etc/sysctl.d/k8s.conf", {"state": "file", "content": f"{NAME}=1\n"}),
        ("sysctl", NAME, "1"),
        ("sysctl", "net.ipv4.conf.all.forwarding", "1"),
    ]
    play(module, args, there)
    assert there.text("/etc/sysctl.d/k8s.conf") == f"{NAME}=1\n"


def test_what_a_plan_foresees_is_the_running_value() -> None:
    there = host(f"{NAME}=1\n")
    there.effects["sysctl", NAME] = "1"
    assert not plan(module, {"name": NAME, "value": "1", "sysctl_set": True}, there).changed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "value cannot be None"),
        ({"value": " "}, "value cannot be blank"),
        ({"value": "1", "sysctl_file": "/none/x"}, "directory /none does not exist"),
    ],
    ids=str,
)
def test_refused(args: dict[str, object], message: str) -> None:
    assert message in play(module, {"name": NAME, **args}, host()).msg


def test_a_kernel_that_refuses() -> None:
    there = host().when("sysctl -p", rc=255, stderr="sysctl: cannot stat /proc/sys/x")
    done = play(module, {"name": NAME, "value": "1"}, there)
    assert done.failed
    assert done.msg == "Failed to reload sysctl: sysctl: cannot stat /proc/sys/x"
    there.when("sysctl -e", rc=255)
    args = {"name": NAME, "value": "2", "ignoreerrors": True}
    assert not play(module, args, there).failed
