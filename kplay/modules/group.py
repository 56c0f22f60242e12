"""group: a group of the host."""

from typing import TYPE_CHECKING, List

from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Look the group up."""
    group = probe.group(args["name"])
    if group is None or group[0] != args["name"]:
        return {"state": ABSENT}
    return {"state": "present", "gid": group[1]}


def desire(args: Args, _found: State) -> State:
    """Want the group, with its number when one is given."""
    if args["state"] == ABSENT:
        return {"state": ABSENT}
    wanted = {"state": "present"}
    if args["gid"] is not None:
        wanted["gid"] = args["gid"]
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call groupadd, groupmod or groupdel."""
    name = args["name"]
    done = host.run(_command(args, found))
    if done.rc != 0:
        message = done.stderr.strip() or f"cannot change the group {name}"
        raise ModuleFailure(message, name=name, rc=done.rc)
    group = host.group(name)
    if group is not None and wanted["state"] != ABSENT:
        return {"gid": group[1]}
    return {}


def _command(args: Args, found: State) -> List[str]:
    name = args["name"]
    if args["state"] == ABSENT:
        return ["groupdel", *(["-f"] if args["force"] else []), name]
    number = [] if args["gid"] is None else ["-g", str(args["gid"])]
    if number and args["non_unique"]:
        number.append("-o")
    if found["state"] != ABSENT:
        return ["groupmod", *number, name]
    for key, option in (("gid_min", "GID_MIN"), ("gid_max", "GID_MAX")):
        if args[key] is not None:
            number += ["-K", f"{option}={args[key]}"]
    return ["groupadd", *number, *(["-r"] if args["system"] else []), name]


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Say of the group what is known."""
    fields = {"name": args["name"], "state": args["state"]}
    if args["state"] != ABSENT:
        fields["system"] = args["system"]
        gid = wanted.get("gid", found.get("gid"))
        if gid is not None:
            fields["gid"] = gid
    return fields


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the group."""
    name = args["name"]
    if wanted["state"] == ABSENT:
        return [Effect("group", name, {"state": ABSENT})]
    gid = wanted.get("gid", found.get("gid", UNKNOWN))
    return [Effect("group", name, {"name": name, "gid": gid})]


module = Module(
    "group",
    args={
        "name": Arg(required=True),
        "state": Arg(default="present", choices=("absent", "present")),
        "gid": Arg("int"),
        "system": Arg("bool", default=False),
        "non_unique": Arg("bool", default=False),
        "force": Arg("bool", default=False),
        "local": Arg("bool", default=False, refused="libuser's programs are not used"),
        "gid_min": Arg("int"),
        "gid_max": Arg("int"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("passwd",),
    result=result,
    foresee=foresee,
    verify=("state", "gid"),
)
