"""``kplay lab status``: how every host of a lab is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import lab_of
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "say how every host is, or which labs are up; exit 4 when a host is not"


def add(parser: ArgumentParser) -> None:
    """LAB, or nothing."""
    parser.add_argument(
        "lab", metavar="LAB", nargs="?", help="a lab file, or the name of a lab (all that are up)"
    )


def run(chosen: Namespace) -> ExitCode:
    """A line for each host: name, state, address, and the faults that stand."""
    from kplay import lab

    if chosen.lab is None:
        return _every_lab()
    hosts = lab.status(lab_of(chosen))
    for host in hosts:
        row = f"{host.name:<20} {host.state:<10} {host.address:<15} {', '.join(host.faults)}"
        print(row.rstrip())
    return _code(all(host.state == "running" for host in hosts))


def _every_lab() -> ExitCode:
    """A line for each lab that is up: name, provider, how many of its hosts run."""
    from kplay import lab

    whole = True
    for name, provider, found in lab.labs_up():
        if found is None:
            print(f"{name:<20} {provider:<10} only root may look at it")
            continue
        states = [host.state for host in lab.status(found)]
        running = states.count("running")
        whole = whole and running == len(states)
        print(f"{name:<20} {provider:<10} {running} of {len(states)} hosts running")
    return _code(whole)


def _code(up: bool) -> ExitCode:
    from kplay.lab.not_up import NotUpError

    return ExitCode.OK if up else NotUpError.exit_code
