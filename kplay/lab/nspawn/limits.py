"""What a lab file may say that nspawn machines are not; refused before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.lab.nspawn.base import RELEASES
from kplay.lab.nspawn.disks import MOST_DISKS
from kplay.lab.nspawn.network import MOST_NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.lab.model import Lab


def check(lab: Lab) -> None:
    """Refuse what the provider ``nspawn`` cannot make.

    Raises:
        InputError: all of it, at the lines of the lab file.
    """
    faults = list(_faults(lab))
    if faults:
        raise InputError(faults)


def _faults(lab: Lab) -> Iterator[Diagnostic]:
    if lab.internet:
        yield _fault(
            lab, "nspawn machines have no way out", "internet",
            help="leave `internet` out, or use `provider: vagrant`",
        )  # fmt: skip
    if lab.os not in RELEASES:
        yield _other_os(lab, lab.os, "os")
    if len(lab.networks) > MOST_NETWORKS:
        yield _fault(
            lab, f"nspawn machines are in {MOST_NETWORKS} networks at most", "networks",
            lab.networks[MOST_NETWORKS].name,
        )  # fmt: skip
    for host in lab.hosts:
        if host.os not in (None, *RELEASES):
            yield _other_os(lab, host.os, "hosts", host.name, "os")
        if len(host.disks) > MOST_DISKS:
            yield _fault(
                lab, f"nspawn machines have {MOST_DISKS} data disks at most", "hosts", host.name,
                "disks",
            )  # fmt: skip


def _other_os(lab: Lab, os: str | None, *path: str) -> Diagnostic:
    return _fault(
        lab, f"nspawn machines are Debian: {' or '.join(RELEASES)}, not `{os}`", *path,
        help="`provider: vagrant` has it",
    )  # fmt: skip


def _fault(lab: Lab, message: str, *path: str, help: str = "") -> Diagnostic:  # noqa: A002 - as Diagnostic's own
    return Diagnostic("lab-provider", message, lab.span(*path), help=(help,) if help else ())
