"""``kplay explain``: where a variable's value on a host comes from. Touches no host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "show a variable's value on a host, every definition, and who wins"


def add(parser: ArgumentParser) -> None:
    """VAR, HOST, PLAYBOOK …, --format, and which inventory."""
    parser.add_argument("name", metavar="VAR", help="a variable; `a.b` shows a part of one")
    parser.add_argument("host", metavar="HOST", help="a host of the inventory")
    parser.add_argument(
        "playbooks", nargs="*", type=Path, metavar="PLAYBOOK", help="playbook that is to count too"
    )
    options.add_inventory(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text")


def run(chosen: Namespace) -> ExitCode:
    """Print what defines the variable."""
    from kplay import pipeline
    from kplay.report import explain_text

    found, secrets = pipeline.explain(options.run_options(chosen), chosen.name, chosen.host)
    if chosen.format == "json":
        print(json.dumps(explain_text.to_json(found, secrets), indent=2, default=str))
    else:
        print(explain_text.to_text(found, secrets))
    return ExitCode.OK
