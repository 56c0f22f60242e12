"""A run from its options to its exit code; plans and applies take the same way."""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from kplay.errors import ExitCode, InputError, KplayError
from kplay.execute.agents import fleet_maker
from kplay.execute.facts import fact_cache
from kplay.execute.journal import Holder, Journal, new_id
from kplay.execute.prepare import prepare, reload_inventory
from kplay.execute.retry import write_retry
from kplay.resolve.faults import TemplateError
from kplay.walk import events
from kplay.walk.settings import BecomeDefaults
from kplay.walk.walker import Walker
from kplay.walk.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.redaction import Redactor
    from kplay.walk.agreed import Agreed


def run(options: RunOptions, listener: events.Listener, *, mode: str = "apply") -> ExitCode:
    """Load, walk, report; ``mode`` is plan or apply.

    Raises:
        InputError: what the user wrote is wrong; no host was touched.
        LockedError: another run holds a host.
    """
    return walk(prepare(options, ask=True), listener, mode=mode)


def walk(
    prepared: Prepared,
    listener: events.Listener,
    *,
    mode: str,
    run_id: str = "",
    records: Mapping[str, dict[str, Any]] | None = None,
    before: Mapping[str, events.StepEnded] | None = None,
    agreed: Agreed | None = None,
    plan_file: Path | None = None,
    keep: Callable[..., None] | None = None,
    redactor: Redactor | None = None,
) -> ExitCode:
    """Walk a prepared playbook: journal and listener see every event, secrets replaced.

    Args:
        prepared: what is walked.
        listener: sees the events.
        mode: plan or apply.
        run_id: of a run that is resumed.
        records: what it has already; see ``World.records``.
        before: the changes that it has told of; see ``World.before``.
        agreed: what the plan file says that is run.
        plan_file: that file, for the journal.
        keep: takes raw results of a plan; see ``World.keep``.
        redactor: gets to know the secrets; of this walk alone.
    """
    from kplay.modules.secret_names import is_secret_key
    from kplay.redaction import Redactor

    options = prepared.options
    run_id = run_id or new_id()
    holder = Holder.me()
    redactor = redactor or Redactor()
    redactor.secrets = prepared.vault.revealed
    journal = None
    if mode == "apply":
        journal = Journal(options.runs_directory / run_id)
        if not records:
            journal.start(options, prepared.playbook.files, mode=mode, plan=plan_file)
    key = journal.key if journal is not None else b"\0" * 32
    world = World(
        store=prepared.store,
        loader=prepared.loader,
        facts_kept=fact_cache(options),
        smart=options.ansible_cfg.get("gathering") == "smart",
        reload=lambda: reload_inventory(prepared),
        make_fleet=fleet_maker(prepared, run=run_id, mode=mode, holder=holder, key=key),
        planning=mode == "plan",
        become=_become(options),
        diff=options.diff or mode == "plan",
        tags=prepared.tags,
        forks=options.forks,
        verbosity=options.verbosity,
        limit=options.limit,
        config_file=str(options.ansible_cfg.path) if options.ansible_cfg.path else None,
        user=options.user,
        probes_author=options.probes_author,
        ask=options.ask,
        records=records or {},
        before=before or {},
        secrets=redactor.secrets,
        keep=_keeper(journal, redactor) if journal is not None else keep,
        agreed=agreed,
    )
    given = [options.passwords.become, options.passwords.connection]
    given += [str(v.value) for name, v in prepared.extra_vars.items() if is_secret_key(name)]
    redactor.secrets.update(filter(None, given))

    def emit(event: events.Event) -> None:
        shown = redactor.event(event)
        if journal is not None:
            journal(shown)
        listener(shown)

    began = time.time()
    walker = Walker(prepared.graph, world, emit)
    names = [str(path) for path in options.playbooks]
    place = str(journal.path) if journal is not None else ""
    emit(events.RunStarted(began, run_id, mode, names, prepared.hosts, prepared.tasks, place))
    for note in prepared.notes:
        emit(events.Warned(began, note))
    code = ExitCode.BUG
    try:
        with _interrupts(walker):
            walker.run()
        if not walker.stopping:
            walker.announcer.rest()
        code = ExitCode.INTERRUPTED if walker.stopping else exit_code(walker)
        if agreed is not None:
            code = _held_to(agreed, walker, code)
    except InputError:
        code = ExitCode.BAD_INPUT
        raise
    except KplayError as error:
        code = error.exit_code
        raise
    finally:
        traffic = {name: asdict(one) for name, one in walker.fleet.traffic().items()}
        walker.fleet.close(abandon=walker.abandoned)
        counts = {name: host.counts for name, host in walker.hosts.items()}
        seconds = time.time() - began
        shows = options.ansible_cfg.get("show_custom_stats", False)
        custom = {name: dict(one) for name, one in world.statistics.tables.items() if shows}
        earlier = {name: host.earlier for name, host in walker.hosts.items() if host.earlier}
        ended = events.RunEnded(time.time(), run_id, seconds, counts, traffic, int(code), custom)
        emit(replace(ended, earlier=earlier))
        if journal is not None:
            journal.close()
    if mode == "apply":
        _note_retry(options, walker, listener)
    return code


