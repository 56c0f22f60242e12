"""``kplay lab``: hosts made for testing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.lab import HostStatus

HELP = "make, look at and remove hosts for testing"


def add(parser: ArgumentParser) -> None:
    """up, down, status, ssh, inventory."""
    deeds = parser.add_subparsers(dest="deed", metavar="WHAT", required=True)
    for name, text in (
        ("up", "make every host of the lab that is missing, and wait for it"),
        ("down", "remove every trace of the lab"),
        ("status", "say how every host is; exit 4 when one is not up"),
        ("ssh", "log in to a host, or run a command there"),
        ("inventory", "print the path of the lab's inventory, for -i"),
    ):
        deed = deeds.add_parser(name, help=text, description=text)
        deed.add_argument("lab", metavar="LAB", help="a lab file, or the name of a lab")
        if name == "ssh":
            deed.add_argument("host", metavar="HOST")
            deed.add_argument("command", nargs="...", metavar="COMMAND")
            deed.add_argument("-u", "--user", default="kplay", help="log in as (kplay)")


def run(chosen: Namespace) -> ExitCode:
    """Do one of the five."""
    from kplay import lab

    found = lab.find_lab(chosen.lab)
    match chosen.deed:
        case "up":
            print(lab.up(found, progress=_say))
        case "down":
            lab.down(found, progress=_say)
        case "inventory":
            print(lab.inventory_path(found))
        case "ssh":
            argv = lab.ssh_argv(found, chosen.host, chosen.command, user=chosen.user)
            sys.stdout.flush()
            os.execvp(argv[0], argv)  # noqa: S606 - ssh takes over the terminal
        case _:
            return _status(lab.status(found))
    return ExitCode.OK


def _status(hosts: list[HostStatus]) -> ExitCode:
    for host in hosts:
        print(f"{host.name:<20} {host.state:<10} {host.address}".rstrip())
    up = all(host.state == "running" for host in hosts)
    return ExitCode.OK if up else ExitCode.UNREACHABLE


def _say(who: str, message: str) -> None:
    print(f"{who}: {message}", file=sys.stderr, flush=True)
