"""A lab's hosts from nothing, or from wherever they are, to SSH."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kplay.errors import KplayError, UnreachableError
from kplay.lab import inotify, ssh
from kplay.lab.commands import run
from kplay.lab.inventory import connection, inventory
from kplay.lab.not_up import coming_up, host_not_up
from kplay.lab.nspawn import faults, machine, network, slow, tree
from kplay.lab.nspawn.base import base_tree
from kplay.lab.nspawn.place import Place, held
from kplay.lab.nspawn.record import Record
from kplay.lab.side_by_side import HostsFailedError, on_each
from kplay.lab.write import save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.lab.model import Lab
    from kplay.lab.provider import Progress

USER = "kplay"
"""The user whose sudo asks nothing."""
# From power-on to a login: 2 to 5 s on a quiet machine, far more where others build beside it.
_PATIENCE = 120.0


def settle(lab: Lab, place: Place, say: Progress) -> Record:
    """Allot what the lab's networks and hosts have not yet, and keep the lab file.

    Raises:
        KplayError: the lab file has changed in what a standing lab cannot change.
    """
    made = Record.load(place).hosts
    bases = {
        system: base_tree(system, lab.packages, lambda message: say(lab.name, message))
        for system in dict.fromkeys(lab.os_of(host) for host in lab.hosts if host.name not in made)
    }
    with held(place.path.parent):
        record = Record.load(place).with_networks(lab).with_hosts(lab, bases)
        record.save(place)
        save(lab, place.lab_file)
    for host, one in record.hosts.items():
        if not Path(one.base).is_dir():
            raise KplayError(
                f"the base tree {one.base} of host `{host}` of lab `{lab.name}` is gone; take the"
                " lab down first"
            )
    return record


@coming_up()
def bring_up(lab: Lab, place: Place, record: Record, say: Progress) -> None:
    """Make and boot what is missing and wait for every host; those that answer are left alone.

    The inventory is written before the hosts boot, so it is there when some of them fail.

    Raises:
        HostsFailedError: some hosts could not be made, or do not answer.
    """
    network.make_bridges(lab.name, record.cidrs)
    tree.lab_keys(place)
    off = [one.name for one in lab.hosts if not machine.running(place.host(one.name))]
    if off and (warning := _inotify_warning(lab, place)):
        say(lab.name, warning)
    failed: dict[str, str] = {}
    try:
        on_each(off, lambda host: _prepare(lab, place, record, host))
    except HostsFailedError as error:
        failed = error.messages
    _write_inventory(lab, place, record)
    broken_off = threading.Event()

    def boot(host: str) -> None:
        host_up(lab, record, host, say, off=host in off, broken_off=broken_off)

    try:
        hosts = [one.name for one in lab.hosts if one.name not in failed]
        on_each(hosts, boot, broken_off=broken_off)
    except HostsFailedError as error:
        failed |= error.messages
    if failed:
        raise HostsFailedError(
            {one.name: failed[one.name] for one in lab.hosts if one.name in failed}
        )


def host_up(
    lab: Lab,
    record: Record,
    host: str,
    say: Progress,
    *,
    off: bool,
    broken_off: threading.Event | None = None,
) -> None:
    """Boot a host that is off, and wait until one answers.

    Raises:
        UnreachableError: it does not answer in time.
        CommandError: its network or its machine could not be made.
    """
    files, cables = Place(lab.name).host(host), record.cables(lab.name, host)
    if broken_off is not None and broken_off.is_set():
        raise UnreachableError(f"host `{host}` was not booted: broken off")
    if off:
        say(host, "booting")
        slow.end(files, network.lab_namespace(lab.name), cables)
        made = record.hosts[host]
        space = network.plug_host(lab.name, host, cables)
        cpus = next((one.cpus for one in lab.hosts if one.name == host), None) or 1
        name = f"{lab.name}-{host}"
        machine.boot(files, name, host, Path(made.base), space, cpus=cpus, sizes=made.disks)
    else:
        # A snapshot that was killed leaves its hosts frozen.
        machine.thaw(files)
        for fault in faults.heal(faults.Site(lab.name, host, cables)):
            say(host, f"healed: {fault}")
    wait(lab, record, host, broken_off)
    say(host, f"up at {record.address(host)}" if off else "already up")


def wait(lab: Lab, record: Record, host: str, broken_off: threading.Event | None = None) -> None:
    """Wait until a host answers.

    Raises:
        UnreachableError: it does not in time.
    """
    login = ssh_argv(lab, record, host, ["true"])
    reason = ssh.wait(record.address(host), login, seconds=_PATIENCE, broken_off=broken_off)
    if reason:
        console = machine.console_end(Place(lab.name).host(host))
        lines = [f"host `{host}` does not answer: {reason}", console, inotify.diagnosis(console)]
        raise UnreachableError("\n".join(line for line in lines if line))


def ssh_argv(
    lab: Lab, record: Record, host: str, command: Sequence[str], user: str = ""
) -> list[str]:
    """The ``ssh`` command line to a host.

    Raises:
        NotUpError: the host is not up.
    """
    place, address = Place(lab.name), record.address(host)
    if not address:
        raise host_not_up(lab, host)
    return ssh.argv(
        address,
        user or USER,
        key_file=place.key,
        known_hosts=place.known_hosts,
        command=command,
    )


def remove_host(lab: Lab, place: Place, record: Record, host: str) -> None:
    """Remove every trace of a host that is no longer in the lab file."""
    cables = record.cables(lab.name, host)
    slow.end(place.host(host), network.lab_namespace(lab.name), cables)
    machine.stop(place.host(host))
    machine.forget(f"{lab.name}-{host}")
    network.remove_host(lab.name, host, cables)
    run(["rm", "-rf", "--one-file-system", str(place.host(host).path)])
    del record.hosts[host]
    record.save(place)


def _inotify_warning(lab: Lab, place: Place) -> str:
    hosts = [place.host(one.name) for one in lab.hosts]
    own = {process for files in hosts for process in machine.members(files)}
    return inotify.warning(lab, lab.hosts, without=own)


def _prepare(lab: Lab, place: Place, record: Record, host: str) -> None:
    machine.stop(place.host(host))
    tree.host_layer(
        place,
        host,
        Path(record.hosts[host].base),
        cgroup_root=cgroup_root(lab.name, host),
        resolver=str(network.gateway(record.cidrs[0])),
    )


def _write_inventory(lab: Lab, place: Place, record: Record) -> None:
    keys = {
        record.address(host.name): key
        for host in lab.hosts
        if (key := tree.host_key(place.host(host.name)))
    }
    place.known_hosts.write_text(ssh.known_hosts_text(keys))
    data = inventory(
        lab,
        host_vars={
            host.name: {
                "ansible_host": record.address(host.name),
                "lab_address": record.address(host.name),
                "lab_addresses": record.addresses(host.name),
                "lab_cgroup_root": cgroup_root(lab.name, host.name),
            }
            for host in lab.hosts
        },
        shared=connection(USER, key_file=place.key, known_hosts=place.known_hosts),
        containers=True,
    )
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=False)
    place.inventory.write_text(text)


def cgroup_root(lab: str, host: str) -> str:
    """The cgroup below which a host's kubelet keeps its pods, as the host sees it."""
    return f"/{lab}-{host}"
