from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.testing.fleet import FakeFleet
from kplay.walk import events
from kplay.walk.walker import Walker
from kplay.walk.world import World

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Walked:
    walker: Walker
    fleet: FakeFleet
    events: list[events.Event]
    notes: list[str] = field(default_factory=list)

    def steps(self) -> list[events.StepEnded]:
        return [one for one in self.events if isinstance(one, events.StepEnded)]

    def ended(self, host: str | None = None) -> list[tuple[str, str, str]]:
        return [
            (one.place.host, one.place.task, one.status)
            for one in self.events
            if isinstance(one, events.StepEnded) and not one.loop and host in (None, one.place.host)
        ]

    def result(self, task: str, host: str) -> dict[str, Any]:
        return next(
            dict(one.result)
            for one in reversed(self.events)
            if isinstance(one, events.StepEnded)
            and (one.place.task, one.place.host) == (task, host)
        )

    def lost(self) -> dict[str, str]:
        return {one.host: one.status for one in self.events if isinstance(one, events.HostLost)}


@pytest.fixture
def walk(tmp_path: Path):
    def run(
        playbook: str,
        *,
        hosts: str = "a,b,",
        planning: bool = False,
        files: dict[str, str] | None = None,
        unreachable: tuple[str, ...] = (),
        slow: tuple[str, ...] = (),
        fake: dict[str, Any] | None = None,
        **options: Any,
    ) -> Walked:
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        path = tmp_path / "play.yml"
        path.write_text(dedent(playbook))
        prepared = prepare(RunOptions(playbooks=(path,), inventory=(hosts,), **options))
        fleets: list[FakeFleet] = []

        def make(post):
            fleet = FakeFleet(post, hosts=dict(fake or {}), unreachable=set(unreachable))
            fleet.slow.update(slow)
            fleets.append(fleet)
            return fleet

        world = World(
            store=prepared.store,
            loader=prepared.loader,
            make_fleet=make,
            planning=planning,
            probes_author=prepared.options.probes_author,
            tags=prepared.tags,
            ask=prepared.options.ask,
        )
        seen: list[events.Event] = []
        walker = Walker(prepared.graph, world, seen.append)
        if slow:
            Timer(0.3, fleets[0].release).start()
        walker.run()
        return Walked(walker, fleets[0], seen, prepared.notes)

    return run
