"""file: what a path is, and its mode, owner, group and times."""

import datetime as dt
import posixpath
from typing import TYPE_CHECKING, Any, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules import labels, ownership, paths
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe, Stat

TIMES = ("access_time", "modification_time")


def observe(probe: "Probe", args: Args) -> State:
    """Look at the path, at what it leads to, and for ``recurse`` at all below it."""
    path, state = _path(probe, args), _state(probe, args)
    stat = probe.lstat(path)
    if stat and stat.state == "link" and args["follow"] and state in ("file", "directory", "touch"):
        followed = probe.stat(path)
        if followed is not None or state == "touch":
            path, stat = paths.real(probe, path), followed
    _refuse(probe, args, path, state, stat)
    found: State = {
        "path": path,
        "asked_state": state,
        "state": stat.state if stat else ABSENT,
        "times": _times(probe, args, state, stat),
    }
    judged = stat
    if state == "link" and stat and stat.state == "link" and args["follow"]:
        judged = probe.stat(path) or stat
    if state != ABSENT:
        found.update(ownership.observe(probe, args, judged, path))
    if state == "link":
        found["src"] = stat.target if stat and stat.state == "link" else ""
        found["asked_src"] = args["src"] or found["src"]
    if state == "hard":
        source = probe.lstat(args["src"]) if args["src"] else stat
        found["source"] = ownership.describe(source)
        same = bool(source and stat and (source.ino, source.dev) == (stat.ino, stat.dev))
        found["src"] = args["src"] if same else ""
    if state == "directory" and stat is None:
        found["parents"] = paths.missing(probe, paths.parents(path))
    if state == "directory" and args["recurse"] and stat is not None:
        found["unlike"] = _unlike(probe, args, path)
    for name, value in found["times"].items():
        found[name] = value["found"]
    return found


def _path(probe: "Probe", args: Args) -> str:
    if args["path"] == UNKNOWN:
        raise UnknownValue("the path")
    path = str(args["path"])
    path = path if path == "/" else path.rstrip("/")
    stat = probe.lstat(path)
    source = args["_original_basename"] or args["src"]
    inside = stat is not None and stat.state == "directory" and source
    if inside and args["state"] not in ("link", "absent", "directory", None):
        return posixpath.join(path, posixpath.basename(source))
    return path


def _state(probe: "Probe", args: Args) -> str:
    if args["state"]:
        return str(args["state"])
    stat = probe.lstat(str(args["path"]))
    if stat is None:
        return "directory" if args["recurse"] else "file"
    return stat.state if stat.state in ("directory", "link") else "file"


def _refuse(probe: "Probe", args: Args, path: str, state: str, stat: "Any") -> None:
    is_now = stat.state if stat else ABSENT
    if args["recurse"] and state != "directory":
        raise ModuleFailure("recurse option requires state to be 'directory'", path=path)
    if args["src"] and state not in ("link", "hard"):
        message = f"src option requires state to be 'link' or 'hard', not '{state}'"
        raise ModuleFailure(message, path=path)
    if state == "file" and is_now in (ABSENT, "directory", "link"):
        message = f"file ({path}) is {is_now}, cannot continue"
        if is_now == ABSENT:
            raise lacking(probe, f"file {path}", message, path=path, state=is_now)
        raise ModuleFailure(message, path=path, state=is_now)
    if state == "directory" and is_now not in (ABSENT, "directory"):
        raise ModuleFailure(f"{path} already exists as a {is_now}", path=path)
    if state == "touch" and is_now not in (ABSENT, "file", "directory", "link"):
        message = f"Can only touch files, directories, and hardlinks ({path} is {is_now})"
        raise ModuleFailure(message, path=path)
    if state == "link":
        _refuse_link(probe, args, path, is_now)
    if state == "hard":
        _refuse_hard(probe, args, path, is_now)
    if state in ("link", "hard", "touch") and stat is None:
        parent = posixpath.dirname(path)
        if probe.stat(parent) is None:
            verb = "touch" if state == "touch" else "link"
            message = f"Error, could not {verb} target: {parent} does not exist"
            raise lacking(probe, f"directory {parent}", message, path=path)


def _refuse_link(probe: "Probe", args: Args, path: str, is_now: str) -> None:
    source = args["src"]
    if not source:
        if is_now == "link" and args["follow"]:
            return
        raise ModuleFailure("src is required for creating new symlinks", path=path)
    absolute = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
    if probe.stat(absolute) is None and not args["force"]:
        message = (
            "src file does not exist, use 'force=yes' if you really want to create the link: "
            f"{absolute}"
        )
        raise lacking(probe, f"path {absolute}", message, path=path, src=source)
    if is_now in ("file", "directory") and not args["force"]:
        message = f"refusing to convert from {is_now} to symlink for {path}"
        raise ModuleFailure(message, path=path)
    if is_now == "directory" and probe.listdir(path):
        message = f"the directory {path} is not empty, refusing to convert it"
        raise ModuleFailure(message, path=path)


