"""``kplay lab fault``: something goes wrong with a host, to rehearse with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab_option, say
from kplay.errors import ExitCode
from kplay.lab.fault import KINDS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "let something go wrong with a host: reboot, cut, slow, full-disk, clock"


def add(parser: ArgumentParser) -> None:
    """HOST KIND [AMOUNT], --lab."""
    parser.add_argument("host", metavar="HOST", help="a host of a lab that is up")
    parser.add_argument("kind", metavar="KIND", help="the fault; see below")
    parser.add_argument("amount", metavar="AMOUNT", nargs="?", default="", help="how much of it")
    add_lab_option(parser)
    # An amount such as -1h is no option.
    parser._negative_number_matcher = re.compile(r"-\d\w*")
    rows = "\n".join(f"  {kind:<10} {text}" for kind, text in KINDS.items())
    parser.epilog = f"faults:\n{rows}\n\nA fault stands until `kplay lab heal HOST`."


def run(chosen: Namespace) -> ExitCode:
    """Bring it about."""
    from kplay import lab
    from kplay.lab.fault import parse

    fault = parse(chosen.kind, chosen.amount)
    found = lab.lab_with_host(chosen.host, chosen.lab)
    lab.fault_host(found, chosen.host, fault, progress=say)
    return ExitCode.OK
