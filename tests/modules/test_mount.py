from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.modules import schema
from kplay.modules.mount import module
from kplay.testing import FakeHost, plan, play

if TYPE_CHECKING:
    from collections.abc import Sequence

INFO = "/proc/self/mountinfo"
LINE = "36 1 8:1 / {path} rw,relatime - ext4 {src} rw\n"
FSTAB = """# c
/dev/sda1 / ext4 defaults 0 1
/dev/sdb1 /data ext4 defaults 0 0
UUID=x none swap sw 0 0
"""


def do_mount(on: FakeHost, argv: Sequence[str]) -> None:
    if argv[1:3] == ["-o", "remount"]:
        return
    path, src = argv[-1], argv[-2]
    for line in on.text("/etc/fstab").splitlines():
        if line.split()[1:2] == [path]:
            src = line.split()[0]
    on.add_file(INFO, on.text(INFO) + LINE.format(path=path, src=src))


def do_umount(on: FakeHost, argv: Sequence[str]) -> None:
    kept = [line for line in on.text(INFO).splitlines() if f" {argv[-1]} " not in line]
    on.add_file(INFO, "".join(line + "\n" for line in kept))


def host(*mounts: tuple[str, str], fstab: str = FSTAB) -> FakeHost:
    table = "".join(LINE.format(path=path, src=src) for path, src in mounts)
    made = FakeHost(files={"/etc/fstab": fstab, INFO: table}, dirs=["/data", "/mnt"])
    return made.when("mount", does=do_mount).when("umount", does=do_umount)


DATA = {"path": "/data", "src": "/dev/sdb1", "fstype": "ext4"}
NEW = {"path": "/srv/x", "src": "/dev/sdc1", "fstype": "xfs"}
ON = ("/data", "/dev/sdb1")

CASES = [
    ({**DATA, "state": "present"}, (), "none", []),
    ({**DATA, "state": "mounted"}, (ON,), "none", []),
    ({**DATA, "state": "mounted"}, (), "update", [["mount", "/data"]]),
    ({**NEW, "state": "present"}, (), "update", []),
    ({**NEW, "state": "mounted"}, (), "update", [["mount", "/srv/x"]]),
    (
        {**NEW, "state": "ephemeral", "opts": "ro"},
        (),
        "update",
        [["mount", "-t", "xfs", "-o", "ro", "/dev/sdc1", "/srv/x"]],
    ),
    (
        {**DATA, "state": "mounted", "opts": "noatime"},
        (ON,),
        "update",
        [["mount", "-o", "remount", "/data"]],
    ),
    (
        {**DATA, "src": "/dev/sdz", "state": "mounted"},
        (ON,),
        "update",
        [["umount", "/data"], ["mount", "/data"]],
    ),
    ({"path": "/data", "state": "unmounted"}, (ON,), "update", [["umount", "/data"]]),
    ({"path": "/data", "state": "unmounted"}, (), "none", []),
    ({"path": "/data", "state": "absent"}, (ON,), "update", [["umount", "/data"]]),
    ({"path": "/none", "state": "absent"}, (), "none", []),
    ({"path": "/data", "state": "absent_from_fstab"}, (ON,), "update", []),
    ({"path": "/data", "state": "absent_from_fstab"}, (ON,), "update", []),
]


@pytest.mark.parametrize(("args", "mounts", "action", "argvs"), CASES, ids=str)
def test_mounts(
    args: dict[str, object],
    mounts: tuple[tuple[str, str], ...],
    action: str,
    argvs: list[list[str]],
) -> None:
    there = host(*mounts)
    assert plan(module, args, there).action == action
    done = play(module, args, there)
    assert (done.action, done.failed) == (action, False), done.msg
    assert [list(run.argv) for run in there.runs] == argvs
    assert play(module, args, there).action == "none"


def test_the_rest_of_fstab_is_kept() -> None:
    there = host()
    args = {**DATA, "state": "present", "opts": "noatime,nofail", "backup": True, "passno": 2}
    done = play(module, args, there)
    assert there.text("/etc/fstab") == FSTAB.replace(
        "/dev/sdb1 /data ext4 defaults 0 0", "/dev/sdb1 /data ext4 noatime,nofail 0 2"
    )
    assert there.text(done["backup_file"]) == FSTAB


def test_names_with_spaces_are_escaped() -> None:
    there = host()
    args = {"path": "/srv/my disk", "src": "LABEL=my disk", "fstype": "ext4", "state": "present"}
    play(module, args, there)
    assert there.text("/etc/fstab").endswith(
        "LABEL=my\\040disk /srv/my\\040disk ext4 defaults 0 0\n"
    )
    assert not play(module, args, there).changed


def test_not_at_boot() -> None:
    there = host()
    play(module, {**NEW, "state": "present", "boot": False}, there)
    assert there.text("/etc/fstab").endswith("/dev/sdc1 /srv/x xfs defaults,noauto 0 0\n")


def test_remounting_is_always_done() -> None:
    there = host(ON)
    args = {"path": "/data", "state": "remounted"}
    assert play(module, args, there).changed
    assert play(module, args, there).changed


def test_later_steps_see_the_mount() -> None:
    there = host()
    effects = plan(module, {**NEW, "state": "mounted"}, there).effects
    assert [(kind, key) for kind, key, _ in effects] == [
        ("path", "/etc/fstab"),
        ("path", "/srv/x"),
        ("path", "/srv/x"),
        ("mount", "/srv/x"),
    ]
    there.effects["mount", "/data"] = {"state": "mounted", "src": "/dev/sdb1"}
    assert plan(module, {**DATA, "state": "mounted"}, there).action == "none"


REFUSED = [
    ({"path": "/x", "state": "mounted", "src": "a"}, "the following are missing: fstype"),
    ({"path": "/x", "state": "present"}, "the following are missing: src, fstype"),
]


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=str)
def test_refused(args: dict[str, object], message: str) -> None:
    assert message in plan(module, args, host()).msg


def test_a_mount_that_fails() -> None:
    there = host().when("mount", rc=32, stderr="mount: special device does not exist\n")
    done = play(module, {**NEW, "state": "mounted"}, there)
    assert done.failed
    assert done.msg == "Error mount /srv/x: mount: special device does not exist"


def test_hidden_options_are_the_tasks_matter() -> None:
    given = {"path": "/m", "state": "unmounted", "opts_no_log": True}
    assert "no_log: true" in schema.normalise(module, given)[1][0].message


def test_the_last_fields_of_a_line() -> None:
    there = host()
    args = {**NEW, "state": "present", "dump": "1", "passno": "2"}
    assert play(module, args, there).changed
    assert there.text("/etc/fstab").splitlines()[-1] == "/dev/sdc1 /srv/x xfs defaults 1 2"
    assert not play(module, args, there).changed
    assert play(module, {**NEW, "state": "present"}, there).changed
    assert there.text("/etc/fstab").splitlines()[-1] == "/dev/sdc1 /srv/x xfs defaults 0 0"


def test_another_table_is_no_table_of_the_boot() -> None:
    there = host()
    args = {**NEW, "state": "mounted", "fstab": "/tmp/fstab"}
    assert play(module, args, there).changed
    assert there.text("/tmp/fstab") == "/dev/sdc1 /srv/x xfs defaults 0 0\n"
    assert there.text("/etc/fstab") == FSTAB
    assert [list(run.argv) for run in there.runs] == [["mount", "-t", "xfs", "/dev/sdc1", "/srv/x"]]
