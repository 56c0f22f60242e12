"""Host keys, pinned to machines: read once from a machine that was just made, then never again.

A key is read through Vagrant's own session with the machine, right after it was made; from then on
every connection has to show it. A pin goes with its machine's identity, and in known_hosts it
stands under an alias: it holds whatever address the machine has after a reload.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.nspawn.place import read_json, write_json
from kplay.lab.side_by_side import on_each

if TYPE_CHECKING:
    from kplay.lab.vagrant.place import Place
    from kplay.lab.vagrant.program import Vagrant

_READ = "cat /etc/ssh/ssh_host_*_key.pub"


def alias(lab: str, host: str) -> str:
    """The name under which known_hosts has a host's keys."""
    return f"{host}.{lab}.kplay-lab"


def pin(vagrant: Vagrant) -> list[str]:
    """Pin the keys of machines that are new, forget those of machines that are gone.

    Every machine there is has to run. Returns the hosts that were pinned now.

    Raises:
        HostsFailedError: machines did not tell their host keys.
    """
    place = vagrant.place
    made = {host: identity for host, (_, identity) in place.made().items()}
    old = read_json(place.pins)
    kept = {host: one for host, one in old.items() if made.get(host) == one["machine"]}
    new = sorted(set(made) - set(kept))
    keys: dict[str, list[str]] = {}
    broken_off = threading.Event()

    def read(host: str) -> None:
        keys[host] = _read(vagrant, host, broken_off)

    on_each(new, read, broken_off=broken_off)
    pins = {**kept, **{host: {"machine": made[host], "keys": keys[host]} for host in new}}
    if pins != old:
        write_json(place.pins, pins)
    _write_known_hosts(place, {host: one["keys"] for host, one in sorted(pins.items())})
    return new


def _read(vagrant: Vagrant, host: str, broken_off: threading.Event) -> list[str]:
    argv = ("ssh", host, "--no-tty", "--command", _READ)
    lines = vagrant.plain(*argv, broken_off=broken_off).splitlines()
    keys = [" ".join(line.split()[:2]) for line in lines if len(line.split()) >= 2]
    if not keys:
        raise KplayError(f"host `{host}` has no SSH host key in /etc/ssh")
    return keys


def _write_known_hosts(place: Place, keys: dict[str, list[str]]) -> None:
    lines = [f"{alias(place.lab, host)} {key}" for host, found in keys.items() for key in found]
    draft = place.known_hosts.with_name("known_hosts.new")
    draft.write_text("".join(f"{line}\n" for line in lines))
    draft.replace(place.known_hosts)
