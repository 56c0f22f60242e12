"""``kplay lab up``: from a lab file to hosts that answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, add_provider, lab_of, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "make every host of the lab that is missing, and wait for it"


def add(parser: ArgumentParser) -> None:
    """LAB, --provider."""
    add_lab(parser)
    add_provider(parser)


def run(chosen: Namespace) -> ExitCode:
    """Bring it up; the inventory's path is all that standard output gets."""
    from kplay import lab

    found = lab_of(chosen)
    if chosen.provider:
        found = lab.under_provider(found, chosen.provider)
    path = lab.up(found, progress=say)
    print(path, flush=True)
    say(found.name, f"up; next: kplay plan --lab {chosen.lab} PLAYBOOK")
    return ExitCode.OK
