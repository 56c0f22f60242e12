"""``kplay lab halt``: hosts shut down and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, lab_of, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "shut every host down and keep all that it has; `up` boots it again"


def add(parser: ArgumentParser) -> None:
    """LAB."""
    add_lab(parser)


def run(chosen: Namespace) -> ExitCode:
    """Shut it down."""
    from kplay import lab

    lab.halt(lab_of(chosen), progress=say)
    return ExitCode.OK
