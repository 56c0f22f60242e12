"""known_hosts: the key by which a remote host is known to those who log in from this one."""

import base64
import binascii
import hashlib
import hmac
import posixpath
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from kplay.modules import textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


class Entry(NamedTuple):
    """One line of a known_hosts file."""

    line: int
    names: str
    """As written: names with commas, or a hash."""
    type: str
    blob: str
    comment: str


def parse(text: str) -> List[Entry]:
    """The keys of a file; lines with a marker (@revoked, @cert-authority) are no host's key."""
    found = []
    for index, line in enumerate(text.splitlines()):
        words = line.split(None, 3)
        if len(words) < 3 or words[0][0] in "#@":
            continue
        comment = words[3].strip() if len(words) > 3 else ""
        found.append(Entry(index, words[0], words[1], words[2], comment))
    return found


def hashed(name: str, salt: bytes) -> str:
    """A host's name as ssh-keygen -H writes it."""
    digest = hmac.new(salt, name.encode("utf-8"), hashlib.sha1).digest()
    texts = [base64.b64encode(one).decode("ascii") for one in (salt, digest)]
    return "|1|{}|{}".format(*texts)


def names(entry: Entry, host: str) -> bool:
    """Whether the entry is of that host."""
    if not entry.names.startswith("|1|"):
        return host.lower() in entry.names.lower().split(",")
    parts = entry.names.split("|")
    try:
        salt = base64.b64decode(parts[2])
    except (binascii.Error, IndexError):
        return False
    return entry.names == hashed(host, salt)


def observe(probe: "Probe", args: Args) -> State:
    """Look for the host's entries."""
    path, name = args["path"], args["name"]
    above = posixpath.dirname(path)
    if args["state"] == "present" and probe.stat(above) is None:
        message = f"Failed to write to file {path}: {above} does not exist"
        raise lacking(probe, f"directory {above}", message)
    asked = _asked(args)
    stat = probe.stat(path)
    text = textfile.decode(probe.read(path)) if stat else ""
    own = [one for one in parse(text) if names(one, name)]
    if asked is not None:
        own = [one for one in own if one.type == asked.type]
    found = {"path": path, "text": text, "own": own, "asked": asked}
    found["state"] = "present" if _hits(args, own, asked) else ABSENT
    found["hashed"] = any(one.names.startswith("|1|") for one in own)
    found["key"] = sorted({f"{one.type} {one.blob}" for one in own}) or ABSENT
    return found


def _hits(args: Args, own: List[Entry], asked: Optional[Entry]) -> List[Entry]:
    if asked is None or args["state"] == "present":
        return own
    return [one for one in own if one.blob == asked.blob]


def _asked(args: Args) -> Optional[Entry]:
    if args["key"] is None:
        if args["state"] == "present":
            raise ModuleFailure("No key specified when adding a host")
        return None
    entries = parse(args["key"])
    if not entries:
        raise ModuleFailure("Key parameter does not contain a valid key: a line such as "
                            "`host type key`")  # fmt: skip
    if not any(names(one, args["name"]) for one in entries):
        message = f"Host parameter does not match hashed host field in supplied key: {args['name']}"
        raise ModuleFailure(message)
    return entries[0]


def desire(args: Args, found: State) -> State:
    """Want the key, in a line that is hashed or not."""
    if args["state"] == "absent":
        return {"state": ABSENT}
    asked = found["asked"]
    wanted: State = {"state": "present", "key": [f"{asked.type} {asked.blob}"]}
    if args["hash_host"]:
        wanted["hashed"] = True
    return wanted


def edit(args: Args, found: State) -> str:
    """The file's text as it should be."""
    asked, lines = found["asked"], found["text"].splitlines()
    gone = {one.line for one in _hits(args, found["own"], asked)}
    kept = [line for index, line in enumerate(lines) if index not in gone]
    if args["state"] == "present":
        kept.append(_line(args, asked))
    return "".join(line + "\n" for line in kept)


def _line(args: Args, asked: Entry) -> str:
    name = asked.names
    if args["hash_host"] and not name.startswith("|1|"):
        # a salt that a plan and its apply agree on
        salt = hashlib.sha1((args["name"] + asked.blob).encode("utf-8")).digest()  # noqa: S324
        name = hashed(args["name"], salt)
    return " ".join(part for part in (name, asked.type, asked.blob, asked.comment) if part)


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Write the file."""
    content = textfile.encode(edit(args, found))
    host.write(found["path"], content)
    return {}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Return the arguments."""
    return {name: args[name] for name in ("name", "key", "path", "state", "hash_host")}


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the file."""
    return [textfile.effect(found["path"], edit(args, found))]


module = Module(
    "known_hosts",
    args={
        "name": Arg(required=True, aliases=("host",)),
        "key": Arg(),
        "path": Arg("path", default="~/.ssh/known_hosts"),
        "hash_host": Arg("bool", default=False),
        "state": Arg(default="present", choices=("absent", "present")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state", "key", "hashed"),
    fields=("state", "key", "hashed"),
)
