"""What a lab file may say that Vagrant machines cannot be; refused before vagrant is run.

Which systems there are boxes of is the Vagrantfile's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.lab.model import Lab

CONTAINERS = ("docker", "lxc")
"""Vagrant's providers whose hosts share the controller's kernel."""


def check(lab: Lab, provider: str) -> None:
    """Refuse what Vagrant machines of a Vagrant provider (empty: Vagrant's choice) cannot be.

    Raises:
        InputError: all of it, at the lines of the lab file.
    """
    faults = list(_faults(lab, provider))
    if faults:
        raise InputError(faults)


def _faults(lab: Lab, provider: str) -> Iterator[Diagnostic]:
    if lab.packages:
        yield Diagnostic(
            "lab-provider",
            "`packages` is for nspawn machines: a Vagrant box has what it has",
            lab.span("packages"),
            help=("a play can install them, or `box` name a box that has them",),
        )
    if provider in CONTAINERS:
        for host in lab.hosts:
            if host.disks:
                yield Diagnostic(
                    "lab-provider",
                    f"{provider} makes containers, which have no disks of their own",
                    lab.span("hosts", host.name, "disks"),
                    help=("name another under `vagrant: {provider: …}`, such as libvirt",),
                )
