"""Content of files: what is shown of it, how it is validated, backed up and replaced.

Also the three verbs of modules that edit a text in place (lineinfile, blockinfile, replace): such
a module is one pure function from the text found to the text wanted.
"""

import datetime as dt
import hashlib
import posixpath
import shlex
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Union

from kplay.modules import ownership, paths, schema
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

LIMIT = 512 * 1024

ARGS = {
    "backup": Arg("bool", default=False),
    "validate": Arg(),
}


class Edit(NamedTuple):
    """What an editing module makes of a text."""

    text: str
    msg: str = ""
    fields: Dict[str, Any] = {}


def decode(data: bytes) -> str:
    """Bytes as text that encodes to the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a decoded text."""
    return text.encode("utf-8", "surrogateescape")


def effect(path: str, content: Union[bytes, str], **attributes: Any) -> Effect:
    """What a planned file will be to later steps; attributes are mode, owner, group where known."""
    data = encode(content) if isinstance(content, str) else content
    value: State = {"state": "file", "content": data.decode("latin-1")}
    value.update(attributes)
    return Effect("path", path, value)


def show(data: bytes) -> State:
    """The fields that show content to the reader: ``content`` when it is short text, ``digest``."""
    shown: State = {"digest": hashlib.sha256(data).hexdigest()}
    if len(data) < LIMIT:
        try:
            shown["content"] = data.decode("utf-8")
        except UnicodeDecodeError:
            return shown
    return shown


def prefer(found: State, wanted: State) -> State:
    """Of content and digest, the one field that tells found and wanted content apart."""
    readable = "content" in found or "digest" not in found
    if "content" in wanted and readable:
        return {"content": wanted["content"]}
    return {"digest": wanted["digest"]}


def validate(host: "Host", command: str, content: "Union[bytes, Any]", path: str) -> None:
    """Let a program judge content before it takes the place of the file.

    Raises:
        ModuleFailure: the command has no ``%s``, or it does not accept the content.
    """
    if "%s" not in command:
        raise ModuleFailure(f"validate must contain %s: {command}")
    trial = posixpath.join(host.tempdir(), posixpath.basename(path))
    host.write(trial, content, mode=0o600)
    done = host.run(shlex.split(command.replace("%s", shlex.quote(trial))))
    if done.rc != 0:
        message = f"failed to validate: rc:{done.rc} error:{done.stderr}"
        raise ModuleFailure(
            message, exit_status=done.rc, stdout=done.stdout, stderr=done.stderr, path=path
        )


def backup(host: "Host", path: str) -> str:
    """Keep a copy of a file beside it and return the copy's path."""
    now = float(host.facts()["now"])
    when = dt.datetime.fromtimestamp(now, dt.timezone.utc)
    name = f"{path}.{int(now * 1000) % 100000}.{when:%Y-%m-%d@%H:%M:%S}~"
    stat = host.stat(path)
    if stat is not None:
        host.write(name, host.read(path), stat.mode, str(stat.uid), str(stat.gid))
        host.utime(name, stat.atime, stat.mtime)
    return name


def replace(host: "Host", path: str, content: "Union[bytes, Any]", args: Args) -> str:
    """Validate, back up and write; returns the path of the backup, or nothing."""
    if args.get("validate"):
        validate(host, args["validate"], content, path)
    kept = ""
    if args.get("backup") and host.stat(path) is not None:
        kept = backup(host, path)
    host.write(path, content)
    return kept


def editor(
    name: str,
    args: Dict[str, Arg],
    edit: "Callable[[Args, str], Edit]",
    check: "Optional[Callable[[Args], None]]" = None,
    absent: "Optional[Callable[[Args], Optional[State]]]" = None,
    **options: Any,
) -> Module:
    """A module that edits one text file.

    Args:
        name: of the module.
        args: its own arguments; those of path, mode, owner, group, backup and validate are added.
        edit: (args, text) -> Edit; pure. A file that is to be created has an empty text.
        check: raises ModuleFailure for arguments that cannot go together.
        absent: return fields when the file does not exist and that is no failure, else None.
        options: further options of Module.
    """
    own = tuple(args)

    def observe(probe: "Probe", args: Args) -> State:
        unknown = any(schema.unknown(args[name]) for name in own)
        if check is not None and not unknown:
            check(args)
        # where there is a choice, a link is replaced unless it is to be followed
        path = paths.real(probe, args["path"]) if args.get("follow", True) else args["path"]
        stat = probe.stat(path)
        if stat is None and not args.get("create"):
            quiet = absent(args) if absent is not None else None
            if quiet is None:
                message = f"Destination {args['path']} does not exist !"
                raise lacking(probe, f"file {path}", message, rc=257)
            return {"path": path, "quiet": quiet, "state": ABSENT}
        if stat is not None and stat.state == "directory":
            raise ModuleFailure(f"Path {args['path']} is a directory !", rc=256)
        found: State = {"path": path, "state": stat.state if stat else ABSENT, "quiet": None}
        found["unknown"] = unknown
        found.update(ownership.observe(probe, args, stat, path))
        found["text"] = decode(probe.read(path)) if stat else ""
        if stat is not None:
            found.update(show(encode(found["text"])))
        else:
            found["parents"] = paths.missing(probe, paths.parents(path))
        return found

    def desire(args: Args, found: State) -> State:
        if found["quiet"] is not None:
            return {}
        if found["unknown"]:
            wanted = {"state": "file", "content": UNKNOWN}
            wanted.update(ownership.desire(args, found, 0o666))
            return wanted
        new = edit(args, found["text"])
        if found["state"] == ABSENT and not new.text and absent and absent(args) is not None:
            return {}
        wanted = {"state": "file"}
        wanted.update(prefer(found, show(encode(new.text))))
        wanted.update(ownership.desire(args, found, 0o666))
        return wanted

    def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
        path = found["path"]
        for directory in found.get("parents", []):
            host.mkdir(directory)
        new = edit(args, found["text"])
        kept = ""
        if new.text != found["text"] or found["state"] == ABSENT:
            kept = replace(host, path, encode(new.text), args)
        ownership.apply(host, path, wanted)
        return {"backup_file": kept, "backup": kept} if kept else {}

    def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
        if found["quiet"] is not None:
            return dict(found["quiet"])
        if found["unknown"]:
            return {}
        new = edit(args, found["text"])
        fields = {"msg": new.msg}
        fields.update(new.fields)
        if ownership.differs(wanted, found) and found["state"] != ABSENT:
            changed_too = "ownership, perms or SE linux context changed"
            fields["msg"] = f"{new.msg} and {changed_too}" if new.msg else changed_too
        return fields

    def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
        mask = found["umask"]
        content: Any = UNKNOWN
        if not found["unknown"]:
            content = encode(edit(args, found["text"]).text).decode("latin-1")
        effects = [
            Effect("path", parent, {"state": "directory", "mode": ownership.text(0o777 & ~mask)})
            for parent in found.get("parents", [])
        ]
        value = {"state": "file", "content": content}
        value.update(ownership.foreseen(found, wanted, 0o666))
        effects.append(Effect("path", found["path"], value))
        return effects

    whole = dict(ownership.ARGS)
    whole.update(ARGS)
    whole["path"] = Arg("path", required=True, aliases=("dest", "destfile", "name"))
    whole.update(args)
    return Module(
        name,
        args=whole,
        observe=observe,
        desire=desire,
        apply=apply,
        reach="host",
        result=result,
        foresee=foresee,
        verify=("state", "content", "digest", "mode", "owner", "group"),
        **options,
    )
