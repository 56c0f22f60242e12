"""wait_for_connection: the host answers, sooner or later; the waiting is the controller's."""

from typing import TYPE_CHECKING

from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(_probe: "Probe", _args: Args) -> State:
    """It is running here: there is a connection."""
    return {}


def desire(_args: Args, _found: State) -> State:
    """Want nothing more."""
    return {}


def result(_args: Args, _found: State, _wanted: State, _changed: bool) -> State:
    """No time has passed on the host; the controller adds what it waited."""
    return {"elapsed": 0}


module = Module(
    "wait_for_connection",
    args={
        "timeout": Arg("int", default=600),
        "delay": Arg("int", default=0),
        "sleep": Arg("int", default=1),
        "connect_timeout": Arg("int", default=5),
    },
    observe=observe,
    desire=desire,
    kind="read",
    result=result,
    complete=True,
)
