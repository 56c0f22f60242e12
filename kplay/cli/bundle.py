"""``kplay bundle``: everything an air-gapped install needs, with its digests."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "gather and check the artifacts of an air-gapped install"
_OF_FOR = (
    "inventory",
    "lab",
    "limit",
    "extra_vars",
    "tags",
    "skip_tags",
    "list",
    "mirror",
    "prune",
)
"""Options that say nothing without playbooks to build for."""


def add(parser: ArgumentParser) -> None:
    """build, verify."""
    deeds = parser.add_subparsers(dest="deed", metavar="WHAT", required=True)
    made = {}
    for name, text in (
        ("build", "fetch or build what is missing; goes on where it was stopped"),
        ("verify", "compare every file with the lock file's digest"),
    ):
        made[name] = deed = deeds.add_parser(name, help=text, description=text)
        deed.add_argument(
            "-d", "--directory", type=Path, metavar="DIR", help="where the bundle is kept"
        )
    _add_for(made["build"])


def _add_for(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--for", dest="playbooks", nargs="+", type=Path, default=[], metavar="PLAYBOOK",
        help="exactly what these playbooks take on the hosts of -i, found without asking the hosts",
    )  # fmt: skip
    options.add_inventory(parser)
    options.add_tags(parser)
    parser.add_argument(
        "--list", action="store_true", help="print what the playbooks want, and build nothing"
    )
    parser.add_argument(
        "--mirror", action="append", default=[], metavar="[NAME=]URL",
        help="where a site serves releases itself: of NAME (k3s, rke2 …), or of all, each in a"
             " folder of its name; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--prune", action="store_true", help="remove what the playbooks do not want"
    )


def run(chosen: Namespace) -> ExitCode:
    """Do one of the two; the bundle's directory is printed last."""
    from kplay import bundle

    directory = chosen.directory or bundle.default_directory()
    if chosen.deed == "build":
        return _build(chosen, directory)
    if problems := bundle.verify(directory):
        print("\n".join(f"{one.path}: {one.message}" for one in problems), file=sys.stderr)
        return ExitCode.BAD_INPUT
    print(directory)
    return ExitCode.OK


def _build(chosen: Namespace, directory: Path) -> ExitCode:
    from kplay import bundle, pipeline
    from kplay.bundle.components import load_lists
    from kplay.bundle.mirrors import Mirrors
    from kplay.bundle.orders import orders_of, resolve

    if not chosen.playbooks:
        alone = next((name for name in _OF_FOR if vars(chosen)[name]), "")
        if alone:
            message = f"`--{alone.replace('_', '-')}` is of a build `--for PLAYBOOK`"
            raise UsageError(message)
        bundle.build(directory, progress=_say)
        print(directory)
        return ExitCode.OK
    lists = load_lists()
    releases = (release.name for listed in lists for release in listed.releases)
    mirrors = Mirrors.of(chosen.mirror, releases)
    asked = options.run_options(chosen, check=True)
    own = json.dumps({"kplay_bundle": str(directory.expanduser().absolute())})
    found = pipeline.wanted(replace(asked, extra_vars=(own, *asked.extra_vars)))
    for note in found.notes:
        _say("note", note)
    items = resolve(found.wants, lists)
    orders = orders_of(items, lists, by_path=bool(found.by_path))
    if not orders:
        _say("these playbooks take nothing from a bundle, with these variables")
        return ExitCode.BAD_INPUT
    if chosen.list:
        from kplay.report import artifacts_text

        lock = bundle.lock_of(directory)
        print(artifacts_text.of(items, lists, found.by_path, mirrors, lock))
        return ExitCode.OK
    bundle.build(
        directory, progress=_say, orders=orders, mirrors=mirrors, prune=chosen.prune
    )  # fmt: skip
    print(directory)
    return ExitCode.OK


def _say(*words: str) -> None:
    print(": ".join(words), file=sys.stderr, flush=True)
