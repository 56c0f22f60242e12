"""stat: what is known of a path."""

from typing import TYPE_CHECKING, Any, Dict

from kplay.agent.host import UnknownValue
from kplay.modules import ownership, paths
from kplay.modules.api import UNKNOWN, Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe, Stat

BITS = {
    "rusr": 0o400,
    "wusr": 0o200,
    "xusr": 0o100,
    "rgrp": 0o040,
    "wgrp": 0o020,
    "xgrp": 0o010,
    "roth": 0o004,
    "woth": 0o002,
    "xoth": 0o001,
    "isuid": 0o4000,
    "isgid": 0o2000,
}

STATES = {
    "isreg": "file",
    "isdir": "directory",
    "islnk": "link",
    "isblk": "block",
    "ischr": "char",
    "isfifo": "fifo",
    "issock": "socket",
}


def describe(path: str, stat: "Stat") -> Dict[str, Any]:
    """The fields that stat and find both return of a path."""
    fields: Dict[str, Any] = {
        "path": path,
        "mode": ownership.text(stat.mode),
        "uid": _told(stat.uid),
        "gid": _told(stat.gid),
        "pw_name": stat.owner,
        "gr_name": stat.group,
        "size": _told(stat.size),
        "inode": stat.ino,
        "dev": stat.dev,
        "nlink": stat.nlink,
        "atime": stat.atime,
        "mtime": stat.mtime,
        "ctime": stat.ctime,
    }
    fields.update({name: bool(stat.mode & bit) for name, bit in BITS.items()})
    fields.update({name: stat.state == state for name, state in STATES.items()})
    return fields


def _told(number: int) -> Any:
    """A number of a path, which a plan has as -1 where only the run can tell."""
    return UNKNOWN if number < 0 else number


def observe(probe: "Probe", args: Args) -> State:
    """Look at the path."""
    path = args["path"]
    stat = probe.stat(path) if args["follow"] else probe.lstat(path)
    if stat is None:
        return {"stat": {"exists": False}}
    fields = describe(path, stat)
    fields["exists"] = True
    fields.update(_access(probe, stat))
    if stat.state == "link":
        fields["lnk_target"] = stat.target
        fields["lnk_source"] = paths.real(probe, path)
    if args["get_checksum"] and stat.state == "file":
        fields["checksum"] = _checksum(probe, path, args["checksum_algorithm"])
    if args["get_mime"]:
        fields.update(mimetype="unknown", charset="unknown")
    if args["get_attributes"]:
        fields.update(attributes=[], attr_flags="", version=None)
    return {"stat": fields}


def _checksum(probe: "Probe", path: str, algorithm: str) -> Any:
    try:
        return probe.digest(path, algorithm)
    except UnknownValue:
        return UNKNOWN


def _access(probe: "Probe", stat: "Stat") -> Dict[str, bool]:
    uid = probe.facts()["uid"]
    if uid == 0:
        executable = stat.state == "directory" or bool(stat.mode & 0o111)
        return {"readable": True, "writeable": True, "executable": executable}
    user = probe.user(str(uid))
    shift = 0
    if stat.uid == uid:
        shift = 6
    elif user is not None and (stat.gid == user.gid or stat.group in user.groups):
        shift = 3
    bits = (stat.mode >> shift) & 0o7
    return {"readable": bool(bits & 4), "writeable": bool(bits & 2), "executable": bool(bits & 1)}


def desire(_args: Args, _found: State) -> State:
    """Want nothing."""
    return {}


def result(_args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Return what was found."""
    return found


module = Module(
    "stat",
    args={
        "path": Arg("path", required=True, aliases=("dest", "name")),
        "follow": Arg("bool", default=False),
        "get_checksum": Arg("bool", default=True),
        "checksum_algorithm": Arg(
            default="sha1",
            choices=("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
            aliases=("checksum", "checksum_algo"),
        ),
        "get_mime": Arg("bool", default=True, aliases=("mime", "mime_type", "mime-type")),
        "get_attributes": Arg("bool", default=True, aliases=("attr", "attributes")),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
