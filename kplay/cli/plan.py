"""``kplay plan``: what an apply would do. Writes nothing to any host."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.execute.options import RunOptions
    from kplay.plan.make import Plan

HELP = "show what apply would change; changes nothing"


def add(parser: ArgumentParser) -> None:
    """Ansible's options, --detailed-exitcode, --probes, --format."""
    options.add_playbooks(parser)
    options.add_connection(parser)
    ansible_options.add_extent(parser)
    ansible_options.add_run(parser)
    ansible_options.add_lists(parser)
    options.add_shown(parser)
    options.add_probes(parser)
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 3 when there is something to change"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")


def run(chosen: Namespace) -> ExitCode:
    """Make a plan and show it."""
    asked = options.run_options(chosen, check=True)
    listed = ansible_options.listed(chosen, asked)
    if listed is not None:
        return listed
    made = make_and_show(asked, form=chosen.format)
    if made.code != ExitCode.OK:
        return made.code
    changes = chosen.detailed_exitcode and has_changes(made)
    return ExitCode.CHANGES_PENDING if changes else ExitCode.OK


def has_changes(made: Plan) -> bool:
    """Whether an apply would or may change a host."""
    from kplay.report.plan_text import pending

    return bool(pending(made.steps))


def make_and_show(asked: RunOptions, *, form: str = "text") -> Plan:
    """Plan with progress on standard error, the plan itself on standard output."""
    from kplay import pipeline
    from kplay.report import choose, plan_json, plan_text

    form_of_progress = "plain" if asked.ask is not None else "auto"
    with choose.listener(
        sys.stderr, form=form_of_progress, verbosity=asked.verbosity, planning=True
    ) as listener:
        made = pipeline.plan(asked, listener)
    if form == "json":
        print(json.dumps(plan_json.of(made.steps, made.lost), indent=2, default=str))
    else:
        color = sys.stdout.isatty()
        print(plan_text.of(made.steps, made.lost, full_diff=asked.diff, color=color))
    sys.stdout.flush()
    return made
