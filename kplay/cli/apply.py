"""``kplay apply``: plan, show, ask, do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.cli.plan import has_changes, make_and_show
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "plan, show the plan, ask, then do it"


def add(parser: ArgumentParser) -> None:
    """The options of plan, and --yes."""
    options.add_playbooks(parser)
    options.add_connection(parser)
    ansible_options.add_extent(parser)
    ansible_options.add_run(parser)
    ansible_options.add_lists(parser)
    options.add_shown(parser)
    options.add_probes(parser)
    options.add_runs_directory(parser)
    options.add_report(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do it without asking")


def run(chosen: Namespace) -> ExitCode:
    """Nothing is done when planning found a fault, nothing to change, or the user says no."""
    asked = options.run_options(chosen)
    listed = ansible_options.listed(chosen, asked)
    if listed is not None:
        return listed
    if not chosen.yes and not sys.stdin.isatty():
        raise UsageError(
            "apply asks before it changes anything, and there is no terminal to ask on\n"
            " = help: look at `kplay plan`, then use `kplay apply --yes`"
        )
    made = make_and_show(asked)
    if made.code != ExitCode.OK or not has_changes(made):
        return made.code
    if not chosen.yes and not _agreed():
        print("nothing was changed", file=sys.stderr)
        return ExitCode.OK
    from kplay import pipeline

    with options.report(chosen) as listener:
        return pipeline.execute(asked, listener)


def _agreed() -> bool:
    print("Apply this plan? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
