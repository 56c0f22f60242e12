"""``kplay lab inventory``: where a lab's inventory is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print the path of the lab's inventory, for -i"


def add(parser: ArgumentParser) -> None:
    """LAB."""
    add_lab(parser)


def run(chosen: Namespace) -> ExitCode:
    """Print the path alone."""
    from kplay import lab

    print(lab.standing_inventory(chosen.lab))
    return ExitCode.OK
