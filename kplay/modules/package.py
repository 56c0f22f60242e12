"""package: packages by the host's own package manager: apt, dnf, yum, zypper, pacman or apk."""

from typing import TYPE_CHECKING, Any, List

from kplay.modules import apk, apt, dnf, pacman, zypper
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

_MANAGERS = {"apt": apt, "dnf": dnf, "zypper": zypper, "pacman": pacman, "apk": apk}
_PROGRAMS = {
    "apt": ("apt-get",),
    "dnf": ("dnf", "dnf5", "microdnf", "yum"),
    "zypper": ("zypper",),
    "pacman": ("pacman",),
    "apk": ("apk",),
}
_NAMES = {"dnf4": "dnf", "dnf5": "dnf", "yum": "dnf", "yum4": "dnf"}


def _manager(probe: "Probe", args: Args) -> str:
    use = str(args.get("use") or "auto").rpartition(".")[2]
    use = _NAMES.get(use, use)
    if use in _MANAGERS:
        return use
    if use != "auto":
        message = f"the package manager {use} is not supported: {', '.join(_MANAGERS)} are"
        raise ModuleFailure(message)
    for name, programs in _PROGRAMS.items():
        if any(probe.which(program) for program in programs):
            return name
    looked = ", ".join(one for programs in _PROGRAMS.values() for one in programs)
    message = f"no supported package manager on this host: {looked} were looked for"
    raise ModuleFailure(message)


def _of(found: State) -> Any:
    return _MANAGERS[found["manager"]]


def _refuse_both(own: Module, given: Args) -> None:
    for names in own.exclusive_args:
        both = [name for name in names if given.get(name) not in (None, "no")]
        if len(both) > 1:
            listed = " and ".join(f"`{name}`" for name in both)
            raise ModuleFailure(f"`{own.name}` takes only one of {listed}")


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages as the host's package manager does."""
    manager = _manager(probe, args)
    own: Any = _MANAGERS[manager]
    # what only another manager's module knows is not for this one
    given = {name: args.get(name, arg.default) for name, arg in own.ARGS.items()}
    if manager != "apt" and given.get("upgrade") == "no":
        given["upgrade"] = None
    _refuse_both(own.module, given)
    state = args.get("state")
    given["state"] = {"installed": "present", "removed": "absent"}.get(str(state), state)
    found: State = own.observe(probe, given)
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
        {name: arg for name, arg in dnf.ARGS.items() if not arg.refused},
        **{
            **apt.ARGS,
            "name": Arg("list", aliases=("pkg",), elements="str"),
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
    requires_one_of=(("name", "update_cache", "upgrade", "autoremove", "clean", "deb"),),
)  # fmt: skip
