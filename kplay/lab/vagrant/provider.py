"""The provider ``vagrant``: a lab's hosts by way of the Vagrantfile, each pinned to its host key."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from kplay.errors import CommandError, KplayError, UnreachableError
from kplay.lab import inotify, ssh
from kplay.lab.fault import parse
from kplay.lab.inventory import inventory
from kplay.lab.load import load
from kplay.lab.model import HostStatus
from kplay.lab.side_by_side import HostsFailedError, on_each
from kplay.lab.not_up import coming_up, host_not_up, lab_not_up
from kplay.lab.nspawn.place import held
from kplay.lab.vagrant import boxes, faults
from kplay.lab.vagrant.arrival import RUNNING, states, wait, write_inventory
from kplay.lab.vagrant.connection import login, variables
from kplay.lab.vagrant.limits import CONTAINERS, check
from kplay.lab.vagrant.networks import addresses, settled
from kplay.lab.vagrant.pins import pin
from kplay.lab.vagrant.place import Place
from kplay.lab.vagrant.program import of_lab
from kplay.lab.vagrant.reach import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kplay.lab.fault import Fault
    from kplay.lab.model import Lab
    from kplay.lab.provider import Progress
    from kplay.lab.vagrant.messages import Message
    from kplay.lab.vagrant.program import Vagrant
    from kplay.lab.vagrant.reach import Reach

_BOOTED = "Machine booted and ready!"
# Vagrant's providers call the same state by many names; what is neither of these is stopped.
_ABSENT = {"not_created", "preparing"}


class VagrantLab:
    """Implements ``Provider``, ``Snapshots`` and ``Faults`` of ``kplay.lab.provider``."""

    def up(self, lab: Lab, progress: Progress) -> Path:
        """Make and boot what is missing; hosts that run are left alone.

        Raises:
            InputError: the lab file says what such machines cannot be.
            KplayError: vagrant or its provider is missing or failed, a host shows another host key
                than the pinned one, or hosts that there are would get other addresses.
        """
        lab, place = settled(lab), Place(lab.name)
        vagrant = of_lab(lab)
        check(lab, vagrant.provider)
        with coming_up(), held(place.path):
            place.path.chmod(0o700)
            try:
                _settle(lab, vagrant, progress)
                boxes.prepare(lab, vagrant, progress)
                booted: set[str] = set()
                sites = [faults.Site(vagrant, lab, host) for host in faults.given(vagrant)]
                for site in sites:
                    faults.reconnect(site)
                _warn(lab, vagrant, progress)
                vagrant.told("up", heard=_hear(lab, progress, booted))
                pin(vagrant)
                found = write_inventory(lab, vagrant)
                wait(lab, found)
                for site in sites:
                    faults.heal(site)
                    progress(site.host, "healed")
            except (KplayError, KeyboardInterrupt):
                if not place.made():
                    shutil.rmtree(place.path)
                raise
        for host in lab.hosts:
            at = next(iter(addresses(lab, host).values()))
            progress(host.name, f"up at {at}" if host.name in booted else "already up")
        return place.inventory

    def status(self, lab: Lab) -> list[HostStatus]:
        """The state of every host, as vagrant says and as its SSH server answers."""
        lab, vagrant = settled(lab), of_lab(lab)
        known = states(vagrant) if vagrant.place.made() else {}
        running = [host for host, state in known.items() if state in RUNNING]
        found = reach(vagrant, *running) if running else {}

        def speaks(host: str) -> bool:
            # Where a proxy leads to a host, only a login could tell.
            at = found.get(host)
            return at is not None and (at.proxy != "" or ssh.speaks(at.address, port=at.port))

        rows = []
        for host in lab.hosts:
            state = known.get(host.name, "not_created")
            address = next(iter(addresses(lab, host).values()))
            stand = _standing_faults(vagrant, lab, host.name) if host.name in running else []
            if state in _ABSENT:
                rows.append(HostStatus(host.name, "absent", ""))
            elif "cut" in stand:
                rows.append(HostStatus(host.name, "cut", address))
            elif host.name in running:
                # A host that told its faults let us log in; on a slow link it answers late.
                answers = "running" if stand or speaks(host.name) else "starting"
                rows.append(HostStatus(host.name, answers, address, tuple(stand)))
            else:
                rows.append(HostStatus(host.name, "stopped", address))
        return rows

    def halt(self, lab: Lab, progress: Progress) -> None:
        """Shut every host down; ``up`` boots it with what it had written."""
        vagrant = _standing(lab)
        vagrant.told("halt", heard=_hear(lab, progress))

    def fault(self, lab: Lab, host: str, fault: Fault, progress: Progress) -> None:
        """Bring a fault about on a host that runs.

        Raises:
            NotUpError: it does not run.
            KplayError: no such host can have it.
        """
        site = _site(lab, host)
        # What works within a host finds out when it logs in.
        if fault.kind == "cut":
            _whereabouts(site.vagrant, lab, host)
        with held(site.vagrant.place.path):
            if fault.kind == "reboot":
                _reboot(site, progress)
            else:
                faults.bring(site, fault)
            stand = faults.standing(site)
        progress(host, ", ".join(stand) if stand else "no fault stands")

    def heal(self, lab: Lab, host: str, progress: Progress) -> None:
        """Take every fault of a host away; what does so logs in, so it answers.

        Raises:
            NotUpError: it does not run.
        """
        site = _site(lab, host)
        with held(site.vagrant.place.path):
            healed = faults.heal(site)
        if not healed:
            _whereabouts(site.vagrant, lab, host)
        progress(host, "healed" if healed else "had no fault")

    def down(self, lab: Lab, progress: Progress) -> None:
        """Destroy every machine and remove the lab's files.

        Raises:
            KplayError: vagrant is missing, or could not destroy a machine.
        """
        place = Place(lab.name)
        if not place.path.exists():
            progress(lab.name, "not up")
            return
        with held(place.path):
            if place.made():
                _keep(lab, place, always=False)
                vagrant = of_lab(load(place.lab_file))
                vagrant.told("destroy", "--force", "--parallel", heard=_hear(lab, progress))
            left = sorted(place.made())
            if left:
                raise KplayError(f"vagrant did not destroy {', '.join(left)} of lab `{lab.name}`")
            shutil.rmtree(place.path)
        with suppress(OSError):
            place.path.parent.rmdir()
        progress(lab.name, "down")

    def begun(self, lab: Lab) -> list[str] | None:
        """The hosts that Vagrant has made; None where nothing of the lab is left."""
        place = Place(lab.name)
        made = place.made()
        return [one.name for one in lab.hosts if one.name in made] if place.path.exists() else None

    def ssh_argv(self, lab: Lab, host: str, command: Sequence[str], user: str) -> list[str]:
        """The ``ssh`` command line to a host.

        Raises:
            NotUpError: the host is not up.
        """
        vagrant = _standing(lab)
        at = _whereabouts(vagrant, lab, host)
        return login(vagrant.place, host, at, user=user, command=command)

    def inventory(self, lab: Lab) -> Path:
        """Where the lab's inventory is; where the lab is up, it is written anew."""
        place = Place(lab.name)
        if place.inventory.is_file():
            with held(place.path):
                write_inventory(settled(lab), of_lab(lab))
        return place.inventory

    def take(self, lab: Lab, name: str, progress: Progress) -> None:
        """Keep every host as it is now, by Vagrant's own snapshots.

        Raises:
            KplayError: the Vagrant provider has none.
        """
        _standing(lab).told("snapshot", "save", "--force", name, heard=_hear(lab, progress))

    def restore(self, lab: Lab, name: str, progress: Progress) -> None:
        """Put every host back to a snapshot; vagrant waits until it answers."""
        vagrant = _standing(lab)
        arguments = ("snapshot", "restore", "--no-provision", name)
        vagrant.told(*arguments, heard=_hear(lab, progress))
        with held(vagrant.place.path):
            wait(lab, write_inventory(settled(lab), vagrant))

    def names(self, lab: Lab) -> list[str]:
        """The snapshots that every host has, in the order in which vagrant has them."""
        found: dict[str, list[str]] = {}
        for message in _standing(lab).told("snapshot", "list").messages:
            if message.kind != "ui" or not message.target:
                continue
            if message.data[0] == "output" and not message.text:
                # The names follow; where there are none, it says so here.
                found[message.target] = []
            elif message.data[0] == "detail" and message.target in found:
                found[message.target].append(message.text)
        lists = list(found.values())
        return [one for one in lists[0] if all(one in other for other in lists)] if lists else []

    def remove(self, lab: Lab, name: str) -> None:
        """Forget a snapshot of every host."""
        _standing(lab).told("snapshot", "delete", name)


