"""``kplay show``: a plan out of a file. Needs neither the project nor its hosts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import plan
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "show a plan file"


def add(parser: ArgumentParser) -> None:
    """FILE, and how it is shown."""
    parser.add_argument("file", type=Path, metavar="FILE", help="made by `kplay plan -o FILE`")
    parser.add_argument("-D", "--diff", action="store_true", help="whole diffs")
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="long lists of hosts too"
    )
    plan.add_format(parser)


def run(chosen: Namespace) -> ExitCode:
    """Print the plan as `kplay plan` printed it; who made it and when, on standard error."""
    from kplay import pipeline

    document = pipeline.read_plan(chosen.file)
    print(plan.planned_by(document.made), file=sys.stderr)
    plan.show(
        document.data,
        form=chosen.format,
        full_diff=chosen.diff,
        every_host=chosen.verbose > 0,
        made=document.made,
    )
    return ExitCode.OK
