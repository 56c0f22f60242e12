"""``kplay plan``: what an apply would do. Writes nothing to any host."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.execute.options import RunOptions
    from kplay.plan.make import Plan
    from kplay.plan.model import PlanData

FORMS = ("text", "json")
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
    add_format(parser)
    parser.add_argument(
        "--offline",
        action="store_true",
        help="from files alone: which steps come to which hosts; no host is asked",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="keep the plan in a file, for `kplay show FILE` and `kplay apply FILE`",
    )  # fmt: skip


def add_format(parser: ArgumentParser) -> None:
    """--format, in which a plan is shown."""
    parser.add_argument("--format", choices=FORMS, default="text", help="how the plan is shown")


def run(chosen: Namespace) -> ExitCode:
    """Make a plan and show it."""
    asked = options.run_options(chosen, check=True)
    listed = ansible_options.listed(chosen, asked)
    if listed is not None:
        return listed
    if chosen.offline:
        return _offline(chosen, asked)
    made = make_and_show(asked, form=chosen.format, output=chosen.output)
    if made.code != ExitCode.OK:
        return made.code
    changes = chosen.detailed_exitcode and has_changes(made)
    return ExitCode.CHANGES_PENDING if changes else ExitCode.OK


def _offline(chosen: Namespace, asked: RunOptions) -> ExitCode:
    from kplay import pipeline
    from kplay.report import offline_text

    if chosen.detailed_exitcode:
        message = "`--detailed-exitcode` asks what would change, which no plan knows `--offline`"
        raise UsageError(message)
    if chosen.output is not None:
        raise UsageError("`-o` keeps a plan that can be applied, which no plan is `--offline`")
    found = pipeline.forecast(asked)
    if chosen.format == "json":
        print(json.dumps(offline_text.to_json(found), indent=2))
    else:
        print(offline_text.of(found))
    sys.stdout.flush()
    return ExitCode.OK


def has_changes(made: Plan) -> bool:
    """Whether an apply would or may change a host."""
    return bool(made.data.changes)


def make_and_show(asked: RunOptions, *, form: str = "text", output: Path | None = None) -> Plan:
    """Plan with progress on standard error, the plan itself on standard output."""
    from kplay import pipeline
    from kplay.report import choose

    form_of_progress = "plain" if asked.ask is not None else "auto"
    with choose.listener(
        sys.stderr, form=form_of_progress, verbosity=asked.verbosity, planning=True
    ) as listener:
        made = pipeline.plan(asked, listener, output)
    show(made.data, form=form, full_diff=asked.diff)
    return made


def show(plan: PlanData, *, form: str, full_diff: bool) -> None:
    """Print a plan, be it fresh or out of a file, in one of FORMS."""
    if form == "json":
        print(json.dumps(plan.to_json(), indent=2, default=str))
    else:
        from kplay.report import plan_text

        print(plan_text.of(plan, full_diff=full_diff, color=sys.stdout.isatty()))
    sys.stdout.flush()
