"""dpkg_selections: whether dpkg is to install, hold, deinstall or purge a package."""

from typing import TYPE_CHECKING, List

from kplay.agent.host import UnknownValue
from kplay.modules import debian
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask dpkg, or the plan, what is selected."""
    name = args["name"]
    known = debian.known(probe, [name]).get(name)
    if known is None or known.want in ("", "unknown"):
        if probe.scratch():
            raise UnknownValue("dpkg does not know the package %s yet" % name)
        msg = "Failed to find package '%s' to perform selection '%s'." % (name, args["selection"])
        raise ModuleFailure(msg)
    return {"selection": known.want, "version": known.version}


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want the selection."""
    return {"selection": args["selection"]}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what was and what is selected."""
    return {"before": found["selection"], "after": wanted["selection"]}


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Tell dpkg."""
    line = "%s %s\n" % (args["name"], wanted["selection"])
    done = host.run(["dpkg", "--set-selections"], stdin=line)
    if done.rc != 0:
        said = done.stderr.strip()
        raise ModuleFailure("dpkg --set-selections failed: %s" % said, rc=done.rc, stderr=said)
    return {}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Say what is selected."""
    value = {
        "state": "present",
        "version": found["version"] or None,
        "selection": wanted["selection"],
    }
    return [Effect("package", args["name"], value)]


module = Module(
    "dpkg_selections",
    args={
        "name": Arg("str", required=True),
        "selection": Arg("str", required=True, choices=("install", "hold", "deinstall", "purge")),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("selection",),
    also_known_as=("ansible.builtin.dpkg_selections",),
)
