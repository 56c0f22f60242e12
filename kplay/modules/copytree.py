"""Copying a directory of the host with all in it, for ``copy`` with ``remote_src``."""

import posixpath
from typing import TYPE_CHECKING, Any, List, Optional

from kplay.modules import ownership, paths
from kplay.modules.api import ABSENT, UNKNOWN, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Walk the source; ``files`` holds what differs, by path."""
    source, dest = args["src"], args["dest"].rstrip("/") or "/"
    stat = probe.stat(dest)
    if stat is not None and stat.state != "directory":
        raise ModuleFailure(f"Remote copy does not support a directory over a file: {dest}")
    top = dest
    if not source.endswith("/"):
        top = posixpath.join(dest, posixpath.basename(source))
    found: State = {"path": dest, "tree": [], "files": {}}
    found["state"] = "directory" if stat is not None else ABSENT
    for directory in paths.missing(probe, [*paths.parents(top), top]):
        found["tree"].append({"path": directory, "state": "directory", "wanted": {}})
    _walk(probe, args, source.rstrip("/"), top, found)
    found["files"] = {one["path"]: one.get("found") for one in found["tree"]}
    found["described"] = ownership.describe(stat)
    return found


def _walk(probe: "Probe", args: Args, source: str, target: str, found: State) -> None:
    top = probe.stat(source)
    _compare(probe, args, {"source": source, "path": target, "state": "directory"}, top, found)
    for name in probe.listdir(source):
        below, there = posixpath.join(source, name), posixpath.join(target, name)
        stat = probe.lstat(below)
        if stat is None:
            continue
        if stat.state == "directory":
            _walk(probe, args, below, there, found)
        elif stat.state == "link":
            _compare_link(probe, there, stat.target, found)
        elif stat.state == "file":
            one = {"source": below, "path": there, "state": "file"}
            _compare(probe, args, one, stat, found)


def _compare(probe: "Probe", args: Args, one: State, source: Optional[Any], found: State) -> None:
    here = probe.stat(one["path"])
    mode = args["directory_mode"] if one["state"] == "directory" else args["mode"]
    if mode == "preserve" and source is not None:
        mode = ownership.text(source.mode)
    asked = dict(args, mode=mode)
    seen = ownership.observe(probe, asked, here, one["path"])
    new = 0o777 if one["state"] == "directory" else 0o666
    one["wanted"] = ownership.desire(asked, seen, new, one["state"] == "directory")
    one["found"] = {key: seen[key] for key in ownership.FIELDS if key in seen}
    one["write"] = here is None
    if here is not None and one["state"] == "file":
        if not args["force"]:
            return
        one["write"] = probe.digest(one["source"]) != probe.digest(one["path"])
    known = [other["path"] for other in found["tree"]]
    if one["path"] in known:
        found["tree"][known.index(one["path"])] = one
    elif one["write"] or ownership.differs(one["wanted"], seen):
        found["tree"].append(one)


def _compare_link(probe: "Probe", path: str, target: str, found: State) -> None:
    here = probe.lstat(path)
    if here is None or here.target != target:
        one = {"path": path, "state": "link", "target": target, "wanted": {}, "write": True}
        found["tree"].append(one)


def desire(_args: Args, found: State) -> State:
    """Want every path as its source is."""
    wanted: State = {"state": "directory"}
    if found["tree"]:
        wanted["files"] = {
            one["path"]: dict(one["wanted"], state=one["state"]) for one in found["tree"]
        }
    return wanted


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Make what is missing, from the top down."""
    for one in found["tree"]:
        path = one["path"]
        if one["state"] == "directory":
            if host.stat(path) is None:
                host.mkdir(path)
        elif one["state"] == "link":
            host.symlink(one["target"], path)
        elif one["write"]:
            host.write(path, host.read(one["source"]))
        ownership.apply(host, path, one["wanted"])
    fields = {"dest": found["path"], "src": args["src"], "checksum": None, "md5sum": None}
    fields.update(ownership.describe(host.stat(found["path"])))
    return fields


def result(args: Args, found: State) -> State:
    """Say what is known of the directory."""
    fields = {"dest": args["dest"], "src": args["src"]}
    if found["state"] != ABSENT:
        fields.update(found["described"])
    return fields


def foresee(_args: Args, found: State) -> List[Effect]:
    """Tell later steps every path that is made."""
    effects = []
    for one in found["tree"]:
        value: State = dict(one["wanted"], state=one["state"])
        if one["state"] == "file":
            value["content"] = UNKNOWN
        if one["state"] == "link":
            value["target"] = one["target"]
        effects.append(Effect("path", one["path"], value))
    return effects
