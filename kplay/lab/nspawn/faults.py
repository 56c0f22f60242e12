"""Faults on nspawn hosts: what stands is read off the machine and its links, never remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplay.errors import KplayError
from kplay.lab.nspawn import disk, machine, network, slow
from kplay.lab.nspawn.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.lab.fault import Fault
    from kplay.lab.nspawn.cable import Cable
    from kplay.lab.nspawn.place import HostPlace


class Site(NamedTuple):
    """A host that faults are brought about on: its lab, name and cables."""

    lab: str
    host: str
    cables: list[Cable]

    @property
    def files(self) -> HostPlace:
        """The host's files."""
        return Place(self.lab).host(self.host)


def standing(site: Site) -> list[str]:
    """The faults of a running host, as they are written: ``cut``, ``slow 50ms``, ``full-disk``."""
    delay = slow.milliseconds(site.files)
    found = [] if network.ports_are_up(site.lab, site.cables) else ["cut"]
    found += [f"slow {delay}ms"] if delay else []
    return [*found, *(["full-disk"] if disk.is_full(site.files) else [])]


def bring(site: Site, fault: Fault, start: Callable[[], None]) -> None:
    """Bring a fault about.

    Args:
        site: a host that runs; for a reboot it may be off.
        fault: what to bring about.
        start: boots the host, which is off, and waits until it answers.

    Raises:
        KplayError: no such host can have it, or not as it is now.
        CommandError: a program of the controller failed.
    """
    if fault.kind == "clock":
        raise KplayError(
            f"the clock of host `{site.host}` cannot be set: all nspawn hosts have the"
            " controller's; a virtual machine of `provider: vagrant` has one of its own"
        )
    if fault.kind == "reboot":
        _reboot(site, start)
        return
    if fault.kind == "cut":
        network.set_ports(site.lab, site.cables, connected=False)
    elif fault.kind == "full-disk":
        disk.fill(site.files)
    else:
        slow.begin(site.files, network.lab_namespace(site.lab), site.cables, fault.amount)


def heal(site: Site) -> list[str]:
    """Take every fault of a host away; return those that stood, none being fine."""
    stood = standing(site)
    if machine.running(site.files):
        disk.free(site.files)
    slow.end(site.files, network.lab_namespace(site.lab), site.cables)
    if "cut" in stood:
        network.set_ports(site.lab, site.cables, connected=True)
    return stood


def _reboot(site: Site, start: Callable[[], None]) -> None:
    """Pull the plug and give power again; other faults stand after it as before."""
    stood = standing(site) if machine.running(site.files) else []
    if "cut" in stood:
        raise KplayError(
            f"host `{site.host}` is cut off, and nobody would see it come back: heal it first"
        )
    delay = slow.milliseconds(site.files)
    # What the full disk has let pass would go with the machine's memory.
    if "full-disk" in stood:
        disk.free(site.files)
    machine.stop(site.files)
    start()
    if "full-disk" in stood:
        disk.fill(site.files)
    if delay:
        slow.begin(site.files, network.lab_namespace(site.lab), site.cables, delay)
