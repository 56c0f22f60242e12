"""Makes a plan that is kept: what it says, what it was made of, and what each step observed."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from kplay.errors import ExitCode, UsageError
from kplay.execute.planned import answers_of, kept_options, not_inputs
from kplay.execute.prepare import provided
from kplay.plan import inputs
from kplay.plan.document import Document, maker, namer
from kplay.plan.make import make, without_secrets
from kplay.plan.reads import Reads
from kplay.plan.recorder import Recorder, open_steps
from kplay.redaction import Redactor
from kplay.walk.events import Warned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.plan.make import Plan
    from kplay.plan.model import PlanData
    from kplay.walk.events import Listener, StepEnded


def make_and_save(options: RunOptions, listener: Listener, path: Path) -> Plan:
    """Plan, and write the plan file; also where some hosts could not be planned.

    Raises:
        InputError: what the user wrote is wrong, or the file cannot be written.
        UsageError: the plan depends on answers that no file can hold.
    """
    if options.ask is not None:
        raise UsageError("`--step` asks for each task, so what it plans cannot be kept in a file")
    key = secrets.token_bytes(32)
    recorder, redactor = Recorder(), Redactor()
    before: dict[str, str] = {}

    def loaded(prepared: Prepared) -> None:
        before["inventory"] = inputs.of_inventory(prepared.inventory, key, provided())

    with Reads() as reads:
        plan = make(options, listener, loaded=loaded, keep=recorder.keep, redactor=redactor)
    prepared = plan.prepared
    assert prepared is not None  # noqa: S101 - make() has just filled it in
    if plan.code == ExitCode.INTERRUPTED:
        listener(Warned(time.time(), f"interrupted: no plan was written to {path}"))
        return plan
    name = namer(prepared.graph.plays, key)
    files = [one for one in reads.files(not_inputs(options)) if one != path.absolute()]
    Document(
        made={**maker(), "digest": inputs.of_kplay()},
        salt=base64.b64encode(key).decode("ascii"),
        options=kept_options(options, redactor, key),
        inputs={
            "files": inputs.of_files(files, redactor, key),
            "settings": inputs.of_settings(options.ansible_cfg, key),
            "inventory": before["inventory"],
        },
        plan=_shown(plan.data, redactor, name).to_json(),
        calls=recorder.calls(name, redactor, key),
        open=open_steps(plan.steps, name),
        answers=answers_of(prepared, key),
    ).write(path)
    return plan


def _shown(plan: PlanData, redactor: Redactor, name: Callable[[str], str]) -> PlanData:
    """The plan with ids of every run; secrets are replaced that were known only at its end."""

    def one(step: StepEnded) -> StepEnded:
        named = replace(step, place=replace(step.place, step=name(step.place.step)))
        again = redactor.event(named)
        assert isinstance(again, type(step))  # noqa: S101 - an event keeps its kind
        return again

    outline = plan.outline and without_secrets(plan.outline, redactor)
    changes, ran = list(map(one, plan.changes)), list(map(one, plan.ran))
    return replace(plan, changes=changes, ran=ran, outline=outline)
