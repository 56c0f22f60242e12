"""``kplay lab up``: from a lab file to hosts that answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, add_provider, lab_of, say
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from kplay.lab import Lab

HELP = "make every host of the lab that is missing, and wait for it"


def add(parser: ArgumentParser) -> None:
    """LAB, --provider."""
    add_lab(parser)
    add_provider(parser)


def run(chosen: Namespace) -> ExitCode:
    """Bring it up; the inventory's path is all that standard output gets."""
    from kplay import lab
    from kplay.lab.signals import Interruptions

    found = lab_of(chosen)
    if chosen.provider:
        found = lab.under_provider(found, chosen.provider)
    with Interruptions().handled(last=True):
        try:
            path = lab.up(found, progress=say)
        except KeyboardInterrupt as error:
            _say_what_is_left(found, chosen.lab, getattr(error, "__notes__", ()))
            return ExitCode.INTERRUPTED
    print(path, flush=True)
    say(found.name, f"up; next: kplay plan --lab {chosen.lab} PLAYBOOK")
    return ExitCode.OK


def _say_what_is_left(found: Lab, asked: str, notes: Sequence[str]) -> None:
    from kplay import lab

    begun = lab.begun(found)
    if begun is None:
        print(f"interrupted: nothing is left of lab `{found.name}`", file=sys.stderr)
        return
    missing = [one.name for one in found.hosts if one.name not in begun]
    parts = [f"there are {', '.join(begun)}"] if begun else []
    parts += [f"there is no {', '.join(missing)} yet"] if missing else []
    print(f"interrupted: lab `{found.name}` is left as it is: {'; '.join(parts)}", file=sys.stderr)
    for note in notes:
        print(f" = note: {note}", file=sys.stderr)
    print(
        f" = help: `kplay lab up {asked}` goes on; `kplay lab down {asked}` removes every trace",
        file=sys.stderr,
        flush=True,
    )
