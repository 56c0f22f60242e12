from __future__ import annotations

import pytest

from kplay.modules.filesystem import module
from kplay.testing import FakeHost, plan, play

DEV = "/dev/sdb1"
EXT = {"dev": DEV, "fstype": "ext4"}


def host(fstype: str = "") -> FakeHost:
    """A host with one device."""
    there = FakeHost(files={DEV: "", "/srv/disk": ""})
    kept = {"fstype": fstype}

    def makes(kind: str) -> object:
        def does(_on: FakeHost, _argv: object) -> str:
            kept["fstype"] = kind
            return ""

        return does

    there.when("blkid", does=lambda *_: kept["fstype"] + "\n" if kept["fstype"] else "")
    there.when("findmnt", stdout="/mnt\n")
    for program, kind in (
        ("mkfs.ext4", "ext4"), ("mkfs.xfs", "xfs"), ("mkswap", "swap"), ("pvcreate", "LVM2_member"),
        ("mkfs.vfat", "vfat"), ("mkfs.btrfs", "btrfs"), ("wipefs", ""),
    ):  # fmt: skip
        there.when(program, does=makes(kind))  # type: ignore[arg-type]
    return there


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_file_system_is_made_once() -> None:
    there = host()
    assert plan(module, EXT, there).action == "create"
    assert play(module, EXT, there).changed
    assert lines(there) == [f"mkfs.ext4 -F {DEV}"]
    assert plan(module, EXT, there).action == "none"


def test_another_is_overwritten_only_by_force() -> None:
    there = host("ext4")
    args = {"device": DEV, "type": "xfs"}
    assert "use force=true" in play(module, args, there).msg
    assert play(module, {**args, "force": True}, there).changed
    assert lines(there) == [f"mkfs.xfs -f {DEV}"]
    assert not play(module, {**args, "force": True}, there).changed


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"fstype": "swap"}, f"mkswap -f {DEV}"),
        ({"fstype": "lvm"}, f"pvcreate {DEV}"),
        ({"fstype": "vfat"}, f"mkfs.vfat {DEV}"),
        ({"fstype": "ext4", "opts": "-L data"}, f"mkfs.ext4 -F -L data {DEV}"),
        ({"fstype": "ext4", "uuid": "random"}, f"mkfs.ext4 -F -U random {DEV}"),
        ({"fstype": "xfs", "uuid": "u"}, f"mkfs.xfs -f -m uuid=u {DEV}"),
        ({"fstype": "lvm", "uuid": "u"}, f"pvcreate -u u --norestorefile {DEV}"),
    ],
)
def test_kinds(args: dict[str, object], line: str) -> None:
    there = host()
    assert play(module, {"dev": DEV, **args}, there).changed
    assert lines(there) == [line]


def test_it_is_wiped() -> None:
    there = host("ext4")
    args = {"dev": DEV, "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert lines(there) == [f"wipefs --all {DEV}"]
    assert not play(module, args, there).changed
    assert not play(module, {"dev": "/dev/none", "state": "absent"}, there).changed


def test_it_grows() -> None:
    there = host("ext4").when("resize2fs", stdout="The filesystem is now 100 blocks long.\n")
    args = {**EXT, "resizefs": True}
    assert "smaller than the device" in plan(module, args, there).unknown
    assert play(module, args, there).changed
    assert lines(there) == [f"resize2fs {DEV}"]
    there.when("resize2fs", stdout="The filesystem is already 100 blocks long.  Nothing to do!\n")
    assert not play(module, args, there).changed
    loose = host("ext4").when("findmnt", rc=1).when("e2fsck").when("resize2fs")
    play(module, args, loose)
    assert lines(loose) == [f"e2fsck -f -p {DEV}", f"resize2fs {DEV}"]


def test_some_grow_where_they_are_mounted() -> None:
    there = host("xfs").when("xfs_growfs", stdout="data blocks changed\n")
    assert play(module, {"dev": DEV, "fstype": "xfs", "resizefs": True}, there).changed
    assert lines(there) == ["xfs_growfs /mnt"]
    there.when("findmnt", rc=1)
    told = play(module, {"dev": DEV, "fstype": "xfs", "resizefs": True}, there).msg
    assert "needs to be mounted" in told


def test_a_plan_knows_of_the_steps_before() -> None:
    there = host()
    for kind, key, value in plan(module, EXT, there).effects:
        there.effects[kind, key] = value
    assert plan(module, EXT, there).action == "none"


def test_what_cannot_be() -> None:
    assert "missing: fstype" in play(module, {"dev": DEV}, host()).msg
    assert play(module, {**EXT, "dev": "/dev/none"}, host()).msg == "Device /dev/none not found."
    assert plan(module, {**EXT, "dev": "/dev/none"}, host()).unknown == (
        "no device /dev/none on the host yet"
    )
    assert "FreeBSD" in play(module, {"dev": DEV, "fstype": "ufs"}, host()).msg
    assert "no uuid" in play(module, {"dev": DEV, "fstype": "vfat", "uuid": "x"}, host()).msg
    both = {**EXT, "resizefs": True, "uuid": "x"}
    assert "mutually exclusive" in play(module, both, host("ext4")).msg
    broken = host().when("mkfs.ext4", rc=1, stderr="no space\n")
    assert "no space" in play(module, EXT, broken).msg
    swap = {"dev": DEV, "fstype": "swap", "resizefs": True}
    assert "does not support resizing" in play(module, swap, host("swap")).msg
