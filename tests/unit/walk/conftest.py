from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
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
            fleets.append(FakeFleet(post, hosts=dict(fake or {}), unreachable=set(unreachable)))
            return fleets[0]

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
        walker.run()
        return Walked(walker, fleets[0], seen)

    return run
