"""``kplay bundle``: everything an air-gapped install needs, with its digests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "gather and check the artifacts of an air-gapped install"


def add(parser: ArgumentParser) -> None:
    """build, verify."""
    deeds = parser.add_subparsers(dest="deed", metavar="WHAT", required=True)
    for name, text in (
        ("build", "fetch or build what is missing; goes on where it was stopped"),
        ("verify", "compare every file with the lock file's digest"),
    ):
        deed = deeds.add_parser(name, help=text, description=text)
        deed.add_argument(
            "-d", "--directory", type=Path, metavar="DIR", help="where the bundle is kept"
        )


def run(chosen: Namespace) -> ExitCode:
    """Do one of the two; the bundle's directory is printed last."""
    from kplay import bundle

    directory = chosen.directory or bundle.default_directory()
    if chosen.deed == "build":
        bundle.build(directory, progress=_say)
    elif problems := bundle.verify(directory):
        print("\n".join(f"{one.path}: {one.message}" for one in problems), file=sys.stderr)
        return ExitCode.BAD_INPUT
    print(directory)
    return ExitCode.OK


def _say(*words: str) -> None:
    print(": ".join(words), file=sys.stderr, flush=True)
