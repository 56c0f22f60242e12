"""shell: run a script with a shell."""

from typing import TYPE_CHECKING

from kplay.modules import execution
from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Look at the guards."""
    return execution.guarded(probe, args)


def desire(args: Args, found: State) -> State:
    """Run unless guarded."""
    return {} if found["guarded"] else {"cmd": args["cmd"]}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Name the script; a guarded one has all its fields."""
    return {"cmd": args["cmd"]} if wanted else execution.skipped(args["cmd"], found)


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Run it."""
    shell = args.get("executable") or "/bin/sh"
    return execution.run(host, args, args["cmd"], [args["cmd"]], shell=shell)


module = Module(
    "shell",
    args=dict(execution.ARGS, executable=Arg("path"), strip_empty_ends=Arg("bool", default=True)),
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="cluster",
    result=result,
    foresee=execution.foresee,
    free_form="cmd",
    guards=execution.GUARDS,
    requires_one_of=(("cmd",),),
    also_known_as=("ansible.builtin.shell",),
)
