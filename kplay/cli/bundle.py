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

    from kplay.plan.wanted import Wanted

HELP = "gather and check the artifacts of an air-gapped install"
_OF_PLAYBOOKS = ("inventory", "lab", "limit", "extra_vars", "tags", "skip_tags")
"""Options that say nothing without playbooks to build for."""
_OF_WANTS = ("list", "mirror", "prune")
"""Options that say nothing of the bundle that is built where nothing is named."""


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
        "--with", dest="more", action="append", default=[], metavar="NAME[=VERSION]",
        help="an artifact that no playbook takes, such as rancher-images=2.15.0; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--list", action="store_true", help="print what is wanted, and build nothing"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how the list is printed"
    )
    parser.add_argument(
        "--mirror", action="append", default=[], metavar="[NAME=]URL",
        help="where a site serves releases itself: of NAME (k3s, rke2 …), or of all, each in a"
             " folder of its name; repeatable",
    )  # fmt: skip
    parser.add_argument("--prune", action="store_true", help="remove what is not wanted")


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
    from kplay import bundle
    from kplay.bundle.components import load_lists
    from kplay.bundle.mirrors import Mirrors
    from kplay.bundle.orders import orders_of, resolve

    told = vars(chosen)
    alone = [] if chosen.playbooks else [name for name in _OF_PLAYBOOKS if told[name]]
    if not chosen.playbooks and not chosen.more:
        alone += [name for name in _OF_WANTS if told[name]]
    if alone:
        raise UsageError(f"`--{alone[0].replace('_', '-')}` is of a build `--for PLAYBOOK`")
    if not chosen.playbooks and not chosen.more:
        bundle.build(directory, progress=_say)
        print(directory)
        return ExitCode.OK
    lists = load_lists()
    releases = (release.name for listed in lists for release in listed.releases)
    mirrors = Mirrors.of(chosen.mirror, releases)
    found = _wanted(chosen, directory)
    items = resolve(found.wants, lists)
    orders = orders_of(items, lists, by_path=bool(found.by_path))
    if not orders:
        _say("these playbooks take nothing from a bundle, with these variables")
        return ExitCode.BAD_INPUT
    if chosen.list:
        from kplay.report import artifacts_text

        entries = artifacts_text.entries(
            items, lists, found.by_path, mirrors, bundle.lock_of(directory)
        )
        if chosen.format == "json":
            print(json.dumps([one._asdict() for one in entries], indent=2))
        else:
            print(artifacts_text.of(entries))
        return ExitCode.OK
    bundle.build(directory, progress=_say, orders=orders, mirrors=mirrors, prune=chosen.prune)
    print(directory)
    return ExitCode.OK


def _wanted(chosen: Namespace, directory: Path) -> Wanted:
    """What the playbooks take, and what is named beside them."""
    from kplay import pipeline
    from kplay.bundle.orders import Want
    from kplay.plan.wanted import Wanted
    from kplay.source import made_up

    found = Wanted()
    if chosen.playbooks:
        asked = options.run_options(chosen, check=True)
        own = json.dumps({"kplay_bundle": str(directory.expanduser().absolute())})
        found = pipeline.wanted(replace(asked, extra_vars=(own, *asked.extra_vars)))
    for note in found.notes:
        _say("note", note)
    for text in chosen.more:
        name, _, version = text.partition("=")
        hint = f"say it: `--with {name}=VERSION`"
        span = made_up(text, "--with").span
        found.wants.append(Want(name, version, "", span, (), (hint,)))
    return found


def _say(*words: str) -> None:
    print(": ".join(words), file=sys.stderr, flush=True)
