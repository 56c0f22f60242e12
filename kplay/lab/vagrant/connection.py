"""A Vagrant machine's connection: as a command line of ssh, and as variables of an inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.lab import ssh
from kplay.lab.inventory import connection
from kplay.lab.vagrant.pins import alias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.vagrant.place import Place
    from kplay.lab.vagrant.reach import Reach


def login(
    place: Place, host: str, at: Reach, *, user: str, command: Sequence[str] = ()
) -> list[str]:
    """The command line of ``ssh`` to a host; as Vagrant's own user without ``user``."""
    more = [f"HostKeyAlias={alias(place.lab, host)}", f"Port={at.port}"]
    if at.proxy:
        more.append(f"ProxyCommand={at.proxy}")
    return ssh.argv(
        at.address,
        user or at.user,
        key_file=at.key,
        known_hosts=place.known_hosts,
        command=command,
        more=more,
    )


def variables(place: Place, host: str, at: Reach | None, address: str) -> dict[str, Any]:
    """The variables by which kplay and Ansible reach a host; one that does not run has few."""
    if at is None:
        return {"ansible_host": address}
    found = {
        "ansible_host": at.address,
        "ansible_port": at.port,
        **connection(at.user, key_file=at.key, known_hosts=place.known_hosts),
    }
    found["ansible_ssh_common_args"] += f" -o HostKeyAlias={alias(place.lab, host)}"
    if at.proxy:
        found["ansible_ssh_common_args"] += f" -o ProxyCommand='{at.proxy}'"
    return found
