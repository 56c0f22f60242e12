"""The courses of ``scenarios.yml``: labs, and the playbooks that run there one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHIPPED = ROOT / "playbooks"
TABLE = HERE / "scenarios.yml"


@dataclass(frozen=True)
class Run:
    """A playbook that is planned and then applied."""

    playbook: Path
    hosts: str
    """What the hosts are before it."""
    before: dict[str, str] = field(default_factory=dict)
    """A shell script by host, run as root first."""
    only: tuple[str, ...] = ()
    """Further options of plan and run."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Variables that are given to both."""

    @property
    def title(self) -> str:
        options = f" {' '.join(self.only)}" if self.only else ""
        return f"{self.playbook.name}{options}, {self.hosts}"


@dataclass(frozen=True)
class Course:
    """Runs on the hosts of one lab."""

    name: str
    lab: Path
    bundle: str
    """The bundle that is made first: nothing, ``kubernetes``, or with the doubles ``k3s``, ``rke2``
    and ``rancher``."""
    runs: tuple[Run, ...]
    before: dict[str, str] = field(default_factory=dict)
    """A shell script by host, run as root when it is up."""


def courses(table: Path = TABLE) -> list[Course]:
    return [_course(one) for one in yaml.safe_load(table.read_text(encoding="utf-8"))]


def _course(given: dict) -> Course:
    runs = [_run(one) for one in given.get("runs", ())]
    if "playbooks" in given:
        for playbook in sorted((ROOT / given["playbooks"]).glob("*.yml")):
            runs += [Run(playbook, "bare"), Run(playbook, "converged")]
    return Course(
        given["name"],
        ROOT / given["lab"],
        given.get("bundle", ""),
        tuple(runs),
        given.get("before", {}),
    )


def _run(given: dict) -> Run:
    before, only = given.get("before", {}), tuple(given.get("only", ()))
    settings = given.get("settings", {})
    return Run(SHIPPED / given["playbook"], given["hosts"], before, only, settings)
