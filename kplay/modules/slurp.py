"""slurp: the content of a file of the host, in base64."""

import base64
from typing import TYPE_CHECKING

from kplay.modules.api import Arg, Args, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:
    """Read the file."""
    path = args["src"]
    stat = probe.stat(path)
    if stat is None:
        raise lacking(probe, f"file {path}", f"file not found: {path}")
    if stat.state == "directory":
        raise ModuleFailure(f"source is a directory and must be a file: {path}")
    content = base64.b64encode(probe.read(path)).decode("ascii")
    return {"content": content, "source": path, "encoding": "base64"}


def desire(_args: Args, _found: State) -> State:
    """Want nothing."""
    return {}


def result(_args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Return what was read."""
    return found


module = Module(
    "slurp",
    args={"src": Arg("path", required=True, aliases=("path",))},
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
