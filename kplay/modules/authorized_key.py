"""authorized_key: keys by which others may log in as a user."""

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional

from kplay.modules import get_url, paths, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

TYPES = re.compile(r"^(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)[\w@.-]+$")


class Key(NamedTuple):
    """One line of an authorized_keys file."""

    options: str
    type: str
    blob: str
    comment: str

    def line(self) -> str:
        """The line as it is written."""
        return " ".join(part for part in self if part)


def parse(line: str) -> Optional[Key]:
    """Read a line, or None where it holds no key."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    words = re.findall(r"(?:[^\s\"]|\"(?:\\.|[^\"\\])*\")+", text)
    for index, word in enumerate(words[:-1]):
        if TYPES.match(word):
            comment = " ".join(words[index + 2 :])
            return Key(" ".join(words[:index]), word, words[index + 1], comment)
    return None


def observe(probe: "Probe", args: Args) -> State:
    """Read the file, and the keys where they are given as a URL."""
    user = probe.user(args["user"])
    if user is None:
        message = f"Failed to lookup user {args['user']}"
        raise lacking(probe, f"user {args['user']}", message)
    path = args["path"] or posixpath.join(user.home, ".ssh", "authorized_keys")
    path = path.replace("%h", user.home).replace("%u", user.name)
    path = paths.real(probe, path) if args["follow"] else path
    keys = [key for key in (parse(line) for line in _given(probe, args).splitlines()) if key]
    if not keys:
        shown = str(args["key"])[:60]
        raise ModuleFailure(f"invalid key specified: {shown}")
    stat = probe.stat(path)
    directory = posixpath.dirname(path)
    above = probe.stat(directory)
    text = textfile.decode(probe.read(path)) if stat else ""
    present = [key for key in (parse(line) for line in text.splitlines()) if key]
    return {
        "path": path,
        "text": text,
        "uid": str(user.uid),
        "gid": str(user.gid),
        "owner": user.name,
        "keys": sorted(key.line() for key in present),
        "mode": f"{stat.mode:04o}" if stat else "",
        "directory": "present" if above else ABSENT,
        "given": [_dressed(args, key) for key in keys],
        "file": stat is not None,
    }


def _given(probe: "Probe", args: Args) -> str:
    key = str(args["key"])
    if not key.startswith(("http://", "https://", "file://")):
        return key
    asked = dict(get_url.PLAIN, validate_certs=args["validate_certs"], dest="")
    return get_url.fetch(probe, asked, key)[0].decode("utf-8", "replace")


def _dressed(args: Args, key: Key) -> Key:
    if args["key_options"]:
        key = key._replace(options=args["key_options"])
    return key._replace(comment=args["comment"]) if args["comment"] is not None else key


def edit(args: Args, found: State) -> List[str]:
    """The lines of the file as they should be."""
    lines: List[str] = found["text"].splitlines()
    given = found["given"]
    blobs = {key.blob for key in given}
    if args["state"] == "absent":
        return [line for line in lines if getattr(parse(line), "blob", None) not in blobs]
    left = {key.blob: key for key in given}
    kept = []
    for line in lines:
        key = parse(line)
        if key is None:
            kept.append(line)
        elif key.blob in left:
            kept.append(_merged(args, key, left.pop(key.blob)))
        elif key.blob not in blobs and not args["exclusive"]:
            kept.append(line)
    return kept + [key.line() for key in given if key.blob in left]


def _merged(args: Args, old: Key, new: Key) -> str:
    options = new.options if _options(new.options) != _options(old.options) else old.options
    comment = new.comment if new.comment or args["comment"] is not None else old.comment
    return new._replace(options=options, comment=comment).line()


def _options(text: str) -> Any:
    reader = shlex.shlex(text, posix=False)
    reader.whitespace, reader.whitespace_split = ",", True
    return sorted(reader)


def desire(args: Args, found: State) -> State:
    """Want the keys, and a directory and file that sshd trusts."""
    keys = sorted(key.line() for key in map(parse, edit(args, found)) if key)
    wanted: State = {"keys": keys}
    if args["manage_dir"] and args["state"] == "present":
        wanted["directory"] = "present"
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the file, owned by the user and closed to others."""
    path, directory = found["path"], posixpath.dirname(found["path"])
    if found["directory"] == ABSENT:
        if "directory" not in wanted:
            raise ModuleFailure(f"directory {directory} does not exist", keyfile=path)
        host.mkdir(directory, 0o700)
        host.chown(directory, found["uid"], found["gid"])
    if wanted["keys"] != found["keys"]:
        content = textfile.encode("".join(line + "\n" for line in edit(args, found)))
        host.write(path, content, None if found["file"] else 0o600, found["uid"], found["gid"])
    return {}


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Return the arguments, and where the keys are."""
    names = ("user", "key", "state", "exclusive", "manage_dir", "key_options", "comment")
    fields = {name: args[name] for name in names}
    fields.update(keyfile=found["path"], path=args["path"], unique=False)
    return fields


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the file and its directory."""
    path, effects = found["path"], []
    text = "".join(line + "\n" for line in edit(args, found))
    new = {} if found["file"] else {"mode": "0600", "owner": found["owner"]}
    if found["directory"] == ABSENT:
        made = {"state": "directory", "mode": "0700", "owner": found["owner"]}
        effects.append(Effect("path", posixpath.dirname(path), made))
    effects.append(textfile.effect(path, text, **new))
    return effects


module = Module(
    "authorized_key",
    args={
        "user": Arg(required=True),
        "key": Arg(required=True),
        "state": Arg(default="present", choices=("absent", "present")),
        "path": Arg("path"),
        "manage_dir": Arg("bool", default=True),
        "key_options": Arg(),
        "exclusive": Arg("bool", default=False),
        "comment": Arg(),
        "validate_certs": Arg("bool", default=True),
        "follow": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("keys",),
)
