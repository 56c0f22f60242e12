"""Hosts that Vagrant has booted: how they are, where they are, and whether a login works."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import yaml

from kplay.errors import CommandError, UnreachableError
from kplay.lab import ssh
from kplay.lab.inventory import inventory
from kplay.lab.side_by_side import HostsFailedError, on_each
from kplay.lab.vagrant.connection import login, variables
from kplay.lab.vagrant.limits import CONTAINERS
from kplay.lab.vagrant.networks import addresses
from kplay.lab.vagrant.place import Place
from kplay.lab.vagrant.reach import reach

if TYPE_CHECKING:
    from kplay.lab.model import Lab
    from kplay.lab.vagrant.program import Vagrant
    from kplay.lab.vagrant.reach import Reach

RUNNING = {"running", "up"}
"""What Vagrant's providers call the state of a host that runs."""
# Vagrant has logged in before: this is for one more login, with the pinned key.
_PATIENCE = 30.0


def states(vagrant: Vagrant) -> dict[str, str]:
    """The state of every host, by its name, in its Vagrant provider's own word."""
    messages = vagrant.told("status").messages
    return {one.target: one.data[0] for one in messages if one.kind == "state"}


def write_inventory(lab: Lab, vagrant: Vagrant) -> dict[str, Reach]:
    """Ask where the hosts are, write the inventory, and return what was found.

    A host that does not run stands in it with its address in the lab.
    """
    place = vagrant.place
    names = [host.name for host in lab.hosts]
    try:
        found = reach(vagrant, *names)
    except CommandError:
        known = states(vagrant)
        running = [name for name in names if known.get(name) in RUNNING]
        found = reach(vagrant, *running) if running else {}
    host_vars = {}
    for host in lab.hosts:
        at = addresses(lab, host)
        first = next(iter(at.values()))
        host_vars[host.name] = {
            **variables(place, host.name, found.get(host.name), first),
            "lab_address": first,
            "lab_addresses": at,
        }
    made = {provider for provider, _ in place.made().values()}
    containers = bool(made.intersection(CONTAINERS))
    data = inventory(lab, host_vars=host_vars, shared={}, containers=containers)
    draft = place.inventory.with_name("inventory.yml.new")
    draft.write_text(yaml.safe_dump(data, sort_keys=False, default_flow_style=False))
    draft.replace(place.inventory)
    return found


def wait(lab: Lab, found: dict[str, Reach]) -> None:
    """Log in to every host with its pinned key; all that did not work is told at once."""
    place = Place(lab.name)
    faults: list[str] = []
    broken_off = threading.Event()

    def answer(host: str) -> None:
        at = found[host]
        argv = login(place, host, at, user="", command=["true"])
        port = 0 if at.proxy else at.port
        why = ssh.wait(at.address, argv, seconds=_PATIENCE, port=port, broken_off=broken_off)
        if why:
            raise UnreachableError(f"host `{host}` does not answer: {why}")

    try:
        on_each(found, answer, broken_off=broken_off)
    except HostsFailedError as error:
        faults += error.messages.values()
    faults += [
        f"host `{host.name}` does not run, says vagrant"
        for host in lab.hosts
        if host.name not in found
    ]
    if faults:
        raise UnreachableError("\n".join(faults))
