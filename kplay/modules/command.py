"""command: run a program, without a shell."""

import shlex
from typing import TYPE_CHECKING, List

from kplay.modules import execution
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def words(args: Args) -> List[str]:
    """Give the program and its arguments, split as a shell would split them."""
    if args.get("argv"):
        return [str(word) for word in args["argv"]]
    try:
        argv = shlex.split(args.get("cmd") or "")
    except ValueError as error:
        raise ModuleFailure("cannot split the command: %s" % error, cmd=args["cmd"])  # noqa: B904
    if not argv:
        raise ModuleFailure("no command given", rc=256)
    return argv


def observe(probe: "Probe", args: Args) -> State:
    """Look at the guards."""
    return execution.guarded(probe, args)


def desire(args: Args, found: State) -> State:
    """Run unless guarded."""
    return {} if found["guarded"] else {"cmd": words(args)}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Name the command; a guarded one has all its fields."""
    argv = words(args)
    return {"cmd": argv} if wanted else execution.skipped(argv, found)


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Run it."""
    argv = words(args)
    expanded = argv
    if args.get("expand_argument_vars", True):
        environ = host.facts().get("environ", {})
        expanded = [execution.expand(word, environ) for word in argv]
    shown = argv if host.which(expanded[0]) or "/" in expanded[0] else " ".join(argv)
    return execution.run(host, args, shown, expanded, shell="")


module = Module(
    "command",
    args=dict(
        execution.ARGS,
        argv=Arg("list", elements="str"),
        executable=Arg("path"),
        expand_argument_vars=Arg("bool", default=True),
        strip_empty_ends=Arg("bool", default=True),
    ),
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    reach="cluster",
    result=result,
    foresee=execution.foresee,
    free_form="cmd",
    guards=execution.GUARDS,
    requires_one_of=(("cmd", "argv"),),
    exclusive_args=(("cmd", "argv"),),
    also_known_as=("ansible.builtin.command",),
)
