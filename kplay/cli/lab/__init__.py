"""``kplay lab``: hosts made for testing; a file a deed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from kplay.cli.lab import (
    down,
    fault,
    halt,
    heal,
    init,
    inventory,
    restore,
    snapshot,
    ssh,
    status,
    test,
    up,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.cli.verbs import Verb
    from kplay.errors import ExitCode

HELP = "make, look at and remove hosts for testing"

# In the order in which --help lists them.
_DEEDS = {
    "init": init,
    "up": up,
    "status": status,
    "ssh": ssh,
    "inventory": inventory,
    "snapshot": snapshot,
    "restore": restore,
    "fault": fault,
    "heal": heal,
    "halt": halt,
    "down": down,
    "test": test,
}


def add(parser: ArgumentParser) -> None:
    """Every deed, with the options of its own."""
    deeds = parser.add_subparsers(dest="deed", metavar="WHAT", required=True)
    for name, module in _DEEDS.items():
        deed = cast("Verb", module)
        one = deeds.add_parser(
            name,
            help=deed.HELP,
            description=deed.HELP,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        deed.add(one)
        one.set_defaults(do=deed.run)


def run(chosen: Namespace) -> ExitCode:
    """Do one of them."""
    code: ExitCode = chosen.do(chosen)
    return code
