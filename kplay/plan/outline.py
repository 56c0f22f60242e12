"""What a plan keeps of its graph: the picture by role and by task, the critical path, an estimate.

The graph is that which was known before the walk. What an include brought belongs to the box of the
include, under whose key its steps' keys begin.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.graph.critical import critical_path
from kplay.graph.view import View, by_role, by_task
from kplay.graph.view_data import from_data, to_data

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kplay.graph.model import Graph
    from kplay.graph.view import Box

LARGEST = 250
"""A picture of more tasks than this is too large to be read, and is not kept."""


class Times(NamedTuple):
    """How long tasks took in earlier runs of the same playbooks, in seconds by vertex key."""

    run: str = ""
    """Id of the newest of these runs; empty where there is none."""
    changed: Mapping[str, float] = {}
    """Where it changed a host, on the slowest one."""
    unchanged: Mapping[str, float] = {}
    """Where it changed none."""
    tasks: Mapping[str, tuple[str, str]] = {}
    """Name, and file and line, of what had these keys then."""

    def of_these(self, graph: Graph) -> Times:
        """Without those of tasks that are others now: of another name at another place."""
        others = {
            vertex.key
            for vertex in graph.vertices()
            if vertex.key in self.tasks
            and self.tasks[vertex.key][0] != vertex.name
            and self.tasks[vertex.key][1] != f"{vertex.span.file}:{vertex.span.line}"
        }
        changed, unchanged = (
            {key: took for key, took in table.items() if key not in others}
            for table in (self.changed, self.unchanged)
        )
        return self._replace(changed=changed, unchanged=unchanged)


class Stop(NamedTuple):
    """A task on the critical path; seconds are what it is likely to take, None if unknown."""

    key: str
    name: str
    part: str
    """The role, or the play whose own task it is."""
    place: str
    """File and line."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The graph of a plan, for its readers."""

    title: str
    """The playbooks."""
    role: View
    task: View | None
    """None where it is larger than LARGEST."""
    path: tuple[Stop, ...] = ()
    run: str = ""
    """The earlier run that times are of; empty where there is none."""
    estimate: float | None = None
    """Seconds that an apply is likely to take: those of the critical path; None if unknown."""
    unmeasured: list[str] = field(default_factory=list)
    """Keys of tasks that will change something and for which no time is known."""

    @classmethod
    def of(cls, title: str, graph: Graph, pending: Collection[str], times: Times) -> Outline:
        """The outline of a graph.

        Args:
            title: the playbooks.
            graph: as it was before the walk, see ``before_walk``.
            pending: keys of the vertices, or of what an include brought, that change something.
            times: of earlier runs.
        """
        times = times.of_these(graph)
        keys = {vertex.key for vertex in graph.vertices()}
        changing = {owner(key, keys) for key in pending}
        seconds = _likely(keys, changing, times)
        known = changing & {owner(key, keys) for key in times.changed}
        told = seconds if known else {}
        path = [
            Stop(
                one.key, one.name,
                one.node.role.name if one.node is not None and one.node.role else one.play.name,
                f"{one.span.file}:{one.span.line}", told.get(one.key),
            )
            for one in critical_path(graph, told)
            if one.node is not None or one.kind == "gather"
        ]  # fmt: skip
        small = sum(vertex.selected for vertex in graph.vertices()) <= LARGEST
        return cls(
            title=title,
            role=by_role(graph, told),
            task=by_task(graph, told) if small else None,
            path=tuple(path),
            run=times.run if known else "",
            estimate=sum(one.seconds or 0.0 for one in path) if known else None,
            unmeasured=sorted(changing - known) if known else [],
        )

    def stretches(self) -> list[tuple[str, list[Stop]]]:
        """The critical path by role: each with its tasks that follow one another."""
        runs = groupby(self.path, key=lambda stop: stop.part)
        return [(part, list(stops)) for part, stops in runs]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {
            "title": self.title,
            "role": to_data(self.role),
            **({"task": to_data(self.task)} if self.task is not None else {}),
            "path": [_stop(stop) for stop in self.path],
            **({"run": self.run} if self.run else {}),
            **({"estimate": round(self.estimate, 2)} if self.estimate is not None else {}),
            **({"unmeasured": self.unmeasured} if self.unmeasured else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outline:
        """What ``to_json`` gave; raises KeyError, IndexError, TypeError or ValueError otherwise."""
        task, estimate = data.get("task"), data.get("estimate")
        return cls(
            title=str(data["title"]),
            role=from_data(data["role"]),
            task=None if task is None else from_data(task),
            path=tuple(Stop(**stop) for stop in data["path"]),
            run=str(data.get("run", "")),
            estimate=None if estimate is None else float(estimate),
            unmeasured=list(data.get("unmeasured", ())),
        )


def before_walk(graph: Graph) -> Graph:
    """The graph as it stands, whatever includes bring to it later."""
    plays = [replace(strand, vertices=list(strand.vertices)) for strand in graph.plays]
    return replace(graph, plays=plays, edges=list(graph.edges))


def owner(key: str, keys: Collection[str]) -> str:
    """The vertex that a step belongs to: its own, or that of the include that brought it."""
    while key not in keys and "." in key:
        key = key.rpartition(".")[0]
    return key


def box_of(view: View) -> dict[str, Box]:
    """The box of a view by the key of each vertex in it."""
    return {key: box for box in view.boxes() for key in box.keys}


def _likely(keys: Collection[str], changing: Collection[str], times: Times) -> dict[str, float]:
    """What each vertex is likely to take: as it took when it changed something, or looked."""
    changed, looked = _owned(keys, times.changed), _owned(keys, times.unchanged)
    found = {}
    for key in keys:
        took = changed.get(key, looked.get(key)) if key in changing else looked.get(key)
        if took is not None:
            found[key] = took
    return found


def _owned(keys: Collection[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds by vertex; those of what an include brought are the include's."""
    found: dict[str, float] = {}
    for key, took in seconds.items():
        mine = owner(key, keys)
        found[mine] = found.get(mine, 0.0) + took
    return found


def _stop(stop: Stop) -> dict[str, Any]:
    seconds = {} if stop.seconds is None else {"seconds": round(stop.seconds, 2)}
    return {"key": stop.key, "name": stop.name, "part": stop.part, "place": stop.place, **seconds}


def keys_of(steps: Iterable[str]) -> set[str]:
    """Keys of vertices by ids of steps."""
    return {step.partition("@")[0] for step in steps}
