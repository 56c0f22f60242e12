"""unarchive: the members of a tar or zip archive, unpacked into a directory.

The archive is read here, so a plan names every path that an apply writes.
"""

import fnmatch
import hashlib
import posixpath
from typing import TYPE_CHECKING, List, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import archives, get_url, ownership, paths
from kplay.modules.api import UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Compare every member with the path that it becomes."""
    if args["creates"] and probe.glob(args["creates"]):
        return {"state": "directory", "skipped": args["creates"]}
    dest = args["dest"].rstrip("/") or "/"
    stat = probe.stat(dest)
    if stat is None or stat.state != "directory":
        message = f"dest '{dest}' must be an existing dir"
        raise lacking(probe, f"directory {dest}", message, dest=dest)
    listing = args["_listing"] if args["_content"] is None or probe.scratch() else None
    listing = listing or _brought(probe, args)
    if listing is not None:
        handler, members = archives.listed(listing)
    else:
        handler, members = archives.members(_data(probe, args), args["src"] or "")
    found: State = {"state": "directory", "dest": dest, "handler": handler, "skipped": ""}
    found["names"] = [_shown(member) for member in members if _chosen(args, member.name)]
    found["members"] = []
    top = ownership.observe(probe, args, stat)
    found["described"] = top["described"]
    for member in members:
        name = archives.stripped(member.name, args["extra_opts"])
        if not name or not _chosen(args, member.name):
            continue
        path = posixpath.join(dest, name)
        one = _compare(probe, args, member, path)
        if one is not None:
            found["members"].append(one)
    found["unlike"] = [one["path"] for one in found["members"]]
    return found


def _brought(probe: "Probe", args: Args) -> Optional[State]:
    """What is in an archive that an earlier planned step brings to the host."""
    planned = probe.effect("path", args["src"]) if args["remote_src"] else None
    return planned.get("archive") if isinstance(planned, dict) else None


def _data(probe: "Probe", args: Args) -> bytes:
    if not args["remote_src"] and args["copy"]:
        if args["_content"] is None:
            raise ModuleFailure(f"Could not find or access '{args['src']}' on the controller")
        return probe.content(args["_content"])
    if "://" in args["src"]:
        if probe.scratch():
            raise UnknownValue(f"the archive at {args['src']} is fetched when applying")
        asked = dict(get_url.PLAIN, validate_certs=args["validate_certs"], dest=args["dest"])
        return get_url.fetch(probe, asked, args["src"])[0]
    stat = probe.stat(args["src"])
    if stat is None:
        message = f"Source '{args['src']}' does not exist"
        raise lacking(probe, f"file {args['src']}", message)
    return probe.read(args["src"])


def _shown(member: archives.Member) -> str:
    """The name as ``tar --list`` has it."""
    return member.name.rstrip("/") + ("/" if member.state == "directory" else "")


def _chosen(args: Args, name: str) -> bool:
    plain = name[2:] if name.startswith("./") else name

    def fits(pattern: str) -> bool:
        pattern = pattern.rstrip("/")
        return fnmatch.fnmatch(plain, pattern) or plain.startswith(pattern + "/")

    if args["include"] and not any(fits(pattern) for pattern in args["include"]):
        return False
    return not any(fits(pattern) for pattern in args["exclude"])


def _compare(probe: "Probe", args: Args, member: archives.Member, path: str) -> Optional[State]:
    stat = probe.lstat(path)
    one: State = {"path": path, "state": member.state, "target": member.target, "write": True}
    one["data"], one["mtime"] = member.data, member.mtime
    one["digest"] = member.digest if member.state == "file" else ""
    if stat is not None and stat.state == "link" and member.state == "directory":
        stat = probe.stat(path)
    if stat is not None and stat.state == member.state:
        if member.state == "file":
            one["write"] = probe.digest(path) != member.digest
            if args["keep_newer"] and stat.mtime > member.mtime:
                one["write"] = False
        else:
            one["write"] = member.state == "link" and stat.target != member.target
    asked = dict(args, mode=args["mode"] or ownership.text(member.mode))
    for kind, name in (("owner", member.owner), ("group", member.group)):
        known = probe.user(name) if kind == "owner" else probe.group(name)
        if not args[kind] and name and known is not None and probe.facts()["uid"] == 0:
            asked[kind] = name
    seen = ownership.observe(probe, asked, stat, path)
    one["wanted"] = ownership.desire(asked, seen, 0o777, member.state == "directory")
    if member.state == "link":
        one["wanted"].pop("mode", None)
    if not one["write"] and not ownership.differs(one["wanted"], seen):
        return None
    return one


def desire(_args: Args, found: State) -> State:
    """Want no path that is unlike its member."""
    return {} if found["skipped"] else {"state": "directory", "unlike": []}


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the members that differ."""
    dest = found["dest"]
    for one in found["members"]:
        path = one["path"]
        for parent in paths.missing(host, paths.parents(path)):
            host.mkdir(parent)
        if one["write"]:
            _write(host, one, dest)
        ownership.apply(host, path, one["wanted"], follow=one["state"] != "link")
    fields = ownership.describe(host.stat(dest))
    fields.update(_returned(args, found))
    return fields


