"""``kplay lab snapshot``: hosts kept as they are, for ``kplay lab restore``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, lab_of, say
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "keep all hosts as they are, for `restore`; or list and remove what was kept"


def add(parser: ArgumentParser) -> None:
    """LAB, NAME, --list, --remove."""
    add_lab(parser)
    parser.add_argument(
        "name", metavar="NAME", nargs="?", default="", help="a name (the time); replaces the older"
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list the snapshots, oldest first")
    other.add_argument("--remove", metavar="NAME", default="", help="remove a snapshot")


def run(chosen: Namespace) -> ExitCode:
    """Take one, list them, or remove one."""
    from kplay import lab
    from kplay.lab.snapshot import name_of_now, readable_size

    if chosen.name and (chosen.list or chosen.remove):
        raise UsageError(f"`{chosen.name}` stands beside an option that takes no snapshot")
    found = lab_of(chosen)
    if chosen.remove:
        lab.remove_snapshot(found, chosen.remove)
        say(found.name, f"snapshot `{chosen.remove}` removed")
    elif chosen.list:
        for one in lab.snapshots(found):
            taken = one.taken.astimezone().strftime("%Y-%m-%d %H:%M:%S") if one.taken else ""
            size = "" if one.size is None else readable_size(one.size)
            print(f"{one.name:<24} {taken:<20} {size}".rstrip())
    else:
        lab.take_snapshot(found, chosen.name or name_of_now(), progress=say)
    return ExitCode.OK
