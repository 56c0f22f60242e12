"""``kplay lab heal``: what went wrong with a host is right again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab_option, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "take every fault of a host away, and wait until it answers"


def add(parser: ArgumentParser) -> None:
    """HOST, --lab."""
    parser.add_argument("host", metavar="HOST", help="a host of a lab that is up")
    add_lab_option(parser)


def run(chosen: Namespace) -> ExitCode:
    """Heal it."""
    from kplay import lab

    lab.heal_host(lab.lab_with_host(chosen.host, chosen.lab), chosen.host, progress=say)
    return ExitCode.OK
