"""A user's directory, from which ``python -m kplay`` is run on the hosts of a lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[str, str], None]

ROOT = Path(__file__).resolve().parents[2]


class Finished:
    """What a kplay process said and returned."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.said = out + err
        assert "Traceback (most recent call last)" not in self.said, self.said


def say(host: str, message: str) -> None:
    """Take progress of a lab; pytest shows it where a test fails."""
    sys.stdout.write(f"{host}: {message}\n")


@contextmanager
def lab_up(given: labs.Lab, name: str, progress: Progress = say) -> Iterator[labs.Lab]:
    """The lab, up under a name of this process's own; every trace of it goes at the end."""
    mine = replace(given, name=f"{name}-{os.getpid()}")
    try:
        labs.up(mine, progress=progress)
        yield mine
    finally:
        labs.down(mine, progress=progress)


def run_on(
    lab: labs.Lab, host: str, command: str, *, user: str = "", stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command on a host by ssh; without a user, as one whose sudo asks nothing."""
    return subprocess.run(
        labs.ssh_argv(lab, host, [command], user=user),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def wait_for(fact: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@dataclass
class Project:
    """The directory, the lab that is up, and what kplay said there."""

    directory: Path
    lab: labs.Lab
    settings: dict[str, Any] = field(default_factory=dict)
    """Variables that ``play`` and ``plan`` give each playbook."""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """All that was printed, process by process."""

    patience: ClassVar[float] = 90
    """Seconds that a process may take."""
    columns: ClassVar[int] = 100

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def env(self) -> dict[str, str]:
        kubeconfig = str(self.directory / "kubeconfig")
        own = {"NO_COLOR": "1", "COLUMNS": str(self.columns), "KUBECONFIG": kubeconfig}
        return {**os.environ, **own}

    def argv(self, verb: str, *rest: str) -> list[str]:
        own = any(word in ("-i", "--inventory") for word in rest)
        # A run that is resumed and a plan file name their inventory
        alone = verb in ("bundle", "resume", "show") or rest[:1] == ("plan.json",)
        given = () if own or alone else ("-i", str(labs.inventory_path(self.lab)))
        return [sys.executable, "-m", "kplay", verb, *given, *rest]

    def start(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Run without waiting for the end; ``finish`` does."""
        process = subprocess.Popen(
            self.argv(*words),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.directory,
            env=self.env(),
        )
        self.processes.append(process)
        return process

    def finish(
        self, process: subprocess.Popen[str], timeout: float = 60, stdin: str | None = None
    ) -> Finished:
        out, err = process.communicate(stdin, timeout=timeout)
        self.said.append(out + err)
        return Finished(process.returncode, out, err)

    def kplay(
        self, verb: str, *rest: str, stdin: str = "", timeout: float | None = None
    ) -> Finished:
        """Run to the end."""
        process = self.start(verb, *rest, stdin=subprocess.PIPE)
        return self.finish(process, timeout or self.patience, stdin)

    def ok(self, verb: str, *rest: str, stdin: str = "", code: int = 0) -> Finished:
        """Run to the end, which must be a good one, or the one that is expected."""
        done = self.kplay(verb, *rest, stdin=stdin)
        assert done.code == code, f"{verb} {rest}: {done.code}\n{done.said}"
        return done

    def words(self, verb: str, name: str | Path, *more: str, **settings: object) -> list[str]:
        """The command line of a playbook that kplay ships, or of one elsewhere."""
        given = {**self.settings, **settings}
        yes = ["--yes"] if verb == "apply" else []
        # In a file, as a run keeps its command line
        kept = ["-e", f"@{self.write('settings.json', json.dumps(given))}"] if given else []
        return [verb, str(ROOT / "playbooks" / name), *yes, *kept, *more]

    def play(
        self, verb: str, name: str | Path, *more: str, code: int = 0, **settings: object
    ) -> str:
        """What is said of a playbook."""
        return self.ok(*self.words(verb, name, *more, **settings), code=code).said

    def plan(self, name: str | Path, *more: str, **settings: object) -> list[dict[str, Any]]:
        """What a plan says of each step that would change something."""
        done = self.ok(*self.words("plan", name, "--format", "json", *more, **settings))
        return list(json.loads(done.out)["changes"])

    def close(self) -> None:
        """End what was started and still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def on(
        self, host: str, command: str, *, user: str = "", stdin: str = "", code: int | None = 0
    ) -> str:
        """What a command prints on a host; it must end with the code, or as it likes."""
        done = run_on(self.lab, host, command, user=user, stdin=stdin)
        if code is not None:
            what = f"{host}: {command} {stdin}: {done.returncode}"
            assert done.returncode == code, f"{what}\n{done.stdout}{done.stderr}"
        return done.stdout

    def root(self, host: str, script: str, code: int | None = 0) -> str:
        """What a shell script prints that root runs on a host, until a command fails."""
        return self.on(host, "sudo sh -e", stdin=script, code=code)

    def runs(self) -> list[Path]:
        journals = (self.directory / ".kplay/runs").glob("*/journal.jsonl")
        return sorted(path.parent for path in journals)

    def events(self, kind: str = "", run: int = -1) -> list[dict[str, Any]]:
        """The newest run's journal, or one kind of event of it."""
        text = (self.runs()[run] / "journal.jsonl").read_text(encoding="utf-8")
        # A controller that is killed, or is writing still, leaves half a line at the end
        found = [json.loads(line) for line in text.split("\n")[:-1]]
        return [one for one in found if not kind or one["event"] == kind]

    def changed(self) -> list[tuple[str, str]]:
        """Host and task (its role left out) of each step that changed something in the last run."""
        ended = self.events("StepEnded")
        assert ended, "the journal is empty"
        return [
            (one["place"]["host"], one["place"]["task"].rpartition(" : ")[2])
            for one in ended
            if one["status"] == "changed"
        ]

    def texts(self) -> list[str]:
        """Everything that was printed, or kept of the runs."""
        kept = [path for path in (self.directory / ".kplay").rglob("*") if path.is_file()]
        assert kept
        return [*self.said, *(path.read_text(errors="replace") for path in kept)]

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
