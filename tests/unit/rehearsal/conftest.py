"""A lab whose hosts are this machine, so that real playbooks run in a rehearsal without root."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kplay import lab as labs
from kplay.execute.options import RunOptions
from kplay.rehearsal.model import Asked, Report
from kplay.rehearsal.rehearse import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kplay.walk.events import Event, Listener


@dataclass
class FakeLabs:
    """Stands for ``kplay.lab``; ``states`` is how hosts are, ``done`` what was asked for."""

    folder: Path
    states: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    fault: Exception | None = None
    host_vars: dict[str, Any] = field(default_factory=dict)

    def up(self, lab: labs.Lab, *, progress: Callable[[str, str], None]) -> Path:
        self.done.append(f"up {lab.name}")
        for host in lab.hosts:
            progress(host.name, "booting")
        if self.fault is not None:
            raise self.fault
        self.states = {host.name: "running" for host in lab.hosts}
        hosts = {host.name: {"ansible_connection": "local", **self.host_vars} for host in lab.hosts}
        self.inventory_path(lab).write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        return self.inventory_path(lab)

    def down(self, lab: labs.Lab, *, progress: Callable[[str, str], None]) -> None:
        self.done.append(f"down {lab.name}")
        progress(lab.name, "down")
        self.states = {}

    def status(self, lab: labs.Lab) -> list[labs.HostStatus]:
        return [
            labs.HostStatus(one.name, self.states.get(one.name, "absent"), "") for one in lab.hosts
        ]

    def inventory_path(self, _lab: labs.Lab) -> Path:
        return self.folder / "inventory.yml"


class Heard:
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.texts: list[str] = []
        self.said: list[str] = []
        self.hears: Callable[[Event], None] = lambda event: None

    def stage(self, name: str) -> None:
        self.stages.append(name)

    def say(self, who: str, message: str) -> None:
        self.said.append(f"{who}: {message}")

    def text(self, text: str) -> None:
        self.texts.append(text)

    def listening(self, **_how: bool) -> AbstractContextManager[Listener]:
        return nullcontext(self.hears)


@dataclass
class Bench:
    """A user's folder, and rehearsals of what is in it."""

    folder: Path
    labs: FakeLabs
    screen: Heard = field(default_factory=Heard)
    variables: tuple[str, ...] = ()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def rehearse(self, *tasks: str, hosts: tuple[str, ...] = ("h1", "h2"), **more: Any) -> Report:
        text = "- hosts: all\n  gather_facts: false\n  tasks:\n"
        site = self.write("site.yml", text + "".join(f"    - {one}\n" for one in tasks))
        given = {"playbooks": (site,), "extra_vars": self.variables, **more.pop("options", {})}
        lab = labs.Lab("bench", "nspawn", tuple(labs.LabHost(name) for name in hosts))
        asked = Asked(RunOptions(**given), lab, self.folder / "out", **more)
        return rehearse(asked, self.screen)

    def kept(self, name: str) -> str:
        return (self.folder / "out" / name).read_text()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    state = tmp_path / "state"
    state.mkdir()
    fake = FakeLabs(state)
    for name in ("up", "down", "status", "inventory_path"):
        monkeypatch.setattr(labs, name, getattr(fake, name))
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, fake)
