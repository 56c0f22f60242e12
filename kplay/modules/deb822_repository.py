"""deb822_repository: a package source of apt in a file of its own, with its key."""

import re
from typing import TYPE_CHECKING, Any, List, Optional

from kplay.modules import ownership, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

SOURCES, KEYRINGS = "/etc/apt/sources.list.d", "/etc/apt/keyrings"
_ARMOR = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_URL = re.compile(r"^(https?|ftp|file)://")

_FIELDS = {
    "allow_downgrade_to_insecure": "bool",
    "allow_insecure": "bool",
    "allow_weak": "bool",
    "architectures": "list",
    "by_hash": "bool",
    "check_date": "bool",
    "check_valid_until": "bool",
    "components": "list",
    "date_max_future": "int",
    "enabled": "bool",
    "exclude": "list",
    "include": "list",
    "inrelease_path": "str",
    "languages": "list",
    "name": "str",
    "pdiffs": "bool",
    "signed_by": "str",
    "suites": "list",
    "targets": "list",
    "trusted": "bool",
    "types": "list",
    "uris": "list",
}
"""The fields of sources.list(5) in the order written, as arguments and their types."""

_NAMES = {"name": "X-Repolib-Name", "uris": "URIs", "inrelease_path": "InRelease-Path"}


def slug(name: str) -> str:
    """The name as apt takes it for a file: no character that would make it ignore the file."""
    return re.sub(r"[^a-z0-9-]+", "", re.sub(r"[_\s]+", "-", name.lower()))


def stanza(args: Args, signed_by: Optional[str]) -> str:
    """The file's text.

    Args:
        args: the module's arguments.
        signed_by: a path, fingerprints or an armored key.
    """
    lines = []
    for field in _FIELDS:
        value = signed_by if field == "signed_by" else args[field]
        if value is None:
            continue
        title = _NAMES.get(field, "-".join(part.capitalize() for part in field.split("_")))
        lines.append(f"{title}:{_written(value)}")
    return "".join(line + "\n" for line in lines)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return " yes" if value else " no"
    if isinstance(value, list):
        return " " + " ".join(map(str, value))
    text = str(value)
    if "\n" not in text:
        return " " + text
    # deb822(5): an empty line in a value is written as a dot
    return "".join("\n    " + (line.strip() or ".") for line in text.strip().splitlines())


def _key(probe: "Probe", args: Args) -> bytes:
    url = args["signed_by"]
    if url.startswith("file://"):
        return probe.read(url[len("file://") :])
    answer = probe.http("GET", url, {}, b"", 30.0, True, "all")
    if answer.status == -1 or answer.status >= 400:
        what = answer.error or f"HTTP Error {answer.status}"
        raise ModuleFailure(f"Could not fetch signed_by key: {what}", url=url)
    return answer.body


def observe(probe: "Probe", args: Args) -> State:
    """Read the file, and the key beside it where its URL is given."""
    name = slug(args["name"])
    path = f"{SOURCES}/{name}.sources"
    stat = probe.stat(path)
    found: State = {"path": path, "state": stat.state if stat else ABSENT, "key_path": None}
    found.update(ownership.observe(probe, args, stat))
    if stat is not None:
        found["content"] = textfile.decode(probe.read(path))
    if args["state"] == "absent":
        keys = [f"{KEYRINGS}/{name}.{kind}" for kind in ("asc", "gpg")]
        found["keys"] = [one for one in keys if probe.stat(one) is not None]
        return found
    signed_by = args["signed_by"]
    if signed_by is not None and _URL.match(signed_by):
        data = _key(probe, args)
        signed_by = f"{KEYRINGS}/{name}.{'asc' if _ARMOR in data else 'gpg'}"
        found.update(key_path=signed_by, key_data=data, key=textfile.show(data)["digest"])
        there = probe.stat(signed_by)
        found["key_there"] = probe.digest(signed_by) if there is not None else ""
    found["text"] = stanza(args, signed_by)
    return found


def desire(args: Args, found: State) -> State:
    """Want the text, and the key."""
    if args["state"] == "absent":
        gone: State = {"state": ABSENT}
        if found["keys"]:
            gone["keys"] = []
        return gone
    wanted: State = {"state": "file", "content": found["text"]}
    if found["key_path"]:
        wanted["key_there"] = found["key"]
    wanted.update(ownership.desire(args, found, 0o666))
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the key, then the source that names it."""
    if args["state"] == "absent":
        for path in [*found["keys"], found["path"]]:
            if host.stat(path) is not None:
                host.remove(path)
        return {}
    if found["key_path"] and found["key_there"] != found["key"]:
        if host.stat(KEYRINGS) is None:
            host.mkdir(KEYRINGS, 0o755)
        host.write(found["key_path"], found["key_data"], mode=0o644)
    if wanted["content"] != found.get("content"):
        host.write(found["path"], textfile.encode(wanted["content"]))
    ownership.apply(host, found["path"], wanted)
    return {}


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Name the file, its text, and the key."""
    present = args["state"] == "present"
    return {
        "dest": found["path"],
        "key_filename": found["key_path"],
        "repo": wanted["content"] if present else None,
    }


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the files."""
    if args["state"] == "absent":
        gone = {"state": "absent"}
        return [Effect("path", path, gone) for path in [*found["keys"], found["path"]]]
    effects = [textfile.effect(found["path"], wanted["content"], mode=wanted["mode"])]
    if found["key_path"]:
        effects.append(textfile.effect(found["key_path"], found["key_data"], mode="0644"))
    return effects


module = Module(
    "deb822_repository",
    args={
        **{
            name: Arg(kind, elements="str" if kind == "list" else "")
            for name, kind in _FIELDS.items()
        },
        "name": Arg(required=True),
        "types": Arg("list", default=["deb"], elements="str", choices=("deb", "deb-src")),
        "mode": Arg("mode", default="0644"),
        "state": Arg(default="present", choices=("absent", "present")),
        "install_python_debian": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state", "content", "key_there", "mode"),
)
