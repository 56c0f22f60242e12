"""``kplay lab ssh``: a terminal on a host, or one command there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from kplay.cli.lab.chosen import add_lab, lab_of
from kplay.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "log in to a host, or run a command there"


def add(parser: ArgumentParser) -> None:
    """LAB, HOST, COMMAND …, --user."""
    add_lab(parser)
    parser.add_argument("host", metavar="HOST")
    parser.add_argument("command", nargs="...", metavar="COMMAND")
    parser.add_argument("-u", "--user", default="", help="log in as this user, not the lab's own")


def run(chosen: Namespace) -> NoReturn:
    """Become ``ssh``: its exit code is ours."""
    from kplay import lab

    if chosen.command[:1] and chosen.command[0].startswith("-"):
        raise UsageError(
            f"`{chosen.command[0]}` stands where the command begins\n"
            " = help: options come before LAB: `kplay lab ssh -u USER LAB HOST COMMAND`"
        )
    argv = lab.ssh_argv(lab_of(chosen), chosen.host, chosen.command, user=chosen.user)
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - ssh takes over the terminal
