"""script: a script of the playbook, run on the host and gone afterwards."""

import shlex
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


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Say why it was not run."""
    return {} if wanted else execution.skipped(args["cmd"], found)


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Put the script into a private directory and run it there is asked for."""
    name, _, words = str(args["cmd"]).partition(" ")
    path = "{}/{}".format(host.tempdir(), name.rsplit("/", 1)[-1])
    host.write(path, args["content"], mode=0o700)
    text = shlex.quote(path) + (" " + words if words else "")
    if args.get("executable"):
        text = "{} {}".format(args["executable"], text)
    # Ansible leaves a script's output as it is
    args = dict(args, strip_empty_ends=False)
    return execution.run(host, args, args["cmd"], [text], shell="/bin/sh")  # noqa: S604


module = Module(
    "script",
    args={
        "cmd": Arg(required=True),
        "content": Arg("content", required=True),
        "chdir": Arg("path"),
        "creates": Arg("path"),
        "removes": Arg("path"),
        "executable": Arg(),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    result=result,
    foresee=execution.foresee,
    guards=("creates", "removes"),
)
