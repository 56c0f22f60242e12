"""Roles and playbooks that ship, on hosts in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare
from kplay.testing.fleet import FakeFleet
from kplay.walk import events
from kplay.walk.walker import Walker
from kplay.walk.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kplay.testing import FakeHost

ROLES = Path(__file__).parents[3] / "playbooks/roles"


@dataclass
class Played:
    """What came of a playbook on hosts in memory."""

    hosts: Mapping[str, FakeHost]
    events: list[events.Event]

    def steps(self, host: str) -> list[tuple[str, str]]:
        """Task and status of each step on a host, in order, loops as one."""
        return [
            (one.place.task, one.status)
            for one in self.events
            if isinstance(one, events.StepEnded)
            and "#" not in one.place.step
            and one.place.host == host
        ]

    def status(self, host: str, task: str) -> str:
        """The status of the last step of that task."""
        return next(status for name, status in reversed(self.steps(host)) if name.endswith(task))

    def changed(self, host: str) -> list[str]:
        """Tasks that changed the host."""
        return [task for name, task in self.order() if name == host]

    def order(self) -> list[tuple[str, str]]:
        """Host and task of every step that changed something, loops as one, as they ended."""
        return [
            (one.place.host, one.place.task.rpartition(" : ")[2])
            for one in self.events
            if isinstance(one, events.StepEnded)
            and "#" not in one.place.step
            and one.status == "changed"
        ]

    def failure(self, host: str) -> str:
        """What the failed step said; empty when none failed."""
        for one in self.events:
            if not isinstance(one, events.StepEnded) or one.place.host != host:
                continue
            if one.status == "failed":
                return str(one.result.get("msg", ""))
        return ""


def with_units(host: FakeHost, units: dict[str, str]) -> FakeHost:
    """Give a host units, each `active enabled` or the like, which systemctl starts and stops."""
    found = {name: state.split() for name, state in units.items()}
    for name in found:
        host.add_file(f"/usr/lib/systemd/system/{name}", "[Service]\n")

    def shows(_on: FakeHost, argv: Sequence[str]) -> str:
        active, enabled = found.get(argv[-1], ("inactive", ""))
        load = "loaded" if argv[-1] in found else "not-found"
        return f"LoadState={load}\nActiveState={active}\nUnitFileState={enabled}\n"

    def does(verb: str) -> Any:
        def done(_on: FakeHost, argv: Sequence[str]) -> str:
            if verb in ("enable", "disable"):
                found[argv[-1]][1] = verb + "d"
            else:
                found[argv[-1]][0] = "inactive" if verb == "stop" else "active"
            return ""

        return done

    host.when("systemctl").when("systemctl show --no-pager", does=shows)
    host.when("systemctl is-enabled", rc=1)
    for verb in ("enable", "disable", "start", "stop", "restart", "reload"):
        host.when(f"systemctl {verb}", does=does(verb))
    return host


@dataclass
class Player:
    """Runs plays in a folder that has the shipped roles, on hosts in memory."""

    folder: Path
    with_units = staticmethod(with_units)

    def role(
        self,
        name: str,
        groups: Mapping[str, Sequence[str]],
        fake: Mapping[str, FakeHost],
        *,
        facts: bool = False,
        planning: bool = False,
        **variables: Any,
    ) -> Played:
        """Play one file of a role's tasks, named as `role/file`, on all hosts."""
        role, _, tasks = name.partition("/")
        one = {
            "hosts": "all",
            "gather_facts": facts,
            "gather_subset": ["min"],
            "tasks": [{"import_role": {"name": role, "tasks_from": tasks or "main"}}],
        }
        return self.run([one], groups, fake, planning=planning, **variables)

    def run(
        self,
        plays: Sequence[Mapping[str, Any]] | Path,
        groups: Mapping[str, Sequence[str]],
        fake: Mapping[str, FakeHost],
        *,
        planning: bool = False,
        **variables: Any,
    ) -> Played:
        """Play a playbook or a list of plays; `variables` are those of every host."""
        path = self.folder / "play.yml"
        path.write_text(
            plays.read_text() if isinstance(plays, Path) else yaml.safe_dump(list(plays))
        )
        children = {name: {"hosts": dict.fromkeys(hosts)} for name, hosts in groups.items()}
        inventory = self.folder / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"children": children, "vars": variables}}))
        prepared = prepare(RunOptions(playbooks=(path,), inventory=(str(inventory),)))
        fleets: list[FakeFleet] = []

        def make(post: Any) -> FakeFleet:
            fleets.append(FakeFleet(post, hosts=dict(fake)))
            return fleets[0]

        world = World(
            store=prepared.store,
            loader=prepared.loader,
            make_fleet=make,
            planning=planning,
            tags=prepared.tags,
            ask=prepared.options.ask,
        )
        seen: list[events.Event] = []
        Walker(prepared.graph, world, seen.append).run()
        return Played(fleets[0].hosts, seen)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roles").symlink_to(ROLES)
    return Player(tmp_path)
