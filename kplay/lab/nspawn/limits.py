"""What a lab file may say that nspawn machines are not; refused before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.lab.nspawn.base import RELEASES

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
    if len(lab.networks) > 1:
        yield _fault(lab, "nspawn machines are in one network", "networks", lab.networks[1].name)
    for host in lab.hosts:
        if host.os not in (None, lab.os):
            yield _fault(lab, "all nspawn machines have the same `os`", "hosts", host.name, "os")
        if host.disks:
            yield _fault(lab, "nspawn machines have no data disks", "hosts", host.name, "disks")
        if host.address is not None:
            yield _fault(
                lab, "nspawn machines choose their addresses", "hosts", host.name, "address"
            )


def _other_os(lab: Lab, os: str, *path: str) -> Diagnostic:
    return _fault(
        lab, f"nspawn machines are Debian: {' or '.join(RELEASES)}, not `{os}`", *path,
        help="`provider: vagrant` has boxes for the others",
    )  # fmt: skip


def _fault(lab: Lab, message: str, *path: str, help: str = "") -> Diagnostic:  # noqa: A002 - as Diagnostic's own
    return Diagnostic("lab-provider", message, lab.span(*path), help=(help,) if help else ())