def _held_to(agreed: Agreed, walker: Walker, code: ExitCode) -> ExitCode:
    """What a run of a plan file comes to: what was planned and never came up is told too."""
    if agreed.drifted:
        return ExitCode.DRIFTED
    if code != ExitCode.OK:
        return code
    for step in agreed.left_over(name for name, host in walker.hosts.items() if host.lost):
        # What the plan could not tell may have decided against it: handlers are not notified
        expected = agreed.unsure(step.place.host)
        found = "it never came up"
        drift = events.Drifted(
            time.time(), step.place, step.action, found, accepted=expected or agreed.accept
        )
        walker.emit(drift)
        agreed.drifted = agreed.drifted or not drift.accepted
    return ExitCode.DRIFTED if agreed.drifted else code


def _note_retry(options: RunOptions, walker: Walker, listener: events.Listener) -> None:
    lost = [host.name for host in walker.hosts.values() if host.lost in ("failed", "unreachable")]
    path = write_retry(options, lost)
    if path is not None:
        text = f"`kplay resume` goes on with this run; a new one of what failed: --limit @{path}"
        listener(events.Warned(time.time(), text))


def _keeper(journal: Journal, redactor: Redactor) -> Callable[..., None]:
    """Keeps raw results; those that hold a secret are sealed, as under ``no_log``."""

    def keep(step: str, raw: dict[str, Any], *, no_log: bool) -> None:
        journal.keep(step, raw, no_log=no_log or redactor.holds(raw))

    return keep


def exit_code(walker: Walker) -> ExitCode:
    """What the process returns: a failed step weighs most, then a host that was not reached."""
    lost = [host.lost for host in walker.hosts.values()]
    if "failed" in lost:
        errors = walker.world.errors
        only_input = errors and len(errors) >= lost.count("failed")
        if only_input and all(isinstance(one, InputError | TemplateError) for one in errors):
            return ExitCode.BAD_INPUT
        return ExitCode.STEP_FAILED
    if "unreachable" in lost:
        codes = [one.exit_code for one in walker.world.errors]
        return ExitCode.LOCKED if ExitCode.LOCKED in codes else ExitCode.UNREACHABLE
    if "blocked" in lost:
        return ExitCode.STEP_FAILED
    return ExitCode.OK


def _become(options: RunOptions) -> BecomeDefaults:
    return BecomeDefaults(
        become=bool(options.become),
        user=options.become_user or "",
        method=options.become_method or "",
        password=options.passwords.become or "",
    )


@contextlib.contextmanager
def _interrupts(walker: Walker) -> Iterator[None]:
    """Ctrl-C once finishes the steps in flight; twice stops at once."""

    def handle(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        walker.interrupt()

    try:
        before: Callable[..., Any] | int | None = signal.signal(signal.SIGINT, handle)
    except ValueError:  # not the main thread: the caller owns the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
