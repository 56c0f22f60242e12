"""The controller half of the few modules that have one, by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.actions.api import Context, Outcome

_WHERE = {
    "set_fact": "values:set_fact",
    "set_stats": "values:set_stats",
    "debug": "values:debug",
    "assert": "values:assert_",
    "fail": "values:fail",
    "include_vars": "values:include_vars",
    "add_host": "growth:add_host",
    "group_by": "growth:group_by",
    "foreign": "foreign:foreign",
    "foreign_program": "foreign:foreign",
    "pause": "waiting:pause",
    "script": "files:script",
    "copy": "files:copy",
    "template": "files:template",
    "unarchive": "files:unarchive",
    "fetch": "files:fetch",
    "uri": "files:uri",
    "async_status": "jobs:async_status",
    "bundle_artifact": "bundle:bundle_artifact",
    "kubeconfig": "kubernetes:kubeconfig",
    "k8s": "kubernetes:k8s",
    "preflight": "preflight:judge",
    "preflight_facts": "preflight:facts",
    "preflight_reach": "preflight:reach",
    "kubectl_apply": "kubernetes:kubectl_apply",
    "validate_argument_spec": "argument_spec:validate_argument_spec",
}

RAW_ARGS = frozenset({"assert", "debug"})
"""Actions that evaluate some of their arguments themselves: expressions, not templates."""

RAW_NAMES = frozenset({"that", "var"})
"""The arguments that they evaluate."""


def find(name: str) -> Callable[[Context], Outcome] | None:
    """The controller half of a module, or None when it has none."""
    where = _WHERE.get(name)
    if where is None:
        return None
    file, _, function = where.partition(":")
    found: Callable[[Context], Outcome] = getattr(import_module(f"kplay.actions.{file}"), function)
    return found
