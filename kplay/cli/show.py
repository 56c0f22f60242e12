"""``kplay show``: a plan out of a file. Needs neither the project nor its hosts."""

from __future__ import annotations

import sys
import time
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
    plan.add_format(parser)


def run(chosen: Namespace) -> ExitCode:
    """Print the plan as `kplay plan` printed it; who made it and when, on standard error."""
    from kplay import pipeline

    document = pipeline.read_plan(chosen.file)
    made = document.made
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(made["at"]))
    who = f"{made['user']} on {made['controller']}"
    print(f"planned {at} by {who}, kplay {made['version']}", file=sys.stderr)
    plan.show(document.data, form=chosen.format, full_diff=chosen.diff)
    return ExitCode.OK
