"""Plans and applies of a rehearsal: shown, kept, and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay import pipeline
from kplay.errors import ExitCode
from kplay.plan.make import Plan
from kplay.rehearsal.compare import failures
from kplay.rehearsal.joined import changed
from kplay.rehearsal.model import Finding
from kplay.report import plan_text

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions
    from kplay.rehearsal.model import Stage
    from kplay.rehearsal.output import Output


def plan(options: RunOptions, output: Output, name: str, *, whole: bool) -> Plan:
    """Make a plan; keep it whole as text and as JSON, show it whole or its summary."""
    with output.listening(planning=True) as listener:
        made = pipeline.plan(options, listener)
    data = made.data
    shown = plan_text.of(data, full_diff=options.diff) if whole else data.summary
    if made.code == ExitCode.INTERRUPTED:
        shown = "interrupted: the plan is not whole"
    output.text(shown, kept=plan_text.of(data, full_diff=True))
    output.data(name, data.to_json())
    return made


def execute(options: RunOptions, output: Output) -> Plan:
    """Apply; what came of it has the form of a plan, its steps in the order they ended."""
    done = Plan()
    with output.listening(done.take) as listener:
        done.code = pipeline.execute(options, listener)
    return done


def judge(one: Stage, done: Plan) -> None:
    """Fail a stage whose walk failed, and say in which steps."""
    if done.started is not None and done.started.mode == "plan":
        one.summary = done.data.summary
    if done.code == ExitCode.OK:
        return
    found = failures(done.steps)
    told = {host for each in found for host in each.hosts}
    found += [
        Finding(each.message.partition("\n")[0], hosts=(each.host,))
        for each in done.lost
        if each.host not in told
    ]
    first = found[0] if found else None
    word = "interrupted" if done.code == ExitCode.INTERRUPTED else "failed"
    where = f": {first.task or first.message} [{', '.join(first.hosts)}]" if first else ""
    one.fail(done.code, word + where, found)


def changes(done: Plan) -> int:
    """How many changes an apply made; a loop counts by its items."""
    return sum(changed(one) and not one.loop for one in done.steps)


def steps(done: Plan) -> tuple[int, int]:
    """How many steps ran, and on how many hosts; skipped ones and fact gathering do not count."""
    ran = [
        one
        for one in done.steps
        if one.status not in ("skipped", "blocked") and not one.loop and one.place.module != "setup"
    ]
    return len(ran), len({one.place.host for one in ran})
