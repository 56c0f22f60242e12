"""What a plan's steps are planned behind: steps that change their host, and what those may bring.

A plan does not know all that a planned step makes. What a later step lacks may come from it, and is
then no failure. Files are another matter: most modules tell of every file that they write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.modules import catalog
from kplay.walk.outcome import lacking_for_good

if TYPE_CHECKING:
    from kplay.walk.bind import Bound
    from kplay.walk.hostrun import HostRun, Running
    from kplay.walk.outcome import Outcome
    from kplay.walk.world import World

HERE = "the controller"
"""The name under which files count that steps write where kplay runs."""

_BRINGING = ("fetch", "kubeconfig")
"""Modules that bring a host's file to the controller, and name it in their results."""


def note(world: World, bound: Bound, outcome: Outcome) -> None:
    """Remember a step that is only planned."""
    if not world.planning or outcome.status != "planned":
        return
    targets = bound.targets or [bound.target]
    for target in targets:
        # What may run for want of an earlier step is no better cause than that step
        if outcome.action != "unknown" or target not in world.ahead:
            world.ahead[target] = bound.name
    if bound.task.module in _BRINGING:
        world.unforeseen.add(HERE)
        turns = outcome.result.get("results") if bound.looped else [outcome.result]
        for turn in turns if isinstance(turns, list) else ():
            if isinstance(turn.get("dest"), str):
                world.will_write(turn["dest"])
    elif _may_write(bound, outcome):
        world.unforeseen.update(targets)


def settled(world: World, host: HostRun, running: Running, raw: dict[str, Any]) -> dict[str, Any]:
    """A call's raw result; what it lacks is a failure where nothing planned before may bring it."""
    if not world.planning or "otherwise" not in raw:
        return raw
    lacks_file = raw.get("lacks") == "path"
    for_good = _no_file_comes if lacks_file else _is_first_change
    return lacking_for_good(raw) if for_good(world, host, running) else raw


def _is_first_change(world: World, host: HostRun, running: Running) -> bool:
    """Whether nothing that is planned before a step changes its host."""
    if running.bound.target in world.ahead or host.pipeline[0] is not running:
        return False
    return all(one.status != "planned" for one in running.outcomes.values())


def _no_file_comes(world: World, host: HostRun, running: Running) -> bool:
    """Whether no step that is planned before one may write files that it does not tell of."""
    target = running.bound.target
    if target in world.unforeseen or (HERE in world.unforeseen and world.ways.is_local(target)):
        return False
    for earlier in host.pipeline:
        outcomes = list(earlier.outcomes.values())
        if any(_may_write(earlier.bound, one) for one in outcomes if one.status == "planned"):
            return False
        if earlier is running:
            return True
        if not earlier.complete and not _tells_all(earlier.bound):
            return False
    return True


def _may_write(bound: Bound, outcome: Outcome) -> bool:
    """Whether a planned step may write files that it does not tell of."""
    return outcome.action == "unknown" or outcome.conditional or not _tells_all(bound)


def _tells_all(bound: Bound) -> bool:
    """Whether the modules of a step tell of every file that they will write."""
    for name in {call.module for item in bound.items for call in item.calls}:
        module = catalog.find(name)
        if module is None or module.kind == "action":
            return False
        if module.kind == "state" and module.reach != "host" and module.writes_files:
            return False
    return True
