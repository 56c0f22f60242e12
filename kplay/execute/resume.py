"""Go on with a run that broke: nothing is silently done twice.

What the journal has is taken from it; what a host finished after the connection was gone is
fetched from its slots. An unguarded action that began and never ended is the user's to decide.
"""

from __future__ import annotations

import base64
import queue
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import ExitCode, InputError, KplayError
from kplay.execute.agents import fleet_maker
from kplay.execute.journal import (
    Holder,
    Journal,
    Record,
    digest,
    latest,
    read_record,
    restored_options,
)
from kplay.execute.options import RunOptions
from kplay.execute.planned import agreed_on, refuse_changed_files
from kplay.execute.prepare import Prepared, prepare
from kplay.execute.run import walk
from kplay.modules import catalog
from kplay.plan.document import read
from kplay.playbook.model import Task
from kplay.walk.events import Warned

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kplay.walk.events import Listener


def resume(
    run: str,
    listener: Listener,
    asked: RunOptions,
    *,
    done: Collection[str] = (),
    again: Collection[str] = (),
) -> ExitCode:
    """Continue a run.

    Args:
        run: its id, or empty for the newest.
        listener: sees the events.
        asked: what is not stored: where runs are kept, passwords (asked for anew).
            Sources of vault passwords take the place of the run's own where there are any.
        done: interrupted steps that the user vouches for as done.
        again: interrupted steps to do again.

    Raises:
        InputError: no such run, or its playbook's files have changed since.
        KplayError: an interrupted action needs a decision.
    """
    runs = asked.runs_directory
    record = read_record(runs / run if run else latest(runs))
    _refuse_unknown([*done, *again], record)
    options = _options(record, asked)
    _refuse_changed(record)
    if record.ended:
        text = f"run {record.directory.name} ended well: there is nothing to resume"
        listener(Warned(time.time(), text))
        return ExitCode.OK
    options.passwords.answers.update(record.answers)
    document = read(record.plan) if record.plan is not None else None
    if document is not None:
        refuse_changed_files(document)
    prepared = prepare(options, ask=True)
    results = dict(record.results)
    with _Hosts(prepared, record, listener) as hosts:
        held = hosts.held()
        undecided = []
        for step, entry in held.items():
            if entry["state"] == "ended":
                results.setdefault(step, entry["result"])
            elif step in done:
                results[step] = dict(_VOUCHED)
            elif step not in again and step not in results and _unguarded(prepared, record, step):
                undecided.append(step)
        if undecided:
            raise _interrupted(undecided, record)
        fresh = [step for step in held if step in results and step not in record.results]
        _keep(record, {step: results[step] for step in fresh})
        hosts.forget(held)
    agreed = None
    if document is not None:
        begun = record.begun | held.keys()
        agreed = agreed_on(
            document, prepared, accept=options.accept_drift, begun=begun, made=record.changes
        )
    code = walk(
        prepared,
        listener,
        mode="apply",
        run_id=record.directory.name,
        records=results or {"": {}},
        before=record.changes,
        agreed=agreed,
    )
    return ExitCode(code)


_VOUCHED = {"action": "run", "changed": True, "failed": False, "fields": {}}


def _options(record: Record, asked: RunOptions) -> RunOptions:
    given = restored_options(record.about["options"])
    if asked.vault_ids:
        given["vault_ids"] = asked.vault_ids
    given["runs_directory"] = asked.runs_directory
    given["accept_drift"] = asked.accept_drift or given.get("accept_drift", False)
    return replace(RunOptions(**given), passwords=asked.passwords)


def _refuse_unknown(steps: list[str], record: Record) -> None:
    wrong = [step for step in steps if step not in record.places]
    if wrong:
        name = record.directory.name
        raise InputError(
            [
                Diagnostic("unknown-step", f"run {name} sent no step `{step}`", None,
                           help=suggest(step, record.places))
                for step in wrong
            ]
        )  # fmt: skip


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


class _Hosts:
    """The hosts of a broken run, asked for what they hold of it.

    One that has an open step must answer; the others only have their slots cleared.
    """

    def __init__(self, prepared: Prepared, record: Record, listener: Listener) -> None:
        self.listener = listener
        key = base64.b64decode((record.directory / "key").read_bytes())
        self.inbox: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        make = fleet_maker(
            prepared, run=record.directory.name, mode="apply", holder=Holder.me(), key=key
        )
        self.fleet = make(lambda host, frame: self.inbox.put((host, frame)))
        self.open = {record.open_on(step) for step in record.places} - {""}
        self.sent = {place["delegate"] or place["host"] for place in record.places.values()}
        self.slots: dict[str, list[str]] = {}
        self.waiting: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.close()

    def held(self) -> dict[str, dict[str, Any]]:
        """What they hold, by step id."""
        found: dict[str, dict[str, Any]] = {}
        missing = set(self.sent)
        for host in sorted(missing):
            self.fleet.open(host)
        while missing:
            host, frame = self.inbox.get()
            if frame["type"] == "open":
                for entry in frame["welcome"].get("held", ()):
                    found[entry["id"].partition("!")[0]] = entry
                    self.slots.setdefault(host, []).append(entry["id"])
                missing.discard(host)
            elif frame["type"] == "waiting" and host not in self.waiting:
                self.waiting.add(host)
                text = f"{host}: waiting for the step that was under way when the run broke"
                self.listener(Warned(time.time(), text))
            elif frame["type"] == "bug" or (frame["type"] == "lost" and host in self.open):
                raise frame["error"]
            elif frame["type"] == "lost":
                missing.discard(host)
        return found

    def forget(self, held: Collection[str]) -> None:
        """Have slots cleared whose results are kept, or are not wanted."""
        for host, slots in self.slots.items():
            self.fleet.ack(host, [one for one in slots if one.partition("!")[0] in held])


def _keep(record: Record, results: Mapping[str, dict[str, Any]]) -> None:
    journal = Journal(record.directory)
    for step, raw in results.items():
        # Whether a result holds a secret is known only once the run has gone on
        journal.keep(step, raw, no_log=True)
    journal.close()


def _unguarded(prepared: Prepared, record: Record, step: str) -> bool:
    place = record.places.get(step)
    module = catalog.find(place["module"]) if place else None
    if module is None or module.kind != "action":
        return place is None
    key = step.partition("@")[0]
    vertex = next((v for v in prepared.graph.vertices() if v.key == key), None)
    if vertex is None or not isinstance(vertex.node, Task):
        return True
    given = vertex.node.args.value
    return not any(given.get(name) for name in module.guards)


def _interrupted(steps: list[str], record: Record) -> KplayError:
    name, count = record.directory.name, len(steps)
    many = "" if count == 1 else "s"
    lines = [f"run {name} stopped in the middle of {count} step{many}; how far is not known:"]
    for step in steps:
        place = record.places.get(step)
        lines.append(f"  {step}" + (f": {_described(place)}" if place else ""))
    lines += [
        "look at the hosts, then say what is true, of each:",
        *(f"  kplay resume {name} --done {step}   (or --again {step})" for step in steps),
    ]
    return KplayError("\n".join(lines))


def _described(place: Mapping[str, Any]) -> str:
    item = f" ({place['item']})" if place["item"] else ""
    where = place["delegate"] or place["host"]
    return f"{place['task']}{item} on {where}, {place['file']}:{place['line']}"
