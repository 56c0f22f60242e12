"""What a lab is: hosts made for testing, as a lab file describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv4Network

    from kplay.source import Sourced, Span

OSES = ("debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04", "rocky-9", "opensuse-15")
FIRST_POSITION = 11
"""The position in its networks of the first host that has no ``address``."""


@dataclass(frozen=True, slots=True)
class LabNetwork:
    """One network of a lab; ``cidr`` is None when the provider is to choose a free one."""

    name: str
    cidr: IPv4Network | None = None


@dataclass(frozen=True, slots=True)
class LabHost:
    """One host of a lab.

    ``memory`` is in MiB, ``cpus`` a count, and ``disks`` are the sizes in GiB of the data disks
    that come on top of the root disk; None and no disks leave it to the provider. ``os`` and
    ``box`` (Vagrant's) win over the lab's. ``address`` is the one in the lab's first network.
    ``networks`` names the others that it is in; None is all of them.
    """

    name: str
    groups: tuple[str, ...] = ()
    memory: int | None = None
    cpus: int | None = None
    disks: tuple[int, ...] = ()
    os: str | None = None
    box: str | None = None
    address: IPv4Address | None = None
    networks: tuple[str, ...] | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabGroup:
    """One inventory group: child groups and variables, as written in the lab file."""

    name: str
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VagrantSettings:
    """What the provider ``vagrant`` alone reads.

    ``provider`` is Vagrant's own (``libvirt`` …), None being its own choice; ``box`` is used in
    place of the one that belongs to a host's ``os``.
    """

    provider: str | None = None
    box: str | None = None


@dataclass(frozen=True, slots=True)
class Lab:
    """A whole lab file, checked.

    ``networks`` has at least one; hosts are reached by the first. ``packages`` come on top of
    those that every nspawn host has. ``internet`` is whether hosts have a way out, None being as
    the provider does. ``file`` is where the lab was read from, and ``source`` its document.
    """

    name: str
    provider: str
    hosts: tuple[LabHost, ...]
    groups: tuple[LabGroup, ...] = ()
    networks: tuple[LabNetwork, ...] = (LabNetwork("main"),)
    os: str = OSES[0]
    packages: tuple[str, ...] = ()
    internet: bool | None = None
    vagrant: VagrantSettings = VagrantSettings()
    file: str = ""
    source: Sourced | None = field(default=None, compare=False, repr=False)

    def span(self, *path: str | int, key: bool = False) -> Span | None:
        """Where a value of the lab file is written (its key, with ``key``), or its nearest parent.

        None for a lab that was not read from a file.
        """
        from kplay.source import Sourced

        if self.source is None:
            return None
        at = Sourced(None, self.source.document, path)
        return at.key_span if key else at.span

    def networks_of(self, host: LabHost) -> tuple[LabNetwork, ...]:
        """The networks that a host is in, the first of the lab before the others."""
        first, *others = self.networks
        return (
            first,
            *(one for one in others if host.networks is None or one.name in host.networks),
        )

    def os_of(self, host: LabHost) -> str:
        """The operating system of a host."""
        return host.os or self.os

    def position(self, host: LabHost) -> int:
        """The position of a host's address in each of its networks.

        Its index in the file counted from 11, or where its ``address`` lies in the first network.
        """
        cidr = self.networks[0].cidr
        if host.address is not None and cidr is not None:
            return int(host.address) - int(cidr.network_address)
        return FIRST_POSITION + [one.name for one in self.hosts].index(host.name)


class HostStatus(NamedTuple):
    """One row of ``kplay lab status``.

    ``state`` is ``running`` (SSH answers), ``starting`` (booting, or SSH does not answer),
    ``cut`` (its link is down), ``stopped`` (made, but without power) or ``absent``.
    ``address`` is empty while none is allotted. ``faults`` are those that stand beside a cut link,
    written as they were asked for: ``slow 50ms``.
    """

    name: str
    state: str
    address: str
    faults: tuple[str, ...] = ()
