"""``kplay lab status``: how every host of a lab is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.cli.lab.chosen import add_lab, lab_of
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "say how every host is; exit 4 when one is not up"


def add(parser: ArgumentParser) -> None:
    """LAB."""
    add_lab(parser)


def run(chosen: Namespace) -> ExitCode:
    """A line for each host: name, state, address, and the faults that stand."""
    from kplay import lab

    hosts = lab.status(lab_of(chosen))
    for host in hosts:
        row = f"{host.name:<20} {host.state:<10} {host.address:<15} {', '.join(host.faults)}"
        print(row.rstrip())
    up = all(host.state == "running" for host in hosts)
    return ExitCode.OK if up else ExitCode.UNREACHABLE
