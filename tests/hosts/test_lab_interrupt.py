"""Ctrl-C while real hosts come up of which one never answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab_traces import traces

from kplay import lab as labs
from kplay.lab.nspawn import machine
from kplay.lab.nspawn.place import Place
from kplay.lab.write import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.hosts
FILE = Path(__file__).parents[1] / "labs/keeping.yml"
# A job in the background of a script ignores Ctrl-C, and so would what it starts.
HEEDING = ["env", "--default-signal=INT,TERM,HUP"]
SOON = 8.0
"""Seconds within which it ends on a busy machine; waiting for a dead host would take 120."""


class Terminal:
    """A user who runs kplay in a terminal: a Ctrl-C there reaches all that runs in it."""

    def __init__(self, folder: Path, lab: labs.Lab) -> None:
        self.folder, self.lab = folder, lab
        self.process: subprocess.Popen[bytes] | None = None
        save(lab, folder / "lab.yml")
        site = "- hosts: all\n  gather_facts: false\n  tasks: [{ping: }]\n"
        (folder / "site.yml").write_text(site)
        # Every host is dead to whoever logs in by this.
        (folder / "bin").mkdir()
        (folder / "bin/ssh").write_text(f"#!/bin/sh\n>{folder}/tried\nexec sleep 1000\n")
        (folder / "bin/ssh").chmod(0o755)
        self.said = folder / "said"

    def start(self, *argv: str, dead: bool = False) -> subprocess.Popen[bytes]:
        env = dict(os.environ)
        if dead:
            env["PATH"] = f"{self.folder}/bin:{env['PATH']}"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*HEEDING, sys.executable, "-m", "kplay", "lab", *argv],
                cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        return self.process

    def interrupt(self, *numbers: int) -> str:
        assert self.process is not None
        began = time.monotonic()
        for number in numbers:
            os.killpg(self.process.pid, number)
            time.sleep(0.3)
        assert self.process.wait(60) == 130, self.said.read_text()
        assert time.monotonic() - began < SOON
        assert "Traceback" not in self.said.read_text()
        return self.said.read_text()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    lab = replace(labs.load_lab(FILE), name=f"dead-{os.getpid()}")
    made = Terminal(tmp_path, lab)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            os.killpg(made.process.pid, signal.SIGKILL)
            made.process.wait()
        labs.down(lab, progress=lambda host, message: None)
    assert traces(lab) == []


@pytest.mark.parametrize(
    "numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,) * 3]
)
def test_an_up_that_waits_for_a_dead_host_ends_soon(
    terminal: Terminal, until: Callable[..., None], numbers: tuple[int, ...]
) -> None:
    terminal.start("up", "lab.yml", dead=True)
    until((terminal.folder / "tried").exists, "a login", 60)
    said = terminal.interrupt(*numbers)
    assert (
        f"interrupted: lab `{terminal.lab.name}` is left as it is: there are k1, k2, k3\n" in said
    )
    assert "`kplay lab up lab.yml` goes on; `kplay lab down lab.yml` removes every trace" in said
    assert all(machine.running(Place(terminal.lab.name).host(k)) for k in ("k1", "k2", "k3"))
    if len(numbers) == 1:
        assert terminal.start("up", "lab.yml").wait(60) == 0, terminal.said.read_text()
        assert "k2: already up" in terminal.said.read_text()
    assert terminal.start("down", "lab.yml").wait(60) == 0, terminal.said.read_text()
    assert traces(terminal.lab) == []


def test_a_host_that_died_inside(terminal: Terminal, until: Callable[..., None]) -> None:
    assert terminal.start("up", "lab.yml").wait(60) == 0, terminal.said.read_text()
    argv = labs.ssh_argv(terminal.lab, "k2", ["sudo systemctl mask --now --quiet ssh"])
    subprocess.run(argv, stdin=subprocess.DEVNULL, check=False, timeout=30)
    terminal.start("up", "lab.yml")
    until(lambda: "k3: already up" in terminal.said.read_text(), "the others", 60)
    terminal.interrupt(signal.SIGINT)
    assert terminal.start("down", "lab.yml").wait(60) == 0
    assert traces(terminal.lab) == []


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_a_test_that_waits_for_a_dead_host_leaves_nothing(
    terminal: Terminal, until: Callable[..., None], numbers: tuple[int, ...]
) -> None:
    argv = ["test", "site.yml", "--lab", "lab.yml", "--name", terminal.lab.name]
    terminal.start(*argv, "--output", "out", "--report-file", "report.json", dead=True)
    until((terminal.folder / "tried").exists, "a login", 60)
    said = terminal.interrupt(*numbers)
    report = json.loads((terminal.folder / "report.json").read_text())
    found = {one["name"]: one["outcome"] for one in report["stages"]}
    assert (found["up"], found["plan"], found["down"]) == ("failed", "not run", "passed"), said
    assert traces(terminal.lab) == []
