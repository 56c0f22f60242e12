"""pam_limits: one limit of a user or group, in limits.conf(5)."""

import re
from typing import TYPE_CHECKING, List, Optional

from kplay.modules import textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_ENDLESS = ("unlimited", "infinity", "-1")
_ITEMS = ("core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as",
          "maxlogins", "maxsyslogins", "priority", "locks", "sigpending", "msgqueue", "nice",
          "rtprio", "chroot")  # fmt: skip


def observe(probe: "Probe", args: Args) -> State:
    """Read the file."""
    path, value = args["dest"], args["value"]
    plain = value in _ENDLESS or re.match(r"^-?\d+$", value) is not None
    negative = value.startswith("-") and value != "-1"
    if not plain or (negative and args["limit_item"] not in ("nice", "priority")):
        message = (
            f"Argument 'value' can be one of 'unlimited', 'infinity', '-1' or a number: {value}"
        )
        raise ModuleFailure(message)
    stat = probe.stat(path)
    if stat is None:
        directory = path.rpartition("/")[0] or "/"
        if probe.stat(directory) is None:
            message = f"directory {directory} does not exist"
            raise ModuleFailure(message)
    text = textfile.decode(probe.read(path)) if stat else ""
    found: State = {"text": text, "state": "file" if stat else ABSENT, "content": text}
    found["new"] = edit(args, text)
    return found


def edit(args: Args, text: str) -> str:
    """The text with the limit as it should be."""
    lines, done = [], False  # type: List[str], bool
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        own = words[:3] == [args["domain"], args["limit_type"], args["limit_item"]]
        if len(words) != 4 or not own:
            lines.append(line)
        elif not done:
            value = _value(args, words[3])
            lines.append(line if value == words[3] else _line(args, value))
            done = True
    if not done:
        new = _line(args, args["value"])
        end = next((i for i, one in enumerate(lines) if one.strip() == "# End of file"), len(lines))
        lines.insert(end, new)
    return "".join(line + "\n" for line in lines)


def _line(args: Args, value: str) -> str:
    comment = "\t#" + args["comment"] if args["comment"] else ""
    fields = [args["domain"], args["limit_type"], args["limit_item"], value]
    return "\t".join(fields) + comment


def _value(args: Args, there: str) -> str:
    """The value asked for, or the one there where it is already large or small enough."""
    old, new = _number(there), _number(args["value"])
    if args["use_max"] and (old is None or (new is not None and old > new)):
        return there
    if args["use_min"] and (new is None or (old is not None and old < new)):
        return there
    return str(args["value"])


def _number(text: str) -> Optional[int]:
    """The number, None where there is no limit."""
    return None if text in _ENDLESS else int(text)


def desire(_args: Args, found: State) -> State:
    """Want the text."""
    return {"state": "file", "content": found["new"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Write the file."""
    fields: State = {}
    if args["backup"] and found["state"] != ABSENT:
        fields["backup_file"] = textfile.backup(host, args["dest"])
    host.write(args["dest"], textfile.encode(wanted["content"]))
    return fields


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Give the limit's line."""
    return {"msg": _line(args, args["value"])}


def foresee(args: Args, _found: State, wanted: State) -> List[Effect]:
    """Tell later steps the file."""
    return [textfile.effect(args["dest"], wanted["content"])]


module = Module(
    "pam_limits",
    args={
        "domain": Arg(required=True),
        "limit_type": Arg(required=True, choices=("hard", "soft", "-")),
        "limit_item": Arg(required=True, choices=_ITEMS),
        "value": Arg(required=True),
        "backup": Arg("bool", default=False),
        "use_min": Arg("bool", default=False),
        "use_max": Arg("bool", default=False),
        "dest": Arg("path", default="/etc/security/limits.conf"),
        "comment": Arg(default=""),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=result,
    complete=True,
    foresee=foresee,
    verify=("content",),
    exclusive_args=(),
)
