"""Go on with a run that broke: nothing is silently done twice.

What the journal has is taken from it; what a host finished after the connection was gone is
fetched from its slots. An unguarded action that began and never ended is the user's to decide.
"""

from __future__ import annotations

import queue
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import ExitCode, InputError, KplayError
from kplay.execute.agents import fleet_maker
from kplay.execute.journal import Holder, Record, digest, latest, read_record
from kplay.execute.options import RunOptions
from kplay.execute.prepare import Prepared, prepare
from kplay.execute.run import walk
from kplay.modules import catalog
from kplay.playbook.model import Task

if TYPE_CHECKING:
    from collections.abc import Collection

    from kplay.execute.options import Passwords
    from kplay.walk.events import Listener


def resume(
    run: str,
    listener: Listener,
    *,
    runs_directory: Path,
    passwords: Passwords,
    done: Collection[str] = (),
    again: Collection[str] = (),
) -> ExitCode:
    """Continue a run.

    Args:
        run: its id, or empty for the newest.
        listener: sees the events.
        runs_directory: where runs are kept.
        passwords: asked for anew; they are never stored.
        done: interrupted steps that the user vouches for as done.
        again: interrupted steps to do again.

    Raises:
        InputError: no such run, or its playbook's files have changed since.
        KplayError: an interrupted action needs a decision.
    """
    record = read_record(runs_directory / run if run else latest(runs_directory))
    options = _options(record, passwords, runs_directory)
    _refuse_changed(record)
    if record.ended:
        raise KplayError(f"run {record.directory.name} ended well: there is nothing to resume")
    prepared = prepare(options)
    held = _held(prepared, record)
    results = dict(record.results)
    undecided = []
    for step, entry in held.items():
        if entry["state"] == "ended":
            results.setdefault(step, entry["result"])
        elif step in done:
            results[step] = {"action": "run", "changed": True, "failed": False, "fields": {}}
        elif step not in again and _unguarded(prepared, step):
            undecided.append(step)
    if undecided:
        raise _interrupted(undecided, record)
    code = walk(
        prepared, listener, mode="apply", run_id=record.directory.name, records=results or {"": {}}
    )
    return ExitCode(code)


def _options(record: Record, passwords: Passwords, runs: Path) -> RunOptions:
    stored: dict[str, Any] = record.about["options"]
    known = {field.name: field for field in fields(RunOptions)}
    given: dict[str, Any] = {}
    for name, value in stored.items():
        if name not in known:
            continue
        if name == "playbooks":
            given[name] = tuple(Path(part) for part in value)
        elif name == "private_key":
            given[name] = Path(value) if value else None
        else:
            given[name] = tuple(value) if isinstance(value, list) else value
    given["runs_directory"] = runs
    return replace(RunOptions(**given), passwords=passwords)


def _refuse_changed(record: Record) -> None:
    faults = []
    for name, before in record.about["files"].items():
        path = Path(name)
        if not path.is_file() or digest(path) != before:
            message = f"`{name}` has changed since run {record.directory.name} began"
            help_line = ("put it back, or start a new run with `kplay apply`",)
            faults.append(Diagnostic("changed-playbook", message, None, help=help_line))
    if faults:
        raise InputError(faults)


def _held(prepared: Prepared, record: Record) -> dict[str, dict[str, Any]]:
    """What the hosts with open steps still hold of the run, by step id."""
    hosts = set(record.open_steps.values())
    if not hosts:
        return {}
    import base64

    key = base64.b64decode((record.directory / "key").read_bytes())
    inbox: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
    make = fleet_maker(
        prepared, run=record.directory.name, mode="apply", holder=Holder.me(), key=key
    )
    fleet = make(lambda host, frame: inbox.put((host, frame)))
    held: dict[str, dict[str, Any]] = {}
    try:
        for host in sorted(hosts):
            fleet.open(host)
        while hosts:
            host, frame = inbox.get()
            if frame["type"] == "open":
                entries = frame["welcome"].get("held", ())
                held.update({entry["id"].partition("!")[0]: entry for entry in entries})
                hosts.discard(host)
            elif frame["type"] == "lost" or frame["type"] == "bug":
                raise frame["error"]
    finally:
        fleet.close()
    return held


def _unguarded(prepared: Prepared, step: str) -> bool:
    key = step.partition("@")[0]
    vertex = next((v for v in prepared.graph.vertices() if v.key == key), None)
    if vertex is None or not isinstance(vertex.node, Task):
        return True
    module = catalog.find(vertex.node.module)
    if module is None or module.kind != "action":
        return False
    given = vertex.node.args.value
    return not any(given.get(name) for name in module.guards)


def _interrupted(steps: list[str], record: Record) -> KplayError:
    name, count = record.directory.name, len(steps)
    lines = [
        f"run {name} stopped in the middle of {count} step(s) that only you can tell apart:",
        *(f"  {step}" for step in steps),
        "look at the hosts, then say which is true:",
        *(f"  kplay resume {name} --done {step}   (or --again {step})" for step in steps),
    ]
    return KplayError("\n".join(lines))
