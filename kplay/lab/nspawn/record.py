"""What a lab was allotted, kept for as long as it stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from ipaddress import IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.model import FIRST_POSITION
from kplay.lab.nspawn import place as places
from kplay.lab.nspawn.cable import Cable, port
from kplay.lab.nspawn.network import choose_networks, host_namespace
from kplay.lab.nspawn.place import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kplay.lab.model import Lab, LabHost
    from kplay.lab.nspawn.place import Place


@dataclass(frozen=True, slots=True)
class HostRecord:
    """What a host was made with: it stays so until the lab is taken down.

    ``position`` is that of its address in each of its networks, ``disks`` are sizes in GiB, and
    ``base`` is the tree of its ``os`` at the bottom of its overlay.
    """

    position: int
    networks: tuple[str, ...]
    disks: tuple[int, ...]
    os: str
    base: str


@dataclass(frozen=True, slots=True)
class Record:
    """A lab's networks, by name as addresses (empty while there are none), and its hosts."""

    networks: dict[str, str]
    hosts: dict[str, HostRecord]

    @classmethod
    def load(cls, place: Place) -> Record:
        """The record of a lab; an empty one when it is not up."""
        data = read_json(place.record)
        hosts = {
            name: HostRecord(
                one["position"],
                tuple(one["networks"]),
                tuple(one["disks"]),
                one["os"],
                one["base"],
            )
            for name, one in data.get("hosts", {}).items()
        }
        return cls(data.get("networks", {}), hosts)

    def save(self, place: Place) -> None:
        """Write it into the lab's directory."""
        write_json(place.record, asdict(self))

    @property
    def cidrs(self) -> list[IPv4Network]:
        """The networks' addresses; the first is that by which hosts are reached."""
        return [IPv4Network(text) for text in self.networks.values()]

    def with_networks(self, lab: Lab) -> Record:
        """The same with addresses for the lab's networks; those that it has stay.

        Raises:
            KplayError: they are not as the lab file says now, or cannot be had.
        """
        if not self.networks:
            wanted = [one.cidr for one in lab.networks]
            chosen = choose_networks(lab.name, wanted, other_networks(lab.name))
            names = [one.name for one in lab.networks]
            return replace(self, networks=dict(zip(names, map(str, chosen), strict=True)))
        said = {
            one.name: str(one.cidr or self.networks.get(one.name, "any")) for one in lab.networks
        }
        if list(said.items()) != list(self.networks.items()):
            raise KplayError(
                f"lab `{lab.name}` is up with the networks {_listed(self.networks)}, its file says"
                f" {_listed(said)}; take it down first"
            )
        return self

    def with_hosts(self, lab: Lab, bases: Mapping[str, Path]) -> Record:
        """The same with every host of the lab; those there already stay as they were made.

        A new host has the position that the lab file gives it, or the lowest free one where an
        older host has that.

        Args:
            lab: the lab file.
            bases: the tree for the operating system of each new host.

        Raises:
            KplayError: a host is not as the lab file says now.
        """
        hosts = dict(self.hosts)
        for host in lab.hosts:
            networks = tuple(one.name for one in lab.networks_of(host))
            made = hosts.get(host.name)
            if made is None:
                taken = {one.position for one in hosts.values()}
                position = lab.position(host)
                if position in taken and host.address is None:
                    position = min(set(range(FIRST_POSITION, FIRST_POSITION + 9999)) - taken)
                system = lab.os_of(host)
                hosts[host.name] = HostRecord(
                    position, networks, host.disks, system, str(bases[system])
                )
            else:
                _unchanged(lab, host, made, networks)
        positions = [one.position for one in hosts.values()]
        clashes = [name for name, one in hosts.items() if positions.count(one.position) > 1]
        if clashes:
            raise KplayError(
                f"the hosts {', '.join(clashes)} of lab `{lab.name}` would have the same address;"
                " take it down first"
            )
        return replace(self, hosts=hosts)

    def surplus(self, lab: Lab) -> list[str]:
        """Hosts that are here but not in the lab."""
        return sorted(set(self.hosts) - {host.name for host in lab.hosts})

    def address(self, host: str) -> str:
        """A host's address in the first network; empty when it has none."""
        return next(iter(self.addresses(host).values()), "")

    def addresses(self, host: str) -> dict[str, str]:
        """A host's address in each of its networks, by their names."""
        made = self.hosts.get(host)
        if made is None:
            return {}
        return {
            name: str(IPv4Network(self.networks[name])[made.position]) for name in made.networks
        }

    def cables(self, lab: str, host: str) -> list[Cable]:
        """The cables of a host of that lab, its first network's first."""
        made = self.hosts[host]
        order, found = list(self.networks), []
        for number, name in enumerate(made.networks):
            network, cidr = order.index(name), IPv4Network(self.networks[name])
            address = IPv4Interface(f"{cidr[made.position]}/{cidr.prefixlen}")
            space = host_namespace(lab, host)
            cable = Cable(
                f"br{network}", port(made.position, network), space, f"eth{number}", address
            )
            found.append(cable)
        return found


def _unchanged(lab: Lab, host: LabHost, made: HostRecord, networks: tuple[str, ...]) -> None:
    told = [
        ("networks", ", ".join(made.networks), ", ".join(networks)),
        ("disks", _sizes(made.disks), _sizes(host.disks)),
        ("operating system", made.os, lab.os_of(host)),
    ]
    if host.address is not None:
        told.append(("position", str(made.position), str(lab.position(host))))
    for what, was, now in told:
        if was != now:
            raise KplayError(
                f"host `{host.name}` of lab `{lab.name}` was made with the {what} {was}, its file"
                f" says {now}; take the lab down first"
            )


def _listed(networks: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {cidr}" for name, cidr in networks.items())


def _sizes(disks: tuple[int, ...]) -> str:
    return " and ".join(f"{size} GiB" for size in disks) or "none"


def other_networks(lab: str) -> list[str]:
    """The networks allotted to all labs here but this one."""
    found: list[str] = []
    for path in sorted(places.ROOT.iterdir()) if places.ROOT.is_dir() else []:
        if path.name != lab:
            found += Record.load(places.Place(path.name)).networks.values()
    return found
