"""archive: files and directories of the host in one tar or zip archive, or one file compressed."""

import fnmatch
import hashlib
import posixpath
from typing import TYPE_CHECKING, List, Optional, Sequence

from kplay.agent.host import UnknownValue
from kplay.modules import archives, labels, ownership
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_KINDS = ("file", "directory", "link")


def observe(probe: "Probe", args: Args) -> State:
    """Find what is to be packed, and compare it with what the archive holds."""
    given = _expanded(probe, args["path"])
    excluded = _expanded(probe, args["exclude_path"])
    roots = [path for path in given if path not in excluded]
    there = [path for path in roots if probe.lstat(path) is not None]
    found: State = {
        "expanded_paths": given,
        "expanded_exclude_paths": excluded,
        "missing": [path for path in roots if path not in there],
    }
    alone = len(roots) == 1 and not _many(args) and (not there or _is_file(probe, there[0]))
    plain = args["format"] in ("bz2", "gz", "xz") and not args["force_archive"]
    found["single"] = alone and plain
    dest = _dest(args, roots, alone)
    found.update(dest=dest, arcroot=_root(there or roots))
    stat = probe.stat(dest)
    found.update(ownership.observe(probe, args, stat, dest))
    found["state"] = "file" if stat else ABSENT
    if not there and stat is None and probe.scratch() and roots:
        message = f"no {' '.join(roots)} on the host yet"
        raise UnknownValue(message)
    members = _members(probe, args, there, found["arcroot"], dest)
    found["members"] = members
    found["wanted"] = _listing(probe, members) if there else None
    found["listing"] = _packed(probe, found) if stat else None
    found["sources"] = there
    found["left"] = sorted(there)
    return found


def _many(args: Args) -> bool:
    return len(args["path"]) > 1 or any(_magic(one) for one in args["path"])


def _magic(path: str) -> bool:
    return any(letter in path for letter in "*?[")


def _expanded(probe: "Probe", patterns: Sequence[str]) -> List[str]:
    paths: List[str] = []
    for pattern in patterns or ():
        for path in probe.glob(pattern) if _magic(pattern) else [pattern]:
            plain = path.rstrip("/") or "/"
            if plain not in paths:
                paths.append(plain)
    return paths


def _is_file(probe: "Probe", path: str) -> bool:
    stat = probe.stat(path)
    return stat is not None and stat.state == "file"


def _dest(args: Args, paths: List[str], alone: bool) -> str:
    if args["dest"]:
        return str(args["dest"])
    if not alone:
        message = 'Error, must specify "dest" when archiving multiple files or trees'
        raise ModuleFailure(message, path=", ".join(paths))
    kind = args["format"]
    tarred = args["force_archive"] and kind not in ("zip", "tar")
    return "{}.{}{}".format(paths[0], "tar." if tarred else "", kind)


def _root(paths: List[str]) -> str:
    """The directory that all paths are in, with a slash at its end."""
    above = [posixpath.dirname(path) for path in paths] or ["/"]
    return (posixpath.commonpath(above).rstrip("/") or "") + "/"


def _members(
    probe: "Probe", args: Args, roots: Sequence[str], base: str, dest: str
) -> List[archives.Source]:
    members: List[archives.Source] = []
    patterns = args["exclusion_patterns"] or ()
    excluded = set(_expanded(probe, args["exclude_path"]))

    def source(path: str) -> Optional[archives.Source]:
        name = path[len(base) :] if path.startswith(base) else path.lstrip("/")
        if path in excluded or path == dest or any(fnmatch.fnmatch(name, one) for one in patterns):
            return None
        stat = probe.lstat(path)
        return archives.Source(name, path, stat) if stat and stat.state in _KINDS else None

    def within(directory: str) -> None:
        found = [source(posixpath.join(directory, one)) for one in probe.listdir(directory)]
        below = [one for one in found if one and one.stat.state == "directory"]
        members.extend(below)
        members.extend(one for one in found if one and one not in below)
        for one in below:
            within(one.path)

    for root in roots:
        one = source(root)
        if one is not None and one.stat.state == "directory":
            if probe.effect("git", root) is not None:
                message = f"what {root} holds once it is cloned or fetched"
                raise UnknownValue(message)
            # a tree is packed without the entry of its own root
            within(root)
        elif one is not None:
            members.append(one)
    return members