def _write(host: "Host", one: State, dest: str) -> None:
    path, here = one["path"], host.lstat(one["path"])
    if not paths.real(host, posixpath.dirname(path)).startswith(paths.real(host, dest)):
        raise ModuleFailure(f"the archive leads out of {dest}: {path}")
    if here is not None and here.state != one["state"] and here.state != "link":
        host.remove(path)
        here = None
    if one["state"] == "directory":
        if here is None:
            host.mkdir(path)
    elif one["state"] == "link":
        host.symlink(one["target"], path)
    else:
        host.write(path, one["data"])
        host.utime(path, one["mtime"], one["mtime"])


def _returned(args: Args, found: State) -> State:
    fields = {"dest": found["dest"], "src": args["src"], "handler": found["handler"]}
    if args["list_files"]:
        fields["files"] = found["names"]
    return fields


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Say of the directory what is known."""
    if found["skipped"]:
        message = "skipped, since {} exists".format(found["skipped"])
        return {"skipped": True, "msg": message, "dest": args["dest"], "src": args["src"]}
    fields = dict(found["described"])
    fields.update(_returned(args, found))
    return fields


def foresee(_args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps every path that is written."""
    effects = []
    for one in found["members"]:
        value: State = {"state": one["state"]}
        value.update(one["wanted"])
        if one["state"] == "link":
            value["target"] = one["target"]
        if one["state"] == "file" and one["write"]:
            short = archives.text(one["data"])
            whole = short is not None and hashlib.sha256(one["data"]).hexdigest() == one["digest"]
            value["content"] = short if whole else UNKNOWN
            value["digest"] = one["digest"]
        effects.append(Effect("path", one["path"], value))
    return effects


module = Module(
    "unarchive",
    args=dict(
        ownership.ARGS,
        src=Arg("path", required=True),
        dest=Arg("path", required=True),
        remote_src=Arg("bool", default=False),
        copy=Arg("bool", default=True),
        creates=Arg("path"),
        include=Arg("list", default=(), elements="str"),
        exclude=Arg("list", default=(), elements="str"),
        extra_opts=Arg("list", default=(), elements="str"),
        keep_newer=Arg("bool", default=False),
        list_files=Arg("bool", default=False),
        validate_certs=Arg("bool", default=True),
        decrypt=Arg("bool", default=True),
        io_buffer_size=Arg("int", default=65536),
        _content=Arg("content"),
        # In a plan, in place of the content: see ``archives.listing``
        _listing=Arg("raw"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    fields=("unlike",),
    exclusive_args=(("include", "exclude"),),
)
