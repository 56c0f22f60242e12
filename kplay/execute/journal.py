"""The record of a run: who, what, every event, and the results that a resume needs.

A run's folder, mode 0700, holds ``run.json`` (options and digests), ``journal.jsonl`` (events,
secrets replaced), ``results.jsonl`` (raw results by step; those of ``no_log`` tasks are sealed
with the run's ``key``), ``answers`` (to vars_prompt, sealed) and ``plan.json`` where a plan file is
run; all but the journal are mode 0600. Lines are written and synced before the bytes they speak of
leave.
"""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from kplay import __version__
from kplay.agent.cipher import seal, unseal
from kplay.ansible_cfg import AnsibleCfg
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError
from kplay.walk import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.execute.options import RunOptions


PLAN = "plan.json"
"""In a run's folder: the plan file that it runs."""


def new_id() -> str:
    """A run id that sorts by time: ``20261122-210743-1f3a``."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(2)


@dataclass(slots=True)
class Holder:
    """Who runs, for the lock on the hosts."""

    user: str
    controller: str
    pid: int
    since: float

    @classmethod
    def me(cls) -> Holder:
        """This process."""
        return cls(getpass.getuser(), socket.gethostname(), os.getpid(), time.time())


class Journal:
    """Writes one run's folder; a listener of its events, whose secrets are replaced already."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            message = f"cannot keep a run in `{directory.parent}`: {error.strerror}"
            hint = ("give `--runs-directory` a directory that can be written",)
            raise InputError(Diagnostic("runs-directory", message, None, help=hint)) from error
        key = directory / "key"
        if not key.exists():
            _private(key, base64.b64encode(secrets.token_bytes(32)))
        self.key = base64.b64decode(key.read_bytes())
        self._events = _at_whole_lines(directory / "journal.jsonl")
        results = directory / "results.jsonl"
        if not results.exists():
            _private(results, b"")
        self._results = _at_whole_lines(results)

    @property
    def path(self) -> Path:
        """The file of events."""
        return self.directory / "journal.jsonl"

    def start(
        self, options: RunOptions, files: Iterable[Path], *, mode: str, plan: Path | None = None
    ) -> None:
        """Write ``run.json``: what was asked, and digests of the playbook's files.

        A plan file that is run is copied beside it, for a resume.
        """
        data = {
            "kplay": __version__,
            "mode": mode,
            "user": getpass.getuser(),
            "controller": socket.gethostname(),
            "started": time.time(),
            "directory": str(Path.cwd()),
            "options": stored_options(options),
            "files": {str(path): digest(path) for path in files},
        }
        if plan is not None:
            planned = plan.read_bytes()
            data["plan"] = {"file": str(plan), "digest": hashlib.sha256(planned).hexdigest()}
            _private(self.directory / PLAN, planned)
        text = json.dumps(data, indent=2, default=str) + "\n"
        _private(self.directory / "run.json", text.encode())
        if options.passwords.answers:
            answers = json.dumps(options.passwords.answers).encode()
            _private(self.directory / "answers", seal(self.key, answers).encode())

    def __call__(self, event: events.Event) -> None:
        """Append an event; a step about to be sent is on disk when this returns."""
        line = json.dumps(events.to_json(event), default=str)
        self._events.write(line + "\n")
        self._events.flush()
        if isinstance(event, events.StepSent | events.RunEnded):
            os.fsync(self._events.fileno())

    def keep(self, step: str, raw: dict[str, Any], *, no_log: bool) -> None:
        """Append a raw result, so that its slot on the host may go."""
        record: dict[str, Any] = {"step": step}
        text = json.dumps(
            {key: raw[key] for key in raw if key not in ("diff", "effects")}, default=str
        )
        if no_log:
            record["sealed"] = seal(self.key, text.encode())
        else:
            record["raw"] = json.loads(text)
        self._results.write(json.dumps(record) + "\n")
        self._results.flush()

    def close(self) -> None:
        """Sync and close the files."""
        for stream in (self._events, self._results):
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()


def _at_whole_lines(path: Path) -> TextIO:
    """Open for appending; a last line cut short by a crash goes, lest the next one end it."""
    stream = path.open("a", encoding="utf-8")
    whole = path.read_bytes().rfind(b"\n") + 1
    stream.truncate(whole)
    return stream