def _listing(probe: "Probe", members: Sequence[archives.Source]) -> State:
    """What tells one archive from another: names, and the content of files and links."""
    listing = {}
    for one in members:
        if one.stat.state == "file":
            listing[one.name] = probe.digest(one.path)
        elif one.stat.state == "link":
            listing[one.name] = "-> " + one.stat.target
        else:
            listing[one.name + "/"] = ""
    return listing


def _packed(probe: "Probe", found: State) -> State:
    data = probe.read(found["dest"])
    try:
        if found["single"]:
            name = posixpath.basename(found["members"][0].path) if found["members"] else ""
            content = archives.decompressed(data)
            return {name: hashlib.sha256(content).hexdigest()}
        _, members = archives.members(data, found["dest"])
    except ModuleFailure:
        return {}
    listing = {}
    for one in members:
        name = one.name.rstrip("/")
        if one.state == "directory":
            listing[name + "/"] = ""
        elif one.state == "link":
            listing[name] = "-> " + one.target
        else:
            listing[name] = hashlib.sha256(one.data).hexdigest()
    return listing


def desire(args: Args, found: State) -> State:
    """Want an archive that holds what there is now."""
    if not found["sources"] and found["state"] == ABSENT:
        return {}
    wanted: State = {"state": "file"}
    if found["wanted"] is not None:
        wanted["listing"] = found["wanted"]
    if args["remove"] and found["sources"]:
        wanted["left"] = [] if found["dest"] not in found["sources"] else [found["dest"]]
    wanted.update(ownership.desire(args, found, 0o666))
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the archive, and remove what is in it where asked."""
    dest = found["dest"]
    if found["wanted"] is not None and found["wanted"] != found["listing"]:
        kind = args["format"]
        read = host.read
        if found["single"]:
            data = archives.compressed(read(found["members"][0].path), found["members"][0], kind)
        else:
            data = archives.packed(found["members"], read, kind)
        host.write(dest, data)
    ownership.apply(host, dest, wanted)
    if args["remove"]:
        for path in found["sources"]:
            if path != dest and host.lstat(path) is not None:
                host.remove(path)
    return ownership.describe(host.stat(dest))


def result(_args: Args, found: State, _wanted: State, changed: bool) -> State:
    """Name what is in the archive, and what was not found."""
    described = {} if changed else dict(found["described"])
    state = "compress" if found["single"] else "archive"
    if found["missing"] and found["sources"]:
        state = "incomplete"
    if not found["sources"] and found["state"] == ABSENT:
        state = "absent"
    return dict(
        described,
        dest=found["dest"],
        dest_state=state,
        archived=[one.path for one in found["members"]],
        arcroot=found["arcroot"],
        missing=found["missing"],
        expanded_paths=found["expanded_paths"],
        expanded_exclude_paths=found["expanded_exclude_paths"],
    )


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the archive, and what went into it."""
    value: State = {"state": "file"}
    if found["wanted"] is not None and found["wanted"] != found["listing"]:
        value["content"] = UNKNOWN
    value.update(ownership.foreseen(found, wanted, 0o666))
    effects = [Effect("path", found["dest"], value)]
    if args["remove"]:
        gone = [path for path in found["sources"] if path != found["dest"]]
        effects += [Effect("path", path, {"state": ABSENT}) for path in gone]
    return effects


module = Module(
    "archive",
    args=dict(
        ownership.ARGS,
        path=Arg("list", elements="path", required=True),
        dest=Arg("path"),
        exclude_path=Arg("list", elements="path", default=()),
        exclusion_patterns=Arg("list", elements="path"),
        force_archive=Arg("bool", default=False),
        format=Arg(default="gz", choices=("bz2", "gz", "tar", "xz", "zip")),
        remove=Arg("bool", default=False),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    foresee=foresee,
    fields=("state", "listing", "left", "mode", "owner", "group", *labels.FIELDS),
)
