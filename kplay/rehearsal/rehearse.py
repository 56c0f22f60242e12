"""The stages of a rehearsal, in order; whatever happens, the lab is taken down at the end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kplay import lab as labs
from kplay.errors import ExitCode, InputError, KplayError, UsageError
from kplay.lab.not_up import NotUpError
from kplay.lab.signals import Interruptions
from kplay.rehearsal import checks, walks
from kplay.rehearsal.compare import changed_again, compare, leftovers
from kplay.rehearsal.model import NOT_RUN, PASSED, SKIPPED, STAGES, Finding, Report, Stage
from kplay.rehearsal.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.execute.options import RunOptions
    from kplay.plan.make import Plan
    from kplay.rehearsal.model import Asked, Screen


def rehearse(asked: Asked, screen: Screen, signals: Interruptions | None = None) -> Report:
    """Try playbooks on a lab: up, plan, apply, plan again, verify, down.

    Failures of a stage are in the report and are raised by nobody; the stages after it are left
    out, but for ``down``.

    Args:
        asked: what is tried, on which lab.
        screen: shows it.
        signals: what the caller handles signals by as well, until the report is out.

    Raises:
        InputError: the folder for the output cannot be made.
    """
    output = Output(asked.directory, screen)
    return Rehearsal(asked, output, signals or Interruptions()).run()


class Rehearsal:
    """One rehearsal under way."""

    def __init__(self, asked: Asked, output: Output, signals: Interruptions) -> None:
        """Begin with nothing done."""
        self.asked, self.output = asked, output
        self.options: RunOptions = replace(asked.options, runs_directory=output.runs)
        self.signals = signals
        self.made = False
        """Whether hosts may be there that are ours to remove."""
        names = [one for one in STAGES if one != "apply again" or asked.second_apply]
        self.report = Report(
            lab=asked.lab.name,
            provider=asked.lab.provider,
            lab_file=asked.lab.file,
            hosts=[host.name for host in asked.lab.hosts],
            playbooks=[str(path) for path in asked.options.playbooks],
            directory=str(asked.directory),
            started=time.time(),
            stages=[Stage(name) for name in names],
        )

    def run(self) -> Report:
        """Every stage, as far as it goes."""
        began = time.monotonic()
        with self.signals.handled():
            try:
                self._try()
            except KeyboardInterrupt:
                # Between two stages
                later = (one for one in self.report.stages if one.outcome == NOT_RUN)
                next(later).fail(ExitCode.INTERRUPTED, "interrupted")
            finally:
                with self.signals.ignored():
                    self._down()
        self.report.seconds = time.monotonic() - began
        return self.report

    def _try(self) -> None:
        self._load()
        if self.report.failed:
            return
        self._up()
        if self.report.failed:
            return
        first = self._plan()
        if first is None:
            return
        self._apply(first)
        if not self._broken:
            self._plan_again()
        if self.asked.second_apply and not self._broken:
            self._apply_again()
        if not self._broken:
            self._verify()

    @property
    def _broken(self) -> bool:
        """Whether nothing more can be tried; neither changes that are left nor drift stop it."""
        mild = (ExitCode.CHANGES_PENDING, ExitCode.DRIFTED)
        return any(one.code not in mild for one in self.report.failed)

    @contextmanager
    def _stage(self, name: str) -> Iterator[Stage]:
        """Time a stage, and turn what is raised in it into its failure."""
        one = self.report.stage(name)
        one.outcome = PASSED
        began = time.monotonic()
        with self.output.stage(name) as path:
            try:
                yield one
            except KeyboardInterrupt:
                one.fail(ExitCode.INTERRUPTED, "interrupted")
            except KplayError as error:
                self._fault(one, error)
            finally:
                one.seconds = time.monotonic() - began
                one.output = path.name

    def _fault(self, one: Stage, error: KplayError) -> None:
        from kplay.report.failure import of_error

        self.output.text(of_error(error))
        if isinstance(error, InputError):
            findings = [
                Finding(each.message, each.span.file, each.span.line)
                if each.span
                else Finding(each.message)
                for each in error.diagnostics
            ]
            one.fail(error.exit_code, _faults(len(findings)), findings)
        else:
            one.fail(error.exit_code, str(error).partition("\n")[0])

    def _load(self) -> None:
        with self._stage("load") as one:
            tasks = checks.load(self.asked, self.options)
            hosts = len(self.report.hosts)
            one.summary = f"{_count(tasks, 'task')} for {_count(hosts, 'host')}"

    def _up(self) -> None:
        lab = self.asked.lab
        with self._stage("up") as one:
            states = labs.status(lab)
            if self.asked.standing:
                self.report.stands = True
                away = [host.name for host in states if host.state != "running"]
                if away:
                    one.fail(NotUpError.exit_code, f"not up: {', '.join(away)}")
                    return
                one.outcome, one.summary = SKIPPED, "the lab is up already, and stays up"
            else:
                if any(host.state != "absent" for host in states):
                    raise UsageError(
                        f"a lab named `{lab.name}` is up already\n = help: take it down with"
                        f" `kplay lab down {lab.name}`, or test on it with `--no-up`"
                    )
                self.made = True
                labs.up(lab, progress=self.output.say)
                one.summary = _count(len(lab.hosts), "host")
            inventory = labs.inventory_path(lab)
            self.options = replace(self.options, inventory=(str(inventory),))
            checks.holds_to_lab(self.asked, self.options, inventory)

    def _plan(self) -> Plan | None:
        """The first plan; None when apply cannot follow."""
        with self._stage("plan") as one:
            made = walks.plan(self.options, self.output, "plan.json", whole=self.asked.whole_plan)
            walks.judge(one, made)
            return made if one.outcome == PASSED else None
        return None

    def _apply(self, first: Plan) -> None:
        with self._stage("apply") as one:
            done = walks.execute(self.options, self.output)
            exactness = compare(first.data, done.steps, whole=done.code == ExitCode.OK)
            self.report.exactness = exactness
            one.summary = _count(exactness.made, "change")
            walks.judge(one, done)
            if one.outcome == PASSED and self.asked.strict and not exactness.exact:
                one.fail(ExitCode.DRIFTED, "apply did not do what the plan said")

    def _plan_again(self) -> None:
        with self._stage("plan again") as one:
            made = walks.plan(self.options, self.output, "plan-again.json", whole=True)
            walks.judge(one, made)
            left = leftovers(made.data, unsure=not self.asked.second_apply)
            if left:
                one.fail(ExitCode.CHANGES_PENDING, one.summary, left)
            if one.code == ExitCode.CHANGES_PENDING and not self.asked.second_apply:
                self.output.text("the plan after an apply must be empty")

    def _apply_again(self) -> None:
        with self._stage("apply again") as one:
            done = walks.execute(self.options, self.output)
            again = changed_again(done.steps)
            one.summary = _count(walks.changes(done), "change")
            walks.judge(one, done)
            if again:
                one.fail(ExitCode.CHANGES_PENDING, one.summary, again)

    def _verify(self) -> None:
        with self._stage("verify") as one:
            verifying = checks.verifying(self.asked, self.options)
            if verifying is None:
                one.outcome = SKIPPED
                one.summary = f"no task is tagged `{checks.TAG}`, and there is no `--verify`"
                return
            done = walks.execute(verifying, self.output)
            steps, hosts = walks.steps(done)
            one.summary = f"{_count(steps, 'step')} on {_count(hosts, 'host')}"
            walks.judge(one, done)
            if one.outcome == PASSED and not steps:
                one.fail(ExitCode.BAD_INPUT, "nothing was verified: no step ran on a host")

    def _down(self) -> None:
        one = self.report.stage("down")
        failed = self.report.failed and self.report.code != ExitCode.INTERRUPTED
        if not self.made:
            one.outcome = SKIPPED
            one.summary = "it was up before" if self.report.stands else "there is no lab"
            return
        if self.asked.keep or (self.asked.keep_on_failure and failed):
            self.report.stands = True
            one.outcome, one.summary = SKIPPED, "the lab is kept"
            return
        with self._stage("down") as one:
            self.report.stands = True
            labs.down(self.asked.lab, progress=self.output.say)
            self.report.stands = False


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _faults(number: int) -> str:
    return _count(number, "fault")
