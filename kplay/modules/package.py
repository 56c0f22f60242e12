"""package: packages by the host's own package manager, which is apt."""

from typing import TYPE_CHECKING

from kplay.modules import apt
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages, on a host that has apt."""
    use = args.get("use") or "auto"
    if use not in ("auto", "apt", "ansible.builtin.apt"):
        raise ModuleFailure("the package manager %s is not supported" % use)
    if not probe.which("apt-get"):
        raise ModuleFailure("no supported package manager on this host: apt-get was looked for")
    return apt.observe(probe, args)


module = Module(
    "package",
    args=dict(
        apt.ARGS,
        name=Arg("list", required=True, aliases=("pkg",), elements="str"),
        state=Arg("str", default="present", choices=("absent", "latest", "present")),
        use=Arg("str", default="auto"),
    ),
    observe=observe,
    desire=apt.desire,
    apply=apt.apply,
    reach="cluster",
    exclusive=("dpkg",),
    result=apt.result,
    foresee=apt.foresee,
    verify=("fits",),
    fields=("packages", "also", "cache"),
    also_known_as=("ansible.builtin.package",),
)
