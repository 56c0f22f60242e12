"""preflight_reach: whether packets of this host arrive at the others, port by port.

Only observes: where it listens meanwhile, so that its peers can tell a closed port from a
firewall, it does so for seconds and writes nothing.
"""

from typing import TYPE_CHECKING

from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:
    """Try every target at once."""
    targets, listen = args.get("targets") or [], args.get("listen") or []
    name = str(args.get("name") or probe.facts()["nodename"])
    patience, timeout = float(args["patience"]), float(args["timeout"])
    return dict(probe.reach(targets, listen, name, patience, timeout))


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give what came of each target, in their order."""
    return {"reach": dict(found)}


module = Module(
    "preflight_reach",
    args={
        "settings": Arg("dict"),
        "hosts": Arg("dict"),
        "targets": Arg("list", default=[], elements="dict"),
        "listen": Arg("list", default=[], elements="dict"),
        "name": Arg("str", default=""),
        "patience": Arg("float", default=2.5),
        "timeout": Arg("float", default=2.5),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="cluster",
    result=result,
    complete=True,
)