def _warn(lab: Lab, vagrant: Vagrant, progress: Progress) -> None:
    """Say where containers that are to be booted may exhaust what they share with this machine."""
    if vagrant.provider not in CONTAINERS:
        return
    known = states(vagrant) if vagrant.place.made() else {}
    off = [one for one in lab.hosts if known.get(one.name) not in RUNNING]
    if off and (warning := inotify.warning(lab, off)):
        progress(lab.name, warning)


def _site(lab: Lab, host: str) -> faults.Site:
    vagrant = _standing(lab)
    if host not in vagrant.place.made():
        raise host_not_up(lab, host)
    return faults.Site(vagrant, settled(lab), host)


def _whereabouts(vagrant: Vagrant, lab: Lab, host: str) -> Reach:
    """Where a host is that runs."""
    try:
        return reach(vagrant, host)[host]
    except (CommandError, KeyError) as error:
        raise host_not_up(lab, host) from error


def _standing_faults(vagrant: Vagrant, lab: Lab, host: str) -> list[str]:
    """The faults of a host that runs; none where it does not say."""
    if host in faults.given(vagrant):
        with suppress(KplayError):
            return faults.standing(faults.Site(vagrant, lab, host))
    return []


def _reboot(site: faults.Site, progress: Progress) -> None:
    """Pull the plug and give power again; other faults stand after it as before."""
    stood = faults.standing(site)
    if "cut" in stood:
        raise KplayError(
            f"host `{site.host}` is cut off, and nobody would see it come back: heal it first"
        )
    heard = _hear(site.lab, progress)
    site.vagrant.told("halt", "--force", site.host, heard=heard)
    site.vagrant.told("up", "--no-provision", site.host, heard=heard)
    _wait_for(site)
    for words in stood:
        faults.bring(site, parse(*words.split()))


