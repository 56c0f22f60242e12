from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.modules.modprobe import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

LOAD, OPTIONS = "/etc/modules-load.d", "/etc/modprobe.d"


def modprobe(on: FakeHost, argv: Sequence[str]) -> None:
    lines = on.text("/proc/modules").splitlines()
    if argv[1] == "-r":
        lines = [line for line in lines if line.split()[0] != argv[2]]
    else:
        lines.append(argv[1].replace("-", "_") + " 1 0 - Live")
    on.add_file("/proc/modules", "".join(line + "\n" for line in lines))


def host(files: dict[str, str] | None = None) -> FakeHost:
    base = {
        "/proc/modules": "overlay 151552 0 - Live\nnf_conntrack 1 0 - Live\n",
        "/lib/modules/6.1.0/modules.builtin": "kernel/fs/ext4/ext4.ko\nkernel/x/sd-mod.ko\n",
    }
    made = FakeHost(files={**base, **(files or {})}, dirs=[LOAD, OPTIONS])
    return made.when("modprobe", does=modprobe)


CASES: list[tuple[dict[str, object], str, list[list[str]]]] = [
    ({"name": "overlay"}, "none", []),
    ({"name": "nf-conntrack"}, "none", []),
    ({"name": "ext4"}, "none", []),
    ({"name": "sd_mod"}, "none", []),
    ({"name": "br_netfilter"}, "create", [["modprobe", "br_netfilter"]]),
    (
        {"name": "bonding", "params": "mode=4 miimon=1"},
        "create",
        [["modprobe", "bonding", "mode=4", "miimon=1"]],
    ),
    ({"name": "overlay", "state": "absent"}, "remove", [["modprobe", "-r", "overlay"]]),
    ({"name": "none", "state": "absent"}, "none", []),
    ({"name": "overlay", "persistent": "absent"}, "none", []),
    ({"name": "overlay", "persistent": "present"}, "update", []),
    ({"name": "br_netfilter", "persistent": "present"}, "create", [["modprobe", "br_netfilter"]]),
]


@pytest.mark.parametrize(("args", "action", "argvs"), CASES, ids=str)
def test_modules(args: dict[str, object], action: str, argvs: list[list[str]]) -> None:
    there = host()
    assert plan(module, args, there).action == action
    done = play(module, args, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert [list(run.argv) for run in there.runs] == argvs
    assert play(module, args, there).action == "none"


def test_at_boot() -> None:
    there = host()
    args = {"name": "bonding", "params": "mode=4", "persistent": "present"}
    planned = plan(module, args, there)
    assert planned.effects == [
        ("kernel_module", "bonding", {"loaded": True}),
        (
            "path",
            f"{OPTIONS}/bonding.conf",
            {"state": "file", "content": "options bonding mode=4\n"},
        ),
        ("path", f"{LOAD}/bonding.conf", {"state": "file", "content": "bonding\n"}),
    ]
    play(module, args, there)
    assert there.text(f"{LOAD}/bonding.conf") == "bonding\n"
    assert there.text(f"{OPTIONS}/bonding.conf") == "options bonding mode=4\n"


def test_another_file_that_names_it_is_enough() -> None:
    there = host({f"{LOAD}/k8s.conf": "# kubernetes\noverlay\nbr-netfilter\n"})
    assert not plan(module, {"name": "overlay", "persistent": "present"}, there).changed


def test_not_at_boot_any_more() -> None:
    there = host(
        {f"{LOAD}/k8s.conf": "overlay\nip_vs\n", f"{OPTIONS}/o.conf": "options overlay x=1\n"}
    )
    args = {"name": "overlay", "persistent": "absent"}
    assert play(module, args, there).changed
    assert there.text(f"{LOAD}/k8s.conf") == "#overlay\nip_vs\n"
    assert there.text(f"{OPTIONS}/o.conf") == "#options overlay x=1\n"
    assert not play(module, args, there).changed


def test_what_a_plan_foresees_is_loaded() -> None:
    there = host()
    there.effects["kernel_module", "br_netfilter"] = {"loaded": True}
    assert not plan(module, {"name": "br_netfilter"}, there).changed


def test_a_module_that_the_kernel_has_not() -> None:
    there = host().when("modprobe none", rc=1, stderr="modprobe: FATAL: Module none not found\n")
    done = play(module, {"name": "none"}, there)
    assert done.failed
    assert done.msg == "modprobe: FATAL: Module none not found"
