"""``kplay run``: do at once, as ansible-playbook does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.cli.plan import make_and_show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.errors import ExitCode

HELP = "apply at once, as ansible-playbook does"


def add(parser: ArgumentParser) -> None:
    """Ansible's options; --check is plan."""
    options.add_playbooks(parser)
    options.add_connection(parser)
    ansible_options.add_extent(parser)
    ansible_options.add_run(parser)
    ansible_options.add_lists(parser)
    options.add_shown(parser)
    options.add_probes(parser)
    options.add_runs_directory(parser)
    options.add_report(parser)
    parser.add_argument("-C", "--check", action="store_true", help="the same as `kplay plan`")


def run(chosen: Namespace) -> ExitCode:
    """Walk the graph and apply, or plan with --check."""
    asked = options.run_options(chosen, check=chosen.check)
    listed = ansible_options.listed(chosen, asked)
    if listed is not None:
        return listed
    if chosen.check:
        return make_and_show(asked).code
    from kplay import pipeline

    with options.report(chosen) as listener:
        return pipeline.execute(asked, listener)
