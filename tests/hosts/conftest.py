"""Real hosts for a test session: made once, shared by all tests, gone at its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sshd import Place

sys.path.insert(0, str(Path(__file__).parent))

LAB_FILES = Path(__file__).parents[1] / "labs"


@pytest.fixture(scope="session")
def lab_hosts() -> Iterator[labs.Lab]:
    """The lab of ``tests/labs/hosts.yml``, up; hosts h1 to h4, its inventory on disk.

    A test that leaves a host other than bare says so to the tests after it by using names of its
    own. Without root, or where machines cannot be made, every test that asks for it fails.
    """
    lab = replace(labs.load_lab(LAB_FILES / "hosts.yml"), name=f"hosts-{os.getpid()}")
    messages: list[str] = []
    try:
        labs.up(lab, progress=lambda host, message: messages.append(f"{host}: {message}"))
        yield lab
    finally:
        labs.down(lab, progress=lambda host, message: messages.append(f"{host}: {message}"))


class Finished:
    """What a kplay process said and returned."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.said = out + err
        assert "Traceback (most recent call last)" not in self.said, self.said


@dataclass
class Project:
    """A user's directory with playbooks, from which ``python -m kplay`` is run on lab hosts."""

    directory: Path
    lab: labs.Lab
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def argv(self, verb: str, *rest: str) -> list[str]:
        own = any(word in ("-i", "--inventory") for word in rest)
        # A run that is resumed and a plan file name their inventory
        alone = verb in ("resume", "show") or rest[:1] == ("plan.json",)
        given = () if own or alone else ("-i", str(labs.inventory_path(self.lab)))
        return [sys.executable, "-m", "kplay", verb, *given, *rest]

    def kplay(self, verb: str, *rest: str, stdin: str = "", timeout: float = 90) -> Finished:
        """Run to the end."""
        done = subprocess.run(
            self.argv(verb, *rest),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            cwd=self.directory,
            env=self.env(),
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def ok(self, verb: str, *rest: str, stdin: str = "") -> Finished:
        """Run to the end, which must be a good one."""
        done = self.kplay(verb, *rest, stdin=stdin)
        assert done.code == 0, done.said
        return done

    def start(self, verb: str, *rest: str) -> subprocess.Popen[str]:
        """Run without waiting for the end; ``finish`` does."""
        process = subprocess.Popen(
            self.argv(verb, *rest),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.directory,
            env=self.env(),
        )
        self.started.append(process)
        return process

    @staticmethod
    def finish(process: subprocess.Popen[str], timeout: float = 60) -> Finished:
        out, err = process.communicate(timeout=timeout)
        return Finished(process.returncode, out, err)

    def env(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self.directory), "NO_COLOR": "1", "COLUMNS": "100"}

    def on(self, host: str, command: str, *, user: str = "kplay") -> str:
        """What a command says on a host; it must end well."""
        done = subprocess.run(
            labs.ssh_argv(self.lab, host, [command], user=user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def runs(self) -> list[Path]:
        journals = (self.directory / ".kplay/runs").glob("*/journal.jsonl")
        return sorted(path.parent for path in journals)

    def events(self, kind: str = "", run: int = -1) -> list[dict[str, Any]]:
        """The newest run's journal, or one kind of event of it."""
        found = []
        for line in (self.runs()[run] / "journal.jsonl").read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                break  # the controller was killed while it wrote
        return [one for one in found if not kind or one["event"] == kind]

    def began(self, task: str, host: str = "", run: int = -1) -> bool:
        """Whether the journal says that a task's change began."""
        return bool(self.runs()) and any(
            one["place"]["task"] == task and host in ("", one["place"]["host"])
            for one in self.events("StepStarted", run)
        )

    def agents(self, host: str) -> list[str]:
        """Processes of kplay on a host."""
        told = self.on(host, "ps -eo pid,args --no-headers | grep '[k]play-agent' || true")
        return told.splitlines()


def wait_for(fact: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@pytest.fixture
def project_of() -> Iterator[Callable[[Path, labs.Lab], Project]]:
    """``project_of(directory, lab)``: a user's directory; what runs from it ends with the test."""
    made: list[Project] = []

    def make(directory: Path, lab: labs.Lab) -> Project:
        made.append(Project(directory, lab))
        return made[-1]

    yield make
    for process in [process for one in made for process in one.started]:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def project(
    tmp_path: Path, lab_hosts: labs.Lab, project_of: Callable[[Path, labs.Lab], Project]
) -> Project:
    """An empty directory and the lab's hosts."""
    return project_of(tmp_path, lab_hosts)


@pytest.fixture
def until() -> Callable[..., None]:
    """``until(fact, what, seconds)``: wait for a fact."""
    return wait_for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    from sshd import Place

    # sshd separates privileges in this directory, and does not start without it
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    made = Place(tmp_path)
    yield made
    for connection in made.open:
        connection.close()
    for server in made.servers:
        server.end()
