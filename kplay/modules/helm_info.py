"""helm_info: a release of a chart."""

import json
from typing import TYPE_CHECKING

from kplay.agent.host import UnknownValue
from kplay.modules import helm_program
from kplay.modules.api import Arg, Args, Module, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def observe(probe: "Probe", args: Args) -> State:
    """Ask for it, with its values, notes, hooks and manifest."""
    if helm_program.foreseen(probe, args):
        raise UnknownValue("helm's cluster will only be there once an earlier step has run")
    name, namespace = args["release_name"], args["release_namespace"]
    there = helm_program.release(probe, args, name, namespace, args["release_state"])
    if there is None:
        return {}
    if args["get_all_values"]:
        words = ["get", "values", name, "-n", namespace, "--all", "-o", "json"]
        there["values"] = json.loads(helm_program.ask(probe, args, words).stdout or "null") or {}
    for field in ("manifest", "notes", "hooks"):
        words = ["get", field, name, "-n", namespace]
        there[field] = helm_program.ask(probe, args, words).stdout
    return {"status": there}


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give it."""
    return found


module = Module(
    "helm_info",
    args=dict(
        helm_program.ARGS,
        release_name=Arg(required=True, aliases=("name",)),
        release_namespace=Arg(required=True, aliases=("namespace",)),
        release_state=Arg("list", elements="str"),
        get_all_values=Arg("bool", default=False),
    ),
    observe=observe,
    desire=desire,
    kind="read",
    result=result,
    also_known_as=("kubernetes.core.helm_info", "community.kubernetes.helm_info"),
)