def _refuse_hard(probe: "Probe", args: Args, path: str, is_now: str) -> None:
    source = args["src"]
    if not source:
        if is_now == "file":
            return
        raise ModuleFailure("src is required for creating new hardlinks", dest=path)
    if not source.startswith("/"):
        raise ModuleFailure("src must be an absolute path for hard links", dest=path, src=source)
    there = probe.lstat(source)
    if there is None:
        raise lacking(probe, f"path {source}", "src does not exist", dest=path, src=source)
    here = probe.lstat(path)
    same = here is not None and (here.ino, here.dev) == (there.ino, there.dev)
    if is_now == "link" or (is_now == "file" and not same and not args["force"]):
        message = f"Cannot link, different hard link exists at destination: {path}"
        raise ModuleFailure(message, dest=path, src=source)
    if is_now == "directory":
        message = f"refusing to convert from directory to hardlink for {path}"
        raise ModuleFailure(message, dest=path, src=source)


def _times(probe: "Probe", args: Args, state: str, stat: "Any") -> Dict[str, Dict[str, Any]]:
    times: Dict[str, Dict[str, Any]] = {}
    if state not in ("file", "directory", "touch"):
        return times
    now = float(probe.facts()["now"])
    for name in TIMES:
        asked = args[name] or ("now" if state == "touch" else "preserve")
        if asked == "preserve" or stat is None:
            continue
        is_now = stat.atime if name == "access_time" else stat.mtime
        if asked == "now":
            times[name] = {"found": is_now, "wanted": max(now, is_now + 0.001)}
            continue
        wanted = _parse(probe, args, asked, args[name + "_format"])
        times[name] = {"found": float(int(is_now)), "wanted": wanted}
    return times


def _parse(probe: "Probe", args: Args, asked: str, form: str) -> float:
    try:
        parsed = dt.datetime.strptime(asked, form)  # noqa: DTZ007
    except ValueError as error:
        message = f"Error while obtaining timestamp for time {asked}: {error}"
        raise ModuleFailure(message, path=args["path"]) from None
    offset = float(probe.facts().get("utc_offset", 0))
    return parsed.replace(tzinfo=dt.timezone.utc).timestamp() - offset


def _unlike(probe: "Probe", args: Args, top: str) -> Dict[str, State]:
    unlike: Dict[str, State] = {}
    waiting, seen = [top], set()
    while waiting:
        directory = waiting.pop()
        for name in probe.listdir(directory):
            path = posixpath.join(directory, name)
            stat = probe.lstat(path)
            if stat is None:
                continue
            if stat.state == "link":
                _judge(probe, args, path, stat._replace(mode=0), unlike)
                followed = probe.stat(path) if args["follow"] else None
                if followed is None:
                    continue
                path, stat = paths.real(probe, path), followed
            _judge(probe, args, path, stat, unlike)
            if stat.state == "directory" and (stat.dev, stat.ino) not in seen:
                seen.add((stat.dev, stat.ino))
                waiting.append(path)
    return unlike


def _judge(probe: "Probe", args: Args, path: str, stat: "Stat", unlike: Dict[str, State]) -> None:
    found = ownership.observe(probe, args, stat, path)
    wanted = ownership.desire(args, found, stat.mode, stat.state == "directory")
    if stat.state == "link":
        wanted.pop("mode", None)
    if ownership.differs(wanted, found):
        unlike[path] = dict(wanted, state=stat.state, follow=stat.state != "link")


