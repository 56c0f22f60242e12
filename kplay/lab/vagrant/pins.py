"""Host keys, pinned to machines: read once from a machine that was just made, then never again.

A key is read through Vagrant's own session with the machine, right after it was made; from then on
every connection has to show it. A pin goes with its machine's identity, and in known_hosts it
stands under an alias: it holds whatever address the machine has after a reload.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.nspawn.place import read_json, write_json

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
        KplayError: a machine did not tell its host keys.
    """
    place = vagrant.place
    made = {host: identity for host, (_, identity) in place.made().items()}
    old = read_json(place.pins)
    kept = {host: one for host, one in old.items() if made.get(host) == one["machine"]}
    new = sorted(set(made) - set(kept))
    with ThreadPoolExecutor(max_workers=4) as pool:
        keys = dict(zip(new, pool.map(lambda host: _read(vagrant, host), new), strict=True))
    pins = {**kept, **{host: {"machine": made[host], "keys": keys[host]} for host in new}}
    if pins != old:
        write_json(place.pins, pins)
    _write_known_hosts(place, {host: one["keys"] for host, one in sorted(pins.items())})
    return new


def _read(vagrant: Vagrant, host: str) -> list[str]:
    lines = vagrant.plain("ssh", host, "--no-tty", "--command", _READ).splitlines()
    keys = [" ".join(line.split()[:2]) for line in lines if len(line.split()) >= 2]
    if not keys:
        raise KplayError(f"host `{host}` has no SSH host key in /etc/ssh")
    return keys


def _write_known_hosts(place: Place, keys: dict[str, list[str]]) -> None:
    lines = [f"{alias(place.lab, host)} {key}" for host, found in keys.items() for key in found]
    draft = place.known_hosts.with_name("known_hosts.new")
    draft.write_text("".join(f"{line}\n" for line in lines))
    draft.replace(place.known_hosts)
