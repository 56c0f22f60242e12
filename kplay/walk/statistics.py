"""What tasks count for the end of a run (``set_stats``)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.collections import combine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RUN = "_run"
"""In a host's place: values of the whole run."""


class Statistics:
    """Values by host, and those of the run."""

    def __init__(self) -> None:
        """Begin with none."""
        self.tables: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def take(self, result: Mapping[str, Any], hosts: Iterable[str]) -> None:
        """Take what a task's result says under ``ansible_stats``, if anything.

        Args:
            result: of a task, or of one turn of its loop.
            hosts: whose values they are where they are kept for each host.
        """
        told = result.get("ansible_stats")
        if not isinstance(told, dict) or not isinstance(told.get("data"), dict):
            return
        for host in hosts if told.get("per_host") else [RUN]:
            table = self.tables[host]
            for name, value in told["data"].items():
                adds = told.get("aggregate", True) and name in table
                table[name] = _sum(table[name], value) if adds else value


def _sum(before: Any, value: Any) -> Any:
    """As Ansible adds: mappings are merged, lists and texts go on, numbers grow; else no change."""
    if type(before) is not type(value):
        return before
    if isinstance(value, dict):
        return combine(before, value, recursive=True)
    try:
        return before + value
    except TypeError:
        return before
