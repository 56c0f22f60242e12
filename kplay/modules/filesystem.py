"""filesystem: a file system on a block device or in a file, made, grown or wiped."""

import shlex
from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_MAKERS: Dict[str, List[str]] = {
    "bcachefs": ["mkfs.bcachefs"],
    "btrfs": ["mkfs.btrfs"],
    "ext2": ["mkfs.ext2"],
    "ext3": ["mkfs.ext3"],
    "ext4": ["mkfs.ext4"],
    "ext4dev": ["mkfs.ext4"],
    "f2fs": ["mkfs.f2fs"],
    "lvm": ["pvcreate"],
    "ocfs2": ["mkfs.ocfs2"],
    "reiserfs": ["mkfs.reiserfs"],
    "swap": ["mkswap"],
    "vfat": ["mkfs.vfat"],
    "xfs": ["mkfs.xfs"],
}
_FORCE = {"bcachefs": "-f", "btrfs": "-f", "ext2": "-F", "ext3": "-F", "ext4": "-F",
          "ext4dev": "-F", "f2fs": "-f", "lvm": "-f", "ocfs2": "-Fx", "reiserfs": "-q",
          "swap": "-f", "xfs": "-f"}  # fmt: skip
_UUID = {"bcachefs": "-U", "btrfs": "-U", "ext2": "-U", "ext3": "-U", "ext4": "-U",
         "ext4dev": "-U", "f2fs": "-U", "lvm": "-u", "ocfs2": "-U", "reiserfs": "-u",
         "swap": "-U", "xfs": "-m uuid="}  # fmt: skip
_GROWN_WHERE_IT_LIES = ("ext2", "ext3", "ext4", "ext4dev", "lvm", "vfat")
_GROWN_WHERE_MOUNTED = ("btrfs", "xfs")
_NAMES = {"LVM2_member": "lvm", "ext4dev": "ext4"}


def observe(probe: "Probe", args: Args) -> State:
    """Ask blkid what is on the device."""
    dev = args["dev"]
    if args["state"] == "present" and not args["fstype"]:
        raise ModuleFailure("state is present but all of the following are missing: fstype")
    if args["fstype"] == "ufs":
        raise ModuleFailure("ufs is made on FreeBSD only")
    stat = probe.stat(dev)
    if stat is None:
        if args["state"] == "absent":
            return {"fstype": ABSENT, "state": ABSENT}
        message = f"Device {dev} not found."
        raise lacking(probe, f"device {dev}", message)
    planned = probe.effect("filesystem", dev)
    if isinstance(planned, dict):
        fstype = planned["fstype"]
    else:
        # -p reads the device itself, and not what blkid remembers of it
        done = probe.query(["blkid", "-c", "/dev/null", "-o", "value", "-s", "TYPE", dev])
        fstype = done.stdout.strip() or ABSENT
    found: State = {"fstype": _NAMES.get(fstype, fstype), "device": stat.state}
    found["state"] = ABSENT if fstype == ABSENT else "present"
    if args["resizefs"] and found["fstype"] != ABSENT:
        if args["uuid"]:
            raise ModuleFailure("parameters are mutually exclusive: resizefs|uuid")
        if probe.scratch():
            raise UnknownValue(f"whether the file system on {dev} is smaller than the device")
        found["grown"] = False
    return found


def desire(args: Args, found: State) -> State:
    """Want the file system, or none."""
    if args["state"] == "absent":
        return {"state": ABSENT, "fstype": ABSENT}
    asked = _NAMES.get(args["fstype"], args["fstype"])
    if found["fstype"] == asked or (found["fstype"] != ABSENT and not args["force"]):
        wanted: State = {"fstype": found["fstype"]}
        if found["fstype"] != asked:
            used = f"'{args['dev']}' is already used as {found['fstype']}"
            message = f"{used}, use force=true to overwrite"
            raise ModuleFailure(message)
        if "grown" in found:
            wanted["grown"] = True
        return wanted
    return {"state": "present", "fstype": asked}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Make it, grow it, or wipe what tells of it."""
    dev = args["dev"]
    if wanted.get("state") == ABSENT:
        _run(host, ["wipefs", "--all", dev])
        return {}
    if wanted["fstype"] == found["fstype"]:
        return _grow(host, args)
    kind = args["fstype"]
    words = list(_MAKERS[kind])
    words += [_FORCE[kind]] if kind in _FORCE and (args["force"] or kind != "lvm") else []
    words += shlex.split(args["opts"] or "")
    words += _named(kind, args["uuid"])
    _run(host, [*words, dev])
    return {}


def _named(kind: str, uuid: str) -> List[str]:
    if not uuid:
        return []
    if kind not in _UUID:
        message = f"a {kind} file system has no uuid that can be given"
        raise ModuleFailure(message)
    option = _UUID[kind]
    if option.endswith("="):
        flag, _, name = option.partition(" ")
        return [flag, name + uuid]
    return [option, uuid, *(["--norestorefile"] if kind == "lvm" else [])]


def _grow(host: "Host", args: Args) -> State:
    kind, dev = args["fstype"], args["dev"]
    mounted = host.query(["findmnt", "-n", "-o", "TARGET", "--source", dev]).stdout.split("\n")[0]
    if kind in _GROWN_WHERE_MOUNTED:
        if not mounted:
            message = f"{dev} needs to be mounted for {kind} operations"
            raise ModuleFailure(message)
        grow = ["xfs_growfs", mounted]
        if kind == "btrfs":
            grow = ["btrfs", "filesystem", "resize", "max", mounted]
    elif kind in _GROWN_WHERE_IT_LIES:
        if not mounted and kind.startswith("ext"):
            # resize2fs wants a file system that was looked over
            done = host.run(["e2fsck", "-f", "-p", dev])
            if done.rc > 1:
                raise ModuleFailure(done.stdout.strip(), rc=done.rc)
        grow = {"lvm": ["pvresize", dev], "vfat": ["fatresize", "--size=max", dev]}.get(
            kind, ["resize2fs", dev]
        )
    else:
        message = f"module does not support resizing {kind} filesystem yet"
        raise ModuleFailure(message)
    said = _run(host, grow)
    same = ("Nothing to do!", "data size unchanged", "0 physical volume(s) resized")
    return {"changed": not any(word in said for word in same), "msg": said.strip()}


def _run(host: "Host", argv: List[str]) -> str:
    done = host.run(argv)
    if done.rc != 0:
        message = f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}"
        raise ModuleFailure(message, rc=done.rc)
    return done.stdout + done.stderr


def foresee(args: Args, _found: State, wanted: State) -> List[Effect]:
    """Tell later steps what is on the device."""
    return [Effect("filesystem", args["dev"], {"fstype": wanted["fstype"]})]


module = Module(
    "filesystem",
    args={
        "dev": Arg("path", required=True, aliases=("device",)),
        "state": Arg(default="present", choices=("present", "absent")),
        "fstype": Arg(choices=(*sorted(_MAKERS), "ufs"), aliases=("type",)),
        "force": Arg("bool", default=False),
        "resizefs": Arg("bool", default=False),
        "opts": Arg(),
        "uuid": Arg(),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    foresee=foresee,
    verify=("fstype",),
    fields=("state", "fstype", "grown"),
)
