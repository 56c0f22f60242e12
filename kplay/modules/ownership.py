"""Mode, owner and group of a path: what is found, what is wanted, how it is set."""

import re
from typing import TYPE_CHECKING, Dict, Optional

from kplay.modules import labels
from kplay.modules.api import Arg, Args, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe, Stat

ARGS = {
    "mode": Arg("mode"),
    "owner": Arg("str"),
    "group": Arg("str"),
    "unsafe_writes": Arg("bool", default=False),
    **labels.ARGS,
}

FIELDS = ("mode", "owner", "group")

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007}
_PERMISSIONS = {"r": 0o444, "w": 0o222, "x": 0o111}


def umask(probe: "Probe") -> int:
    """The agent's umask."""
    return int(probe.facts().get("umask", 0o022))


def text(mode: int) -> str:
    """A mode as fields and results show it."""
    return f"{mode:04o}"


def resolve(mode: str, current: int, directory: bool, mask: int = 0o022) -> int:
    """The permission bits that a mode means for a path that has ``current``.

    Args:
        mode: octal digits or a symbolic mode.
        current: the bits that the path has.
        directory: whether it is one, for ``X``.
        mask: the umask, for symbolic modes that name nobody.
    """
    if re.match(r"^(?:0o)?[0-7]+$", mode):
        return int(mode.replace("0o", ""), 8)
    executable = directory or bool(current & 0o111)
    bits = current
    for clause in mode.split(","):
        who = re.match(r"^[ugoa]*", clause).group(0)  # type: ignore[union-attr]
        rest = clause[len(who) :]
        reach = _reach(who)
        for operator, letters in re.findall(r"([-+=])([ugo]|[rwxXst]*)", rest):
            change = _bits(letters, bits, executable) & reach
            if not who:
                change &= ~mask
            if operator == "+":
                bits |= change
            elif operator == "-":
                bits &= ~change
            else:
                special = 0o7000 if directory and not re.search("[st]", letters) else 0
                bits = (bits & ~(reach & ~special)) | change
    return bits


def _reach(who: str) -> int:
    if not who or "a" in who:
        return 0o7777
    reach = 0
    for letter in who:
        reach |= _WHO[letter]
    return reach


def _bits(letters: str, current: int, executable: bool) -> int:
    if letters in ("u", "g", "o") and letters:
        shift = {"u": 6, "g": 3, "o": 0}[letters]
        return ((current >> shift) & 0o7) * 0o111
    bits = 0
    for letter in letters:
        if letter == "X":
            bits |= 0o111 if executable else 0
        elif letter == "s":
            bits |= 0o6000
        elif letter == "t":
            bits |= 0o1000
        else:
            bits |= _PERMISSIONS[letter]
    return bits


def observe(probe: "Probe", args: Args, stat: "Optional[Stat]", path: str = "") -> State:
    """The fields mode, owner and group of a path, in the words that the arguments use.

    Beside them stand ``label`` and ``attributes`` where they are asked for, and ``described``,
    ``asked``, ``creator`` and ``umask``: what ``desire`` and ``expected`` must know of the host.
    Also checks that the owner and group asked for exist.

    Raises:
        ModuleFailure: no such user or group (in a plan: UnknownValue).
    """
    asked: Dict[str, int] = {}
    for kind, number in (("owner", "uid"), ("group", "gid")):
        if args.get(kind):
            asked[number] = _number(probe, kind, args[kind])
    found: State = {"asked": asked, "described": describe(stat), "umask": umask(probe)}
    if path:
        found.update(labels.observe(probe, args, path, stat is not None))
    if stat is None:
        found["creator"] = _creator(probe)
        return found
    found.update(mode=text(stat.mode), owner=stat.owner, group=stat.group)
    if asked.get("uid") == stat.uid:
        found["owner"] = args["owner"]
    if asked.get("gid") == stat.gid:
        found["group"] = args["group"]
    return found


