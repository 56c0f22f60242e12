"""Step frames for the agent, and which steps may be sent ahead of others' results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.modules import catalog

if TYPE_CHECKING:
    from kplay.agent.session import BlobSource
    from kplay.walk.bind import Bound, Item
    from kplay.walk.world import World

FACT_MODULES = frozenset({"setup", "service_facts", "package_facts"})
"""Modules whose results become variables under names that are not known before."""


FOREIGN = frozenset({"foreign", "foreign_program"})
"""How modules that are not kplay's are called; any of them may give facts."""

CONNECTION_MODULES = frozenset({"raw", "reboot", "wait_for_connection"})
"""Modules that the connection itself has a part in; each travels alone."""


def step_id(bound: Bound, item: Item, call: int) -> str:
    """Stable over runs of the same playbook: vertex, host, item, call, attempt."""
    suffix = f"~{item.attempt}" if item.attempt > 1 else ""
    return f"{bound.vertex.key}@{bound.host}#{item.index}.{call}{suffix}"


def frames(
    bound: Bound, item: Item, world: World
) -> list[tuple[dict[str, Any], dict[str, BlobSource]]]:
    """The step frames of one turn, each with the blobs it may ask for."""
    settings = item.settings
    op = "plan" if planned_only(item, world) else "apply"
    agreed = world.agreed
    # What fails in a job fails who asks for it later, not its start
    goes_on = settings.ignore_errors or bound.looped or (op == "plan" and settings.job > 0)
    made = []
    for number, call in enumerate(item.calls):
        made.append(
            (
                {
                    "id": step_id(bound, item, number),
                    "module": call.module,
                    "args": call.args,
                    "op": op,
                    "become": settings.become,
                    "environment": settings.environment,
                    "no_log": settings.no_log,
                    "diff": world.diff if settings.diff is None else settings.diff,
                    "stop": not goes_on,
                    "guards": {},
                    "timeout": settings.timeout,
                    "effects": [],
                    "locks": list(_exclusive(call.module)),
                    "again": False,
                    "async": settings.job,
                    "agreed": agreed.frame(bound, item, number, world) if agreed else None,
                },
                call.blobs,
            )
        )
    return made


def planned_only(item: Item, world: World) -> bool:
    """Whether a turn is only planned: in a plan, unless its author vouches for it.

    ``check_mode: false`` vouches, as with Ansible; with ``--probes author`` so does
    ``changed_when: false``.
    """
    if item.settings.check_mode is not None:
        return item.settings.check_mode or (world.planning and bool(item.argument_causes))
    vouched = world.probes_author and item.harmless and not item.argument_causes
    return world.planning and not vouched


def alone(bound: Bound) -> bool:
    """Whether nothing may be sent behind it before its result is here."""
    keywords = bound.task.keywords
    if bound.task.module in CONNECTION_MODULES:
        return True
    if bound.looped or bound.task.module in FACT_MODULES | FOREIGN or bound.vertex.kind == "gather":
        return True
    if any(word in keywords for word in ("until", "retries", "failed_when")):
        return True
    if bound.local and bound.task.module != "debug":
        return not all(item.skip for item in bound.items)
    if bound.target != bound.host or bound.vertex.once or bound.vertex.handler:
        return True
    return bound.task.module in ("fetch", "kubeconfig") or (
        "notify" in keywords and (bound.vertex.handler)
    )


def is_action(bound: Bound) -> bool:
    """Whether doing it twice would matter: an action or a job, not a state."""
    if any(item.settings.job for item in bound.items):
        return True
    calls = [call for item in bound.items for call in item.calls]
    if calls and all(call.module in FOREIGN and call.args.get("checks") for call in calls):
        # What can say whether it would change anything may be asked again
        return False
    module = catalog.find(bound.task.module)
    return module is not None and module.kind == "action"


def _exclusive(name: str) -> tuple[str, ...]:
    module = catalog.find(name)
    return tuple(module.exclusive) if module is not None else ()
