"""seboolean: a switch of the SELinux policy, now and at the next boot."""

import re
from typing import TYPE_CHECKING, List, Optional

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

LOCAL = "/var/lib/selinux/*/active/booleans.local"
"""The switches that setsebool -P has set, a line NAME=0 or NAME=1 each."""


def observe(probe: "Probe", args: Args) -> State:
    """Ask for the value that is in force, and for the one that a boot brings."""
    if not probe.which("getsebool"):
        message = "getsebool is not installed on this host"
        raise lacking(probe, "program getsebool", message)
    name = args["name"]
    planned = probe.effect("seboolean", name)
    if isinstance(planned, dict):
        found: State = dict(planned)
        return found
    done = probe.query(["getsebool", name])
    match = re.match(rf"{re.escape(name)} --> (on|off)", done.stdout)
    if match is None:
        if "disabled" in done.stderr and not args["ignore_selinux_state"]:
            raise ModuleFailure("SELinux is disabled on this host.")
        if not args["ignore_selinux_state"]:
            message = f"SELinux boolean {name} does not exist."
            raise lacking(probe, f"SELinux boolean {name}", message)
        return {"value": _stored(probe, name), "stored": _stored(probe, name)}
    value = match.group(1) == "on"
    stored = _stored(probe, name) if args["persistent"] else None
    return {"value": value, "stored": value if stored is None else stored}


def _stored(probe: "Probe", name: str) -> Optional[bool]:
    if probe.which("semanage"):
        done = probe.query(["semanage", "boolean", "-l", "-n"])
        match = re.search(rf"(?m)^{re.escape(name)}\s+\(\w+\s*,\s*(on|off)\)", done.stdout)
        if match is not None:
            return match.group(1) == "on"
    for path in probe.glob(LOCAL):
        values = re.findall(rf"(?m)^{re.escape(name)}=(\d)", textfile.decode(probe.read(path)))
        if values:
            return bool(values[-1] == "1")
    return None


def desire(args: Args, _found: State) -> State:
    """Want the value, and stored where it is to last."""
    wanted = {"value": args["state"]}
    if args["persistent"]:
        wanted["stored"] = args["state"]
    return wanted


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Call setsebool."""
    lasting = ["-P"] if args["persistent"] else []
    done = host.run(["setsebool", *lasting, args["name"], "on" if args["state"] else "off"])
    if done.rc != 0:
        message = f"Failed to set boolean {args['name']} to {args['state']}: {done.stderr.strip()}"
        raise ModuleFailure(message, rc=done.rc)
    return {}


def result(args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """Return the arguments."""
    return {name: args[name] for name in ("name", "persistent", "state")}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the value."""
    value = {"value": wanted["value"], "stored": wanted.get("stored", found["stored"])}
    return [Effect("seboolean", args["name"], value)]


module = Module(
    "seboolean",
    args={
        "name": Arg(required=True),
        "state": Arg("bool", required=True),
        "persistent": Arg("bool", default=False),
        "ignore_selinux_state": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    complete=True,
    foresee=foresee,
    verify=("value",),
    untested=True,
)
