"""The cable from a host to a network of its lab."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ipaddress import IPv4Interface


class Cable(NamedTuple):
    """One cable of a host: the bridge and the port in it, the host's namespace and interface.

    ``address`` is what the interface has, with the network that it is in.
    """

    bridge: str
    port: str
    space: str
    interface: str
    address: IPv4Interface

    @property
    def hardware(self) -> str:
        """The interface's hardware address.

        The same at every power-on, or neighbours would ask for the old one.
        """
        digest = hashlib.sha256(f"{self.space}/{self.bridge}".encode()).hexdigest()
        return ":".join(["02", *(digest[at : at + 2] for at in range(0, 10, 2))])


def port(position: int, network: int) -> str:
    """The name of a host's port in a bridge, by its position and the network's number.

    Linux bounds such names at 15 characters.
    """
    return f"port{position}n{network}" if network else f"port{position}"
