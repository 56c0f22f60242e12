"""What a lab was allotted, kept for as long as it is up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.lab.nspawn import place as places
from kplay.lab.nspawn.network import address
from kplay.lab.nspawn.place import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.model import Lab
    from kplay.lab.nspawn.place import Place


@dataclass(frozen=True, slots=True)
class Record:
    """A lab's network (empty while there is none), base tree, and number of every host.

    Numbers count from 0 and stay a host's own as long as the lab is up, whatever is added to or
    taken from the lab file.
    """

    network_text: str
    numbers: dict[str, int]
    base_text: str

    @property
    def network(self) -> IPv4Network:
        """The lab's network; only of a lab that has one."""
        return IPv4Network(self.network_text)

    @property
    def base(self) -> Path:
        """The tree at the bottom of every host's overlay."""
        return Path(self.base_text)

    @classmethod
    def load(cls, place: Place) -> Record:
        """The record of a lab; an empty one when it is not up."""
        data = read_json(place.record)
        return cls(data.get("network_text", ""), data.get("numbers", {}), data.get("base_text", ""))

    def save(self, place: Place) -> None:
        """Write it into the lab's directory."""
        write_json(place.record, asdict(self))

    def numbered(self, hosts: Sequence[str]) -> Record:
        """The same with a number for each of the hosts, the lowest free ones for new hosts."""
        numbers = dict(self.numbers)
        for host in hosts:
            if host not in numbers:
                numbers[host] = min(set(range(len(numbers) + 1)) - set(numbers.values()))
        return replace(self, numbers=numbers)

    def surplus(self, lab: Lab) -> list[str]:
        """Hosts that have a number but are not in the lab."""
        return sorted(set(self.numbers) - {host.name for host in lab.hosts})

    def address(self, host: str) -> str:
        """A host's address; empty when it has none."""
        number = self.numbers.get(host)
        return "" if number is None else str(address(self.network, number))


def other_networks(lab: str) -> list[str]:
    """The networks allotted to all labs here but this one."""
    found = []
    for path in sorted(places.ROOT.iterdir()) if places.ROOT.is_dir() else []:
        network = Record.load(places.Place(path.name)).network_text
        if path.name != lab and network:
            found.append(network)
    return found
