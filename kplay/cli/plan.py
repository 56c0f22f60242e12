"""``kplay plan``: what an apply would do. Writes nothing to any host."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.cli import ansible_options, options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from kplay.execute.options import RunOptions
    from kplay.plan.make import Plan
    from kplay.plan.model import PlanData

FORMS = ("text", "json", "markdown", "html")
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
    options.add_runs_directory(parser)
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
    if chosen.format not in ("text", "json"):
        raise UsageError(f"`--format {chosen.format}` is of plans that are not `--offline`")
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
    from kplay.plan import document
    from kplay.report import choose

    form_of_progress = "plain" if asked.ask is not None else "auto"
    with choose.listener(
        sys.stderr, form=form_of_progress, verbosity=asked.verbosity, planning=True
    ) as listener:
        made = pipeline.plan(asked, listener, output)
    maker = document.maker() if form in ("markdown", "html") else {}
    show(made.data, form=form, full_diff=asked.diff, every_host=asked.verbosity > 0, made=maker)
    return made


def show(
    plan: PlanData, *, form: str, full_diff: bool, every_host: bool, made: Mapping[str, Any]
) -> None:
    """Print a plan, be it fresh or out of a file, in one of FORMS.

    Args:
        plan: what is shown.
        form: one of FORMS.
        full_diff: long diffs too are shown to their end, where the form does not fold them.
        every_host: long lists of hosts too.
        made: who made it and when, as in a plan file; empty where the form does not say so.
    """
    if form == "json":
        print(json.dumps(plan.to_json(), indent=2, default=str))
    elif form == "html":
        from kplay.report import plan_html

        print(plan_html.of(plan, note=planned_by(made)))
    elif form == "markdown":
        from kplay.report import plan_markdown

        note = planned_by(made)
        print(plan_markdown.of(plan, note=note, full_diff=full_diff, every_host=every_host))
    else:
        from kplay.report import plan_text

        color = sys.stdout.isatty()
        print(plan_text.of(plan, full_diff=full_diff, every_host=every_host, color=color))
    sys.stdout.flush()


def planned_by(made: Mapping[str, Any]) -> str:
    """When a plan was made, by whom and where."""
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(made["at"]))
    return f"planned {at} by {made['user']} on {made['controller']}, kplay {made['version']}"
