"""raw: a text for the host's shell, as it is; on a host without Python too."""

from typing import TYPE_CHECKING

from kplay.modules import execution
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(_probe: "Probe", _args: Args) -> State:
    """Nothing is known of what it does."""
    return {}


def desire(args: Args, _found: State) -> State:
    """Run it every time."""
    return {"cmd": args["cmd"]}


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Run it; no Ansible field but the status and the output."""
    shell = args.get("executable") or "/bin/sh"
    done = host.run([args["cmd"]], stream=True, shell=shell)
    fields = execution.completed(done, False)
    if done.rc != 0:
        raise ModuleFailure("non-zero return code", changed=True, **fields)
    return fields


module = Module(
    "raw",
    args={"cmd": Arg(required=True), "executable": Arg("path")},
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    free_form="cmd",
)