def _creator(probe: "Probe") -> State:
    uid = int(probe.facts().get("uid", 0))
    user = probe.user(str(uid))
    if user is None:
        return {"uid": uid, "owner": str(uid)}
    group = probe.group(str(user.gid))
    name = group[0] if group else str(user.gid)
    return {"uid": uid, "owner": user.name, "gid": user.gid, "group": name}


def _number(probe: "Probe", kind: str, name: str) -> int:
    if name.isdigit():
        return int(name)
    if kind == "owner":
        user = probe.user(name)
        if user is None:
            message = f"chown failed: failed to look up user {name}"
            raise lacking(probe, f"user {name}", message)
        return user.uid if isinstance(user.uid, int) else -1
    group = probe.group(name)
    if group is None:
        message = f"chgrp failed: failed to look up group {name}"
        raise lacking(probe, f"group {name}", message)
    return group[1] if isinstance(group[1], int) else -1


def desire(args: Args, found: State, new: int, directory: bool = False) -> State:
    """The fields among mode, owner and group that the arguments ask for.

    Args:
        args: the module's arguments.
        found: with what ``observe`` gave; no ``mode`` when the path does not exist.
        new: the bits that a path is made with before the umask, when it does not exist.
        directory: whether the path is or becomes one.
    """
    wanted: State = {}
    mask = found.get("umask", 0o022)
    current = int(found["mode"], 8) if found.get("mode") else new & ~mask
    if args.get("mode"):
        wanted["mode"] = text(resolve(args["mode"], current, directory, mask))
    for kind in ("owner", "group"):
        if args.get(kind):
            wanted[kind] = args[kind]
    wanted.update(labels.desire(args, found))
    return wanted


def differs(wanted: State, found: State) -> bool:
    """Whether any of mode, owner, group, label and attributes is to be set."""
    every = (*FIELDS, *labels.FIELDS)
    return any(key in wanted and wanted[key] != found.get(key) for key in every)


def apply(host: "Host", path: str, wanted: State, follow: bool = True) -> None:
    """Set the wanted mode, owner and group of a path that exists."""
    stat = host.stat(path) if follow else host.lstat(path)
    if stat is None:
        return
    owner, group = wanted.get("owner", ""), wanted.get("group", "")
    if owner in (stat.owner, str(stat.uid)):
        owner = ""
    if group in (stat.group, str(stat.gid)):
        group = ""
    if owner or group:
        host.chown(path, owner, group, follow)
        stat = (host.stat(path) if follow else host.lstat(path)) or stat
    if wanted.get("mode") and stat.state != "link" and stat.mode != int(wanted["mode"], 8):
        host.chmod(path, int(wanted["mode"], 8))
    labels.apply(host, path, wanted, follow)


def describe(stat: "Optional[Stat]") -> State:
    """The return fields that Ansible gives of a path: uid, gid, owner, group, mode, state, size."""
    if stat is None:
        return {"state": "absent"}
    return {
        "uid": stat.uid,
        "gid": stat.gid,
        "owner": stat.owner,
        "group": stat.group,
        "mode": text(stat.mode),
        "state": "hard" if stat.state == "file" and stat.nlink > 1 else stat.state,
        "size": stat.size,
    }


def foreseen(found: State, wanted: State, new: int) -> State:
    """The mode, owner and group that later steps will find, those of them that can be known."""
    known = expected(found, wanted, new)
    return {key: known[key] for key in FIELDS if key in known}


def expected(found: State, wanted: State, new: int) -> State:
    """What describe() will say after a planned change, as far as it can be known."""
    known = dict(found.get("described") or {})
    if known.get("state") == "absent":
        known = dict(found.get("creator") or {})
        known["mode"] = text(new & ~found.get("umask", 0o022))
    asked = found.get("asked") or {}
    for key in FIELDS:
        if key not in wanted:
            continue
        known[key] = wanted[key]
        number = {"owner": "uid", "group": "gid"}.get(key, "")
        if asked.get(number, -1) >= 0:
            known[number] = asked[number]
        elif number:
            known.pop(number, None)
    return known