def _private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stored_options(options: RunOptions) -> dict[str, Any]:
    """Options as JSON-ready data, passwords left out."""
    from dataclasses import fields

    kept = (field.name for field in fields(options) if field.name not in ("passwords", "ask"))
    return {name: _plain(getattr(options, name)) for name in kept}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, AnsibleCfg):
        return value.stored()
    return str(value) if isinstance(value, Path) else value


def restored_options(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of RunOptions from what ``stored_options`` gave."""
    from dataclasses import fields

    from kplay.execute.options import RunOptions

    known = {one.name for one in fields(RunOptions)}
    given: dict[str, Any] = {}
    for name, value in stored.items():
        if name not in known:
            continue
        if name == "playbooks":
            given[name] = tuple(Path(part) for part in value)
        elif name == "private_key":
            given[name] = Path(value) if value else None
        elif name == "ansible_cfg":
            given[name] = AnsibleCfg.restored(value)
        else:
            given[name] = tuple(value) if isinstance(value, list) else value
    return given


@dataclass(slots=True)
class Record:
    """What is left of a broken run."""

    directory: Path
    about: dict[str, Any]
    results: dict[str, dict[str, Any]]
    """Raw results by step id."""
    places: dict[str, dict[str, Any]]
    """Places of the steps that were sent."""
    ended: bool
    """Whether the run came to its own end without failures."""
    answers: dict[str, str] = field(default_factory=dict, repr=False)
    """What plays were answered (``vars_prompt``)."""
    begun: frozenset[str] = frozenset()
    """Steps whose changes began."""
    changes: dict[str, events.StepEnded] = field(default_factory=dict)
    """Steps that changed something, and turns of loops, by the ids under which they ended."""

    @property
    def plan(self) -> Path | None:
        """The plan file that it runs, if it runs one."""
        return self.directory / PLAN if "plan" in self.about else None

    def open_on(self, step: str) -> str:
        """The host that a step was sent to and whose result is not here, or nothing."""
        place = self.places.get(step)
        return "" if place is None or step in self.results else place["delegate"] or place["host"]


def read_record(directory: Path) -> Record:
    """Read a run's folder; a last line cut short by a crash is dropped.

    Raises:
        InputError: no such run.
        KplayError: the folder is not a run's.
    """
    about = directory / "run.json"
    if not about.is_file():
        message = f"no run `{directory.name}` in `{directory.parent}`"
        raise InputError(Diagnostic("unknown-run", message, None))
    try:
        data = json.loads(about.read_text(encoding="utf-8"))
    except ValueError as error:
        raise KplayError(f"`{about}` is not a run's record: {error}") from error
    key = base64.b64decode((directory / "key").read_bytes())
    results = {}
    for line in _lines(directory / "results.jsonl"):
        if "sealed" in line:
            results[line["step"]] = json.loads(unseal(key, line["sealed"]))
        else:
            results[line["step"]] = line["raw"]
    places: dict[str, dict[str, Any]] = {}
    changes: dict[str, events.StepEnded] = {}
    ended, begun = False, set()
    for line in _lines(directory / "journal.jsonl"):
        if line["event"] == "StepSent":
            places[line["place"]["step"].partition("!")[0]] = line["place"]
        elif line["event"] == "StepStarted":
            begun.add(line["place"]["step"].partition("!")[0])
        elif line["event"] == "StepEnded" and line["status"] == "changed":
            told = {key: line[key] for key in line if key not in ("event", "place", "earlier")}
            changes[line["place"]["step"]] = events.StepEnded(
                place=events.Place(**line["place"]), **told
            )
        elif line["event"] == "RunEnded":
            ended = line["exit_code"] == 0
    sealed = directory / "answers"
    answers = json.loads(unseal(key, sealed.read_text("ascii"))) if sealed.is_file() else {}
    return Record(directory, data, results, places, ended, answers, frozenset(begun), changes)


def _lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            break
    return found


def by_age(runs: Path) -> list[Path]:
    """The folders of runs, the oldest first.

    Ids tell the second in which a run began; of two within one, the time of their ``run.json``.
    """
    found = [(path.parent, path.stat().st_mtime_ns) for path in runs.glob("*/run.json")]
    told = len("20261126-235859")
    return [one for one, _ in sorted(found, key=lambda pair: (pair[0].name[:told], pair[1]))]


def latest(runs: Path) -> Path:
    """The folder of the newest run; raises InputError when there is none."""
    folders = by_age(runs)
    if not folders:
        raise InputError(Diagnostic("unknown-run", f"no run in `{runs}`", None))
    return folders[-1]