def desire(args: Args, found: State) -> State:
    """Turn the state asked for into the fields that matter."""
    state = found["asked_state"]
    if state == ABSENT:
        return {"state": ABSENT}
    wanted: State = {"state": {"touch": "file", "hard": "file"}.get(state, state)}
    if state == "touch" and found["state"] == "directory":
        wanted["state"] = "directory"
    new = {"directory": 0o777, "link": 0o777 | found["umask"]}.get(state, 0o666)
    wanted.update(ownership.desire(args, found, new, state == "directory"))
    if state == "link":
        wanted["src"] = found["asked_src"]
        if not args["follow"]:
            wanted.pop("mode", None)
    if state == "hard" and args["src"]:
        wanted["src"] = args["src"]
    if found.get("unlike"):
        wanted["unlike"] = {}
    for name, value in found["times"].items():
        wanted[name] = value["wanted"]
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Make the path what it should be, then set its attributes."""
    path, state = found["path"], found["asked_state"]
    if state == ABSENT:
        host.remove(path)
        return {"path": path, "state": ABSENT}
    if state == "directory" and found["state"] == ABSENT:
        for directory in [*found["parents"], path]:
            host.mkdir(directory)
            ownership.apply(host, directory, wanted)
    elif state == "touch" and found["state"] == ABSENT:
        host.write(path, b"")
    elif state == "link" and (found["state"] != "link" or found["src"] != wanted["src"]):
        if found["state"] == "directory":
            host.remove(path)
        host.symlink(wanted["src"], path)
    elif state == "hard" and found["src"] != wanted.get("src", ""):
        host.link(wanted["src"], path)
    for below, fields in found.get("unlike", {}).items():
        ownership.apply(host, below, fields, follow=fields["follow"])
    _apply_attributes(host, args, path, state, wanted)
    if found["times"]:
        _apply_times(host, path, found["times"])
    return _returned(args, found, ownership.describe(host.lstat(path)))


def _apply_attributes(host: "Host", args: Args, path: str, state: str, wanted: State) -> None:
    if state != "link":
        ownership.apply(host, path, wanted)
    elif not args["follow"]:
        ownership.apply(host, path, wanted, follow=False)
    elif host.stat(path) is not None:
        ownership.apply(host, path, wanted)


def _apply_times(host: "Host", path: str, times: Dict[str, Dict[str, Any]]) -> None:
    stat = host.stat(path)
    if stat is None:
        return
    atime = times["access_time"]["wanted"] if "access_time" in times else stat.atime
    mtime = times["modification_time"]["wanted"] if "modification_time" in times else stat.mtime
    host.utime(path, atime, mtime)


def _returned(args: Args, found: State, described: State) -> State:
    state = found["asked_state"]
    name = "dest" if state in ("touch", "hard", "link") else "path"
    fields = {name: found["path"]}
    fields.update(described)
    if state in ("link", "hard") and args["src"]:
        fields["src"] = args["src"]
    return fields


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Say of the path what can be known before it is made."""
    if wanted["state"] == ABSENT:
        return {"path": found["path"], "state": ABSENT}
    if not changed:
        described = dict(found["described"])
        if found["asked_state"] == "link" and found["state"] == "link":
            described.update(state="link", mode="0777", size=len(found["src"]))
        return _returned(args, found, described)
    new = 0o777 if wanted["state"] in ("directory", "link") else 0o666
    described = ownership.expected(found, wanted, new)
    described["state"] = wanted["state"]
    if found["asked_state"] == "link":
        described.update(mode="0777", size=len(wanted["src"]))
    if found["asked_state"] == "hard":
        described = dict(found["source"], state="hard")
        described.update({key: wanted[key] for key in ownership.FIELDS if key in wanted})
    if wanted["state"] == "file" and found["state"] == ABSENT and found["asked_state"] == "touch":
        described["size"] = 0
    return _returned(args, found, described)


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps what the path, its new parents and all below it will be."""
    path, state = found["path"], found["asked_state"]
    if state == ABSENT:
        return [Effect("path", path, {"state": ABSENT})]
    value = {"state": wanted["state"]}
    new = 0o777 if state == "directory" else 0o666
    value.update(ownership.foreseen(found, wanted, new))
    if state == "link":
        value = {"state": "link", "target": wanted["src"]}
    elif state == "hard":
        value["content"] = UNKNOWN
    elif state == "touch" and found["state"] == ABSENT:
        value["content"] = ""
    effects = [
        Effect("path", parent, dict(value))
        for parent in (found.get("parents") or [] if state == "directory" else [])
    ]
    effects.append(Effect("path", path, value))
    for below, fields in (found.get("unlike") or {}).items():
        changes = {key: fields[key] for key in ("state", *ownership.FIELDS) if key in fields}
        effects.append(Effect("path", below, changes))
    return effects


module = Module(
    "file",
    args=dict(
        ownership.ARGS,
        path=Arg("path", required=True, aliases=("dest", "name")),
        state=Arg(choices=("absent", "directory", "file", "hard", "link", "touch")),
        src=Arg("path"),
        recurse=Arg("bool", default=False),
        force=Arg("bool", default=False),
        follow=Arg("bool", default=True),
        access_time=Arg(),
        access_time_format=Arg(default="%Y%m%d%H%M.%S"),
        modification_time=Arg(),
        modification_time_format=Arg(default="%Y%m%d%H%M.%S"),
        _original_basename=Arg(),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    foresee=foresee,
    verify=("state", "src", "mode", "owner", "group"),
    fields=("state", "src", "mode", "owner", "group", *labels.FIELDS, "unlike", *TIMES),
)
