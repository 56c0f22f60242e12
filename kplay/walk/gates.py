"""Who may go on: barriers of a play, watches on vertices, and plays that wait for plays.

Costs are counted in arrivals: a host that reaches a barrier is counted once, a watch drops each
host once as it passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplay.walk.cursor import END, Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.graph.model import PlayStrand, Position, Vertex


@dataclass(eq=False, slots=True)
class Watch:
    """A vertex that others wait for: which hosts have still to pass it, and which failed."""

    vertex: Vertex
    pending: set[str]
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    each: bool = False
    """Whether single hosts are waited for, so that each that passes is told of."""

    @property
    def passed(self) -> bool:
        """Whether every host of its play is beyond it or out of the run."""
        return not self.pending


@dataclass(eq=False, slots=True)
class PlayRun:
    """A play under way: one batch of hosts, their cursors, who waits at which barrier."""

    strand: PlayStrand
    hosts: list[str]
    """The batch under way."""
    batches: list[list[str]] = field(default_factory=list)
    """Batches still to come (``serial``)."""
    started: bool = False
    done: bool = False
    cursors: dict[str, Cursor] = field(default_factory=dict)
    at_barrier: dict[Position, list[str]] = field(default_factory=dict)
    passed_barrier: dict[str, Position] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    """Hosts in the play that wait at no barrier."""
    watches: dict[Position, Watch] = field(default_factory=dict)
    once: dict[Position, str] = field(default_factory=dict)
    """run_once vertices to the host that runs it; empty text when it is done."""
    several: set[Position] = field(default_factory=set)
    """Vertices whose ``run_once`` is a template that came to false: every host runs them."""
    forced: bool = False
    """``force_handlers``, evaluated."""
    tolerated: float | None = None
    """``max_fail_percentage``, evaluated."""
    failed: list[str] = field(default_factory=list)
    doomed: dict[str, tuple[Position, str, str]] = field(default_factory=dict)
    """Hosts that fail beyond a vertex because another host failed there; why, and which host."""
    over: dict[str, Cursor] = field(default_factory=dict)
    """Hosts' places at the last barrier they went over, where a failure elsewhere finds them."""
    out: set[str] = field(default_factory=set)
    """Hosts that it ended for (``end_host``), or failed for and are cleared of that since."""
    fell: dict[str, Position] = field(default_factory=dict)
    """Where a host failed last."""
    busy: dict[Position, set[str]] = field(default_factory=dict)
    """Hosts that run a throttled task."""
    queued: dict[Position, list[str]] = field(default_factory=dict)
    """Hosts that wait for their turn at one."""
    visitors: dict[str, list[str]] = field(default_factory=dict)
    """Hosts whose delegated step waits for another host to come as far."""

    def single(self, vertex: Vertex) -> bool:
        """Whether one host of the batch runs a vertex for all."""
        return vertex.once and vertex.position not in self.several

    def step_over(self, host: str) -> None:
        """A host is done with the vertex where it stands."""
        cursor = self.cursors[host]
        if cursor.vertex is not None and cursor.vertex.barrier:
            self.over[host] = cursor.copy()
        cursor.advance()

    def arrive(self, host: str, position: Position) -> list[str]:
        """A host reaches a barrier; gives the hosts that may now go on (it may be among them)."""
        if self.passed_barrier.get(host) == position:
            return [host]
        self.at_barrier.setdefault(position, []).append(host)
        self.moving.discard(host)
        return self.open_barrier()

    def open_barrier(self) -> list[str]:
        """Open the lowest barrier when no host moves below it."""
        if self.moving or not self.at_barrier:
            return []
        position = min(self.at_barrier)
        released = self.at_barrier.pop(position)
        for host in released:
            self.passed_barrier[host] = position
            self.moving.add(host)
        return sorted(released, key=self.hosts.index) if len(released) > 1 else released

    def leave(self, host: str) -> list[str]:
        """A host is through with the play or out of it; gives hosts released by that."""
        self.moving.discard(host)
        for position, waiting in list(self.at_barrier.items()):
            if host in waiting:
                waiting.remove(host)
                if not waiting:
                    del self.at_barrier[position]
        return self.open_barrier()

    def passes(self, host: str, position: Position, *, failed: str = "") -> list[Watch]:
        """A host is now at position; gives the watches that are to be told."""
        complete = []
        for watch in self.watches.values():
            if host in watch.pending and position > watch.vertex.position:
                watch.pending.discard(host)
                if failed:
                    watch.failed[host] = failed
                if watch.passed or watch.each:
                    complete.append(watch)
        return complete

    def through(self, alive: Callable[[str], bool]) -> bool:
        """Whether no live host has anything left to do in this batch."""
        return all(
            not alive(host) or self.cursors[host].position == END for host in reversed(self.hosts)
        )
