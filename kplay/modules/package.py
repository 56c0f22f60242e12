"""package: packages by the host's own package manager, apt or dnf."""

from typing import TYPE_CHECKING, Any, List

from kplay.modules import apt, dnf
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_APT, _DNF = ("apt",), ("dnf", "dnf4", "dnf5", "yum", "yum4")


def _manager(probe: "Probe", args: Args) -> str:
    use = str(args.get("use") or "auto").rpartition(".")[2]
    if use in _APT or (use == "auto" and probe.which("apt-get")):
        return "apt"
    if use in _DNF or (use == "auto" and any(probe.which(name) for name in _DNF)):
        return "dnf"
    if use == "auto":
        raise ModuleFailure("no supported package manager on this host: apt-get, dnf and yum "
                            "were looked for")  # fmt: skip
    raise ModuleFailure("the package manager %s is not supported" % use)


def _of(found: State) -> Any:
    return apt if found["manager"] == "apt" else dnf


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages as the host's package manager does."""
    manager = _manager(probe, args)
    given = dict(args)
    if manager == "apt":
        given["state"] = {"installed": "present", "removed": "absent"}.get(
            args["state"], args["state"]
        )
    found = apt.observe(probe, given) if manager == "apt" else dnf.observe(probe, given)
    found.update(manager=manager, given=given)
    return found


def desire(_args: Args, found: State) -> State:
    """Want what that package manager's own module wants."""
    wanted: State = _of(found).desire(found["given"], found)
    return wanted


def apply(host: "Host", _args: Args, found: State, wanted: State) -> State:
    """Let that package manager do it."""
    done: State = _of(found).apply(host, found["given"], found, wanted)
    return done


def result(_args: Args, found: State, wanted: State, changed: bool) -> State:
    """Return what that package manager's own module returns."""
    fields: State = _of(found).result(found["given"], found, wanted, changed)
    return fields


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Foresee what that package manager's own module foresees."""
    effects: List[Effect] = _of(found).foresee(found["given"], found, wanted)
    return effects


# Ansible hands every argument on to the module of the host's package manager, so that a playbook
# for several distributions may give here what only one of them knows
module = Module(
    "package",
    args=dict(
        dnf.ARGS,
        **{
            **apt.ARGS,
            "name": Arg("list", required=True, aliases=("pkg",), elements="str"),
            "state": Arg(default="present",
                         choices=("absent", "installed", "latest", "present", "removed")),
            "use": Arg(default="auto"),
        }
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    exclusive=("dpkg",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages", "also", "cache"),
)  # fmt: skip
