"""``kplay lab down``: hosts removed without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, lab_of, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "remove every trace of the lab"


def add(parser: ArgumentParser) -> None:
    """LAB."""
    add_lab(parser)


def run(chosen: Namespace) -> ExitCode:
    """Take it down, whatever state it is in."""
    from kplay import lab

    lab.down(lab_of(chosen), progress=say)
    return ExitCode.OK
