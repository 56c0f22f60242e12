"""getent: entries of a database such as passwd, group or hosts."""

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from kplay.agent.host import UnknownValue
from kplay.modules.api import UNKNOWN, Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

# Databases whose fields are separated by colons
_COLONS = ("passwd", "shadow", "group", "gshadow")
_FAILURES = {
    1: "Missing arguments, or database unknown.",
    2: "One or more supplied key could not be found in the database.",
    3: "Enumeration not supported on this database.",
}


def observe(probe: "Probe", args: Args) -> State:
    """Ask getent."""
    argv = ["getent"]
    if args["service"]:
        argv += ["-s", args["service"]]
    argv.append(args["database"])
    if args["key"]:
        argv.append(args["key"])
    planned = _planned(probe, args)
    if planned and args["key"]:
        return planned
    done = probe.query(argv)
    if done.rc == 2 and not args["fail_key"]:
        return {"entries": {args["key"]: None}, "msg": _FAILURES[2]}
    if done.rc != 0:
        raise ModuleFailure(_FAILURES.get(done.rc, "Unexpected failure!"))
    return {"entries": _entries(done.stdout, _separator(args)), "msg": ""}


def _planned(probe: "Probe", args: Args) -> State:
    """The entry of an account or group that earlier planned steps make, change or remove.

    Raises:
        UnknownValue: all entries are asked for, and some are planned.
    """
    kind = {"passwd": "user", "group": "group"}.get(args["database"], "")
    if not kind or not probe.planned(kind):
        return {}
    if not args["key"]:
        raise UnknownValue(f"the entries of {args['database']} after earlier steps")
    if args["key"] not in probe.planned(kind):
        return {}
    entry = _user(probe, args["key"]) if kind == "user" else _group(probe, args["key"])
    if entry is None and args["fail_key"]:
        raise UnknownValue(f"whether there is a {kind} {args['key']}")
    return {"entries": {args["key"]: entry}, "msg": "" if entry else _FAILURES[2]}


def _user(probe: "Probe", name: str) -> Optional[List[Any]]:
    user = probe.user(name)
    if user is None:
        return None
    numbers = [UNKNOWN if one < 0 else str(one) for one in (user.uid, user.gid)]
    return ["x", *numbers, user.comment, user.home, user.shell]


def _group(probe: "Probe", name: str) -> Optional[List[Any]]:
    group = probe.group(name)
    return None if group is None else ["x", UNKNOWN if group[1] < 0 else str(group[1]), UNKNOWN]


def _separator(args: Args) -> Optional[str]:
    if args["split"] is not None:
        return str(args["split"])
    return ":" if args["database"] in _COLONS else None


def _entries(text: str, separator: Optional[str]) -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {}
    for line in text.splitlines():
        first, *rest = line.split(separator)
        # One key may have several lines (hosts, services)
        if first in found and separator is None:
            found[first] += rest
        else:
            found[first] = rest
    return found


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Give the entries as a fact that is named after the database."""
    fields: State = {"ansible_facts": {"getent_" + args["database"]: found["entries"]}}
    if found["msg"]:
        fields["msg"] = found["msg"]
    return fields


module = Module(
    "getent",
    args={
        "database": Arg(required=True),
        "key": Arg(),
        "service": Arg(),
        "split": Arg(),
        "fail_key": Arg("bool", default=True),
    },
    observe=observe,
    desire=lambda _args, _found: {},
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
