"""preflight_reach: whether packets of this host arrive at the others, port by port.

Only observes: where it listens meanwhile, so that its peers can tell a closed port from a
firewall, it does so for seconds and writes nothing.
"""

from typing import TYPE_CHECKING, List

from kplay.modules import der, x509
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

ALT_NAMES = "2.5.29.17"
"""The extension that holds the names of a certificate (RFC 5280)."""


def observe(probe: "Probe", args: Args) -> State:
    """Try every target at once."""
    targets, listen = args.get("targets") or [], args.get("listen") or []
    name = str(args.get("name") or probe.facts()["nodename"])
    patience, timeout = float(args["patience"]), float(args["timeout"])
    found = dict(probe.reach(targets, listen, name, patience, timeout))
    for one in found["attempts"]:
        if "certificate" in one:
            one["certificate"] = names(str(one["certificate"]).encode())
    return found


def names(pem: bytes) -> List[str]:
    """Give the names and addresses that a certificate is for, without their kinds."""
    try:
        extension = x509.Certificate(pem).extensions.get(ALT_NAMES)
        if extension is None:
            return []
        listed = x509.general_names(der.values(extension.data)[0].parts())
    except (IndexError, ValueError, ModuleFailure):
        return []
    return [one.partition(":")[2] for one in listed]


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
