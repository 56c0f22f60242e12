"""copy: a file with the content given, or with that of another path of the host."""

import hashlib
import posixpath
from typing import TYPE_CHECKING, Any, List

from kplay.agent.host import UnknownValue
from kplay.modules import copytree, ownership, paths, textfile
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Compare digests; text is read only where it differs."""
    source = _source(probe, args)
    if source.get("directory"):
        return copytree.observe(probe, args)
    path, made = _destination(probe, args)
    stat = probe.lstat(path)
    if stat and stat.state == "link" and args["follow"]:
        path = paths.real(probe, path)
        stat = probe.stat(path)
    found: State = {"path": path, "parents": made, "state": stat.state if stat else ABSENT}
    found["source"] = source
    judged = stat if found["state"] != "link" else None
    found.update(ownership.observe(probe, args, judged, path))
    if stat is not None and stat.state == "file":
        found["digest"] = probe.digest(path)
        found["content"] = _content(probe, path, found["digest"], source, stat.size)
        if found["content"] is None:
            del found["content"]
        if found["digest"] == source["digest"]:
            source["checksum"] = probe.digest(path, "sha1")
    return found


def _source(probe: "Probe", args: Args) -> State:
    if not args["remote_src"]:
        if args["content"] is None:
            raise ModuleFailure("src (or content) is required")
        return _given(probe, args)
    stat = probe.stat(args["src"])
    if stat is None:
        message = f"Source {args['src']} not found"
        raise lacking(probe, f"path {args['src']}", message, src=args["src"])
    if stat.state == "directory":
        return {"directory": True}
    mode = ownership.text(stat.mode)
    source = {"digest": probe.digest(args["src"]), "size": stat.size, "mode": mode}
    try:
        source["checksum"] = probe.digest(args["src"], "sha1")
        if stat.size < textfile.LIMIT:
            source.update(textfile.show(probe.read(args["src"])))
    except UnknownValue:
        # a download is foreseen by its SHA-256 alone
        source.update(checksum=UNKNOWN, size=UNKNOWN)
    return source


def _given(probe: "Probe", args: Args) -> State:
    content = args["content"]
    if content == UNKNOWN:
        return {"digest": UNKNOWN, "unknown": True, "mode": args["_source_mode"], "checksum": None}
    source = {"digest": probe.content_digest(content), "mode": args["_source_mode"]}
    if isinstance(content, str):
        data = content.encode("utf-8")
        source["size"] = len(data)
        source["checksum"] = hashlib.new("sha1", data).hexdigest()  # noqa: S324 - a return field
        source.update(textfile.show(data))
    else:
        source["size"] = content.get("size")
        source["checksum"] = args["_checksum"]
    return source


def _content(probe: "Probe", path: str, digest: str, source: State, size: int) -> Any:
    if digest == source["digest"]:
        return source.get("content")
    if "content" not in source or size >= textfile.LIMIT:
        return None
    return textfile.show(probe.read(path)).get("content")


def _destination(probe: "Probe", args: Args) -> Any:
    dest = args["dest"]
    name = args["_original_basename"] or (args["src"] and posixpath.basename(args["src"]))
    stat = probe.stat(dest)
    if dest.endswith("/") or (stat is not None and stat.state == "directory"):
        if not name:
            raise ModuleFailure("can not use content with a dir as dest", dest=dest)
        directory = dest.rstrip("/") or "/"
        made = paths.missing(probe, [*paths.parents(directory), directory])
        return posixpath.join(directory, name), made
    parent = posixpath.dirname(dest)
    above = probe.stat(parent)
    if above is None:
        message = f"Destination directory {parent} does not exist"
        raise lacking(probe, f"directory {parent}", message, dest=dest)
    if above.state != "directory":
        raise ModuleFailure(f"Destination {parent} is not a directory", dest=dest)
    return dest, []


def desire(args: Args, found: State) -> State:
    """Want the content, and the attributes asked for."""
    if "tree" in found:
        return copytree.desire(args, found)
    if not args["force"] and found["state"] != ABSENT:
        return {}
    wanted: State = {"state": "file"}
    if found["source"].get("unknown"):
        wanted["content"] = UNKNOWN
    else:
        wanted.update(textfile.prefer(found, found["source"]))
    wanted.update(ownership.desire(_with_mode(args, found["source"]), found, 0o666))
    return wanted


def _with_mode(args: Args, source: State) -> Args:
    if args["mode"] != "preserve":
        return args
    return dict(args, mode=source.get("mode"))


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write what differs; an unchanged content is not touched for its attributes' sake."""
    if "tree" in found:
        return copytree.apply(host, args, found, wanted)
    path, source = found["path"], found["source"]
    attributes = {"mode": args["directory_mode"]} if args["directory_mode"] else {}
    for directory in found["parents"]:
        host.mkdir(directory)
        made = ownership.desire(dict(args, **attributes), {"umask": 0}, 0o777, directory=True)
        if not attributes:
            made.pop("mode", None)
        ownership.apply(host, directory, made)
    kept = ""
    if found.get("digest") != source["digest"] or found["state"] != "file":
        content = host.read(args["src"]) if args["remote_src"] else args["content"]
        kept = textfile.replace(host, path, content, args)
        _compare_checksum(host, args, path)
    ownership.apply(host, path, wanted)
    fields = _returned(args, found, ownership.describe(host.stat(path)))
    fields.update(checksum=host.digest(path, "sha1"), md5sum=host.digest(path, "md5"))
    if kept:
        fields["backup_file"] = kept
    return fields


