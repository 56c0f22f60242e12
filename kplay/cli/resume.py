"""``kplay resume``: go on where a run broke."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from kplay.cli import options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.errors import ExitCode

HELP = "go on with a run that broke"


def add(parser: ArgumentParser) -> None:
    """RUN, and what the user knows of interrupted steps."""
    parser.add_argument("run_id", nargs="?", default="", metavar="RUN", help="its id (the newest)")
    parser.add_argument(
        "--done",
        action="append",
        default=[],
        metavar="STEP",
        help="this interrupted step did its work: go on after it; repeatable",
    )
    parser.add_argument(
        "--again",
        action="append",
        default=[],
        metavar="STEP",
        help="this interrupted step is to be done again; repeatable",
    )
    options.add_accept_drift(parser)
    parser.add_argument("-k", "--ask-pass", action="store_true", help="ask for the SSH password")
    parser.add_argument(
        "-K", "--ask-become-pass", action="store_true", help="ask for the password of become"
    )
    options.add_vault(parser)
    options.add_shown(parser)
    options.add_runs_directory(parser)
    options.add_report(parser)


def run(chosen: Namespace) -> ExitCode:
    """Continue; results that hosts hold are fetched, nothing is silently done twice."""
    from kplay import pipeline
    from kplay.ansible_cfg import AnsibleCfg

    asked = options.run_options(chosen)
    # ansible.cfg has had its say when the run began
    own = options.vault_ids(chosen, AnsibleCfg())
    asked = dataclasses.replace(asked, vault_ids=own)
    with options.report(chosen) as listener:
        return pipeline.resume(chosen.run_id, asked, listener, done=chosen.done, again=chosen.again)
