"""getent: entries of a database such as passwd, group or hosts."""

from typing import TYPE_CHECKING, Dict, List, Optional

from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

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
    done = probe.query(argv)
    if done.rc == 2 and not args["fail_key"]:
        return {"entries": {args["key"]: None}, "msg": _FAILURES[2]}
    if done.rc != 0:
        raise ModuleFailure(_FAILURES.get(done.rc, "Unexpected failure!"))
    return {"entries": _entries(done.stdout, _separator(args)), "msg": ""}


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