def _compare_checksum(host: "Host", args: Args, path: str) -> None:
    if args["checksum"] and host.digest(path, "sha1") != args["checksum"]:
        raise ModuleFailure(
            "Copied file does not match the expected checksum. Transfer failed.",
            checksum=host.digest(path, "sha1"),
            expected_checksum=args["checksum"],
        )


def _returned(args: Args, found: State, described: State) -> State:
    fields = {"dest": found["path"], "checksum": found["source"]["checksum"]}
    if args["src"]:
        fields["src"] = args["src"]
    fields.update(described)
    return {key: value for key, value in fields.items() if value is not None}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:
    """Say of the file what can be known before it is written."""
    if "tree" in found:
        return copytree.result(args, found)
    if not changed:
        fields = _returned(args, found, dict(found["described"]))
        if not wanted:
            fields["msg"] = "file already exists"
        return fields
    described = ownership.expected(found, wanted, 0o666)
    described.update(state="file", size=found["source"].get("size"))
    return _returned(args, found, described)


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file, and the directories made for it."""
    if "tree" in found:
        return copytree.foresee(args, found)
    source = found["source"]
    effects = [
        Effect("path", parent, {"state": "directory", "mode": args["directory_mode"] or "0755"})
        for parent in found["parents"]
    ]
    value: State = {"state": "file"}
    if not source.get("unknown"):
        value["digest"] = source["digest"]
    if "content" in source:
        value["content"] = source["content"].encode("utf-8").decode("latin-1")
    else:
        value["content"] = UNKNOWN
    value.update(args["_holds"] or {})
    value.update(ownership.foreseen(found, wanted, 0o666))
    effects.append(Effect("path", found["path"], value))
    return effects


module = Module(
    "copy",
    args=dict(
        ownership.ARGS,
        backup=textfile.ARGS["backup"],
        validate=textfile.ARGS["validate"],
        mode=Arg("mode", choices=("preserve",)),
        content=Arg("content"),
        src=Arg("path"),
        dest=Arg("path", required=True),
        directory_mode=Arg("mode"),
        force=Arg("bool", default=True),
        follow=Arg("bool", default=False),
        local_follow=Arg("bool"),
        decrypt=Arg("bool", default=True),
        remote_src=Arg("bool", default=False),
        checksum=Arg(),
        _original_basename=Arg(),
        _source_mode=Arg("mode"),
        _checksum=Arg(),
        _holds=Arg("dict"),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    foresee=foresee,
    verify=("state", "content", "digest", "mode", "owner", "group"),
    requires_one_of=(("src", "content"),),
)
