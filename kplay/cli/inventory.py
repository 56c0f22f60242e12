"""``kplay inventory``: hosts, groups and variables as kplay reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.inventory.model import Inventory

HELP = "show hosts, groups and variables"


def add(parser: ArgumentParser) -> None:
    """--graph (the default), --list, --host."""
    options.add_inventory(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--graph", action="store_true", help="groups and hosts as a tree (default)")
    form.add_argument("--list", action="store_true", help="everything, as ansible-inventory --list")
    form.add_argument("--host", metavar="NAME", help="one host's variables as JSON")
    parser.add_argument("--vars", action="store_true", help="with --graph: variables too")


def run(chosen: Namespace) -> ExitCode:
    """Print one of the three forms."""
    from kplay import pipeline
    from kplay.inventory.export import graph_text, to_list_json

    found = pipeline.load_inventory(options.run_options(chosen))
    if chosen.limit:
        return _limited(found, chosen.limit)
    if chosen.host:
        if chosen.host not in found.hosts:
            raise _unknown(found, chosen.host)
        listed = to_list_json(found)["_meta"]["hostvars"]
        print(json.dumps(listed.get(chosen.host, {}), indent=2, default=str))
    elif chosen.list:
        print(json.dumps(to_list_json(found), indent=2, default=str))
    else:
        print(graph_text(found, variables=chosen.vars))
    return ExitCode.OK


def _limited(found: Inventory, pattern: str) -> ExitCode:
    from kplay.inventory.patterns import select

    print("\n".join(select(found, pattern)))
    return ExitCode.OK


def _unknown(found: Inventory, name: str) -> UsageError:
    from kplay.diagnostics import suggest

    hints = suggest(name, found.hosts)
    help_line = f"\n = help: {hints[0]}" if hints else ""
    return UsageError(f"the inventory has no host `{name}`{help_line}")
