"""``kplay lab restore``: hosts put back to a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, lab_of, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "put all hosts back to a snapshot and boot them; what they did since is lost"


def add(parser: ArgumentParser) -> None:
    """LAB, NAME."""
    add_lab(parser)
    parser.add_argument(
        "name", metavar="NAME", nargs="?", default="", help="a snapshot (the newest)"
    )


def run(chosen: Namespace) -> ExitCode:
    """Put them back."""
    from kplay import lab

    lab.restore_snapshot(lab_of(chosen), chosen.name, progress=say)
    return ExitCode.OK
