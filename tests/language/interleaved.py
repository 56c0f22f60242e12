"""A fleet of hosts in memory whose steps run one by one, the next from any host by a seed."""

from __future__ import annotations

import queue
import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.testing.fleet import FakeFleet
from kplay.walk.events import HostLost, StepEnded
from kplay.walk.walker import Walker
from kplay.walk.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kplay.walk.events import Event


@dataclass(eq=False)
class Interleaved(FakeFleet):
    """Chains wait in line at their host; ``step`` runs one step of a host that the seed picks."""

    seed: int = 0
    waiting: dict[str, deque[list[dict[str, Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - it is no secret

    def submit(
        self, host: str, steps: list[dict[str, Any]], blobs: Mapping[str, Any], *_: object
    ) -> None:
        del blobs
        self.waiting.setdefault(host, deque()).append(list(steps))

    def step(self) -> bool:
        """Run one step; False when no host has any."""
        ready = sorted(host for host, chains in self.waiting.items() if chains)
        if not ready:
            return False
        host = self.chance.choice(ready)
        chain = self.waiting[host][0]
        step = chain.pop(0)
        result = self._run(host, step)
        self._post(host, {"type": "result", "step": step["id"], "result": result})
        if result["failed"] and step["stop"]:
            for dropped in chain:
                self._post(host, {"type": "dropped", "step": dropped["id"]})
            chain.clear()
        if not chain:
            self.waiting[host].popleft()
        return True


class Inbox:
    """Where the walk waits: it runs a step when there is no news."""

    def __init__(self, fleet: Interleaved) -> None:
        self.fleet = fleet
        self.frames: deque[tuple[str, dict[str, Any]]] = deque()

    def put(self, frame: tuple[str, dict[str, Any]]) -> None:
        self.frames.append(frame)

    def empty(self) -> bool:
        return not self.frames

    def get(self, timeout: float | None = None) -> tuple[str, dict[str, Any]]:
        while not self.frames:
            if not self.fleet.step():
                assert timeout is not None, "the walk waits for what nobody does"
                raise queue.Empty
        return self.frames.popleft()


@dataclass
class Ended:
    """What came of a run, in a form that compares."""

    statuses: dict[str, list[tuple[str, str, str]]]
    steps: dict[str, list[tuple[str, str]]]
    """Tasks and their statuses by host, the turns of loops left out."""
    lost: dict[str, str]
    files: dict[str, dict[str, str]]
    order: list[str]


def walked(playbook: Path, inventory: str, seed: int, **extra: str) -> Ended:
    """Run a playbook on hosts in memory, interleaved by the seed."""
    given = tuple(f"{name}={value}" for name, value in extra.items())
    options = RunOptions(playbooks=(playbook,), inventory=(inventory,), extra_vars=given)
    prepared = prepare(options)
    fleets: list[Interleaved] = []

    def make(post: Any) -> Any:
        fleets.append(Interleaved(post, seed=seed))
        return fleets[0]

    world = World(store=prepared.store, loader=prepared.loader, make_fleet=make, planning=False)
    seen: list[Event] = []
    walker = Walker(prepared.graph, world, seen.append)
    walker.inbox = Inbox(fleets[0])
    walker.run()
    statuses: dict[str, list[tuple[str, str, str]]] = {}
    steps: dict[str, list[tuple[str, str]]] = {}
    order = []
    for event in seen:
        if isinstance(event, StepEnded):
            said = str(event.result.get("msg", "")) if event.place.module == "debug" else ""
            row = (event.place.task, event.status, said)
            statuses.setdefault(event.place.host, []).append(row)
            if "#" not in event.place.step:
                steps.setdefault(event.place.host, []).append(row[:2])
            order.append(f"{event.place.task} {event.place.host}")
    return Ended(
        statuses=statuses,
        steps=steps,
        lost={event.host: event.status for event in seen if isinstance(event, HostLost)},
        files={name: _files(host) for name, host in fleets[0].hosts.items()},
        order=order,
    )


def _files(host: Any) -> dict[str, str]:
    """Contents by path; lines sorted, for hosts that act at once on one file have no order."""
    return {
        path: "\n".join(sorted(entry.data.decode().splitlines()))
        for path, entry in host.files.entries.items()
        if entry.state == "file"
    }
