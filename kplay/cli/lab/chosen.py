"""The lab that a command line names, and telling how far its hosts are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.lab import Lab


def add_lab(parser: ArgumentParser) -> None:
    """The argument LAB."""
    parser.add_argument("lab", metavar="LAB", help="a lab file, or the name of a lab")


def add_provider(parser: ArgumentParser) -> None:
    """--provider."""
    parser.add_argument(
        "--provider",
        choices=("nspawn", "vagrant"),
        help="make the hosts by this provider, whatever the lab file says",
    )


def add_lab_option(parser: ArgumentParser) -> None:
    """The option --lab, for deeds that name a host first."""
    parser.add_argument(
        "--lab",
        metavar="NAME",
        default="",
        help="the lab that has the host (the only one that is up and has it)",
    )


def lab_of(chosen: Namespace) -> Lab:
    """The lab that LAB means; raises InputError where there is none."""
    from kplay import lab

    return lab.find_lab(chosen.lab)


def say(who: str, message: str) -> None:
    """One line about a host or the lab, on standard error."""
    print(f"{who}: {message}", file=sys.stderr, flush=True)
