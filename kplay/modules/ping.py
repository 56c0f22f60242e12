"""ping: say that the agent runs on the host."""

from typing import TYPE_CHECKING

from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:  # noqa: ARG001
    """Answer; the word `crash` fails, as documented."""
    if args["data"] == "crash":
        raise ModuleFailure("boom")
    return {}


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give back what was sent."""
    return {"ping": args["data"]}


module = Module(
    "ping",
    args={"data": Arg("str", default="pong")},
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
    also_known_as=("ansible.builtin.ping",),
)
