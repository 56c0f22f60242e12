"""``kplay apply``: plan, show, ask, do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.cli.plan import has_changes, make_and_show
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from kplay.execute.options import RunOptions

HELP = "plan, show the plan, ask, then do it; or do what a plan file says"

OWN_OF_PLANS = frozenset(
    {"playbooks", "extra_vars", "vault_id", "vault_password_file", "ask_vault_password",
     "private_key", "ask_pass", "ask_become_pass", "connection_password_file",
     "become_password_file", "accept_new_host_keys", "accept_drift", "diff", "verbose", "yes",
     "runs_directory", "report"}
)  # fmt: skip
"""What may be said of a run of a plan file; the rest is in the file."""


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
    options.add_accept_drift(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do it without asking")


def run(chosen: Namespace) -> ExitCode:
    """Nothing is done when planning found a fault, nothing to change, or the user says no."""
    asked = options.run_options(chosen)
    if any(map(_is_plan_file, chosen.playbooks)):
        return _run_plan_file(chosen, asked)
    if chosen.accept_drift:
        raise UsageError("`--accept-drift` is for plan files: `kplay apply FILE`")
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


def _is_plan_file(path: Path) -> bool:
    from kplay.plan.document import is_plan_file

    return is_plan_file(path)


def _run_plan_file(chosen: Namespace, asked: RunOptions) -> ExitCode:
    """Do what a file says; nobody is asked, since the file is what was agreed on."""
    if len(chosen.playbooks) > 1:
        raise UsageError("a plan file is applied alone: it names its playbooks")
    from kplay import pipeline
    from kplay.cli.parser import parser

    usual = vars(parser().parse_args(["apply", str(chosen.playbooks[0])]))
    beside = [
        name for name, value in vars(chosen).items()
        if name not in OWN_OF_PLANS and value != usual.get(name)
    ]  # fmt: skip
    if beside:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(beside))
        raise UsageError(f"{words}: a plan file is applied with the options it was made with")
    with options.report(chosen) as listener:
        return pipeline.execute_plan(chosen.playbooks[0], asked, listener)


def _agreed() -> bool:
    print("Apply this plan? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