def _wait_for(site: faults.Site) -> None:
    """Write the inventory anew and log in to a host."""
    found = write_inventory(site.lab, site.vagrant)
    only = tuple(one for one in site.lab.hosts if one.name == site.host)
    wait(replace(site.lab, hosts=only), {k: v for k, v in found.items() if k == site.host})


def _standing(lab: Lab) -> Vagrant:
    if not Place(lab.name).lab_file.is_file():
        raise lab_not_up(lab)
    return of_lab(lab)


def _settle(lab: Lab, vagrant: Vagrant, progress: Progress) -> None:
    """Destroy hosts that the lab file no longer has, and keep the file for Vagrant to read."""
    place = vagrant.place
    made = place.made()
    if made and place.lab_file.is_file():
        old = settled(load(place.lab_file))
        _check_addresses(old, lab, set(made))
        gone = sorted(set(made) - {host.name for host in lab.hosts})
        for host in gone:
            progress(host, "no longer in the lab file: destroying")
        if gone:
            vagrant.told("destroy", "--force", *gone, heard=_hear(lab, progress))
    _keep(lab, place, always=True)


def _keep(lab: Lab, place: Place, *, always: bool) -> None:
    from kplay.lab.write import save

    if always or not place.lab_file.is_file():
        save(settled(lab), place.lab_file)


def _check_addresses(old: Lab, new: Lab, made: set[str]) -> None:
    """Refuse a lab file that would move hosts that there are: Vagrant gave them their addresses."""
    before = {host.name: addresses(old, host) for host in old.hosts}
    for host in new.hosts:
        wanted = addresses(new, host)
        if host.name in made and before.get(host.name, wanted) != wanted:
            raise KplayError(
                f"host `{host.name}` of lab `{new.name}` is at"
                f" {', '.join(before[host.name].values())}, its file says"
                f" {', '.join(wanted.values())}; take the lab down first"
            )


def _hear(lab: Lab, progress: Progress, booted: set[str] | None = None) -> Callable[[Message], None]:
    """Pass on what vagrant says of each host; the names of those it booted go to ``booted``."""
    hosts = {host.name for host in lab.hosts}.union(Place(lab.name).made())

    def heard(message: Message) -> None:
        step = message.step
        if not step or message.target not in hosts:
            return
        if step == _BOOTED and booted is not None:
            booted.add(message.target)
        else:
            progress(message.target, step[:1].lower() + step[1:])

    return heard
