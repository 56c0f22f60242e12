"""The provider ``nspawn``: a lab's hosts from nothing to SSH, and back to nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kplay.lab import ssh
from kplay.lab.commands import need_programs, run
from kplay.lab.model import HostStatus
from kplay.lab.not_up import coming_up, host_not_up, lab_not_up
from kplay.lab.nspawn import disk, faults, machine, network, slow, snapshots
from kplay.lab.nspawn.bring_up import bring_up, host_up, remove_host, settle, wait
from kplay.lab.nspawn.bring_up import ssh_argv as argv_to
from kplay.lab.nspawn.limits import check
from kplay.lab.nspawn.place import Place, held, need_root
from kplay.lab.nspawn.record import Record
from kplay.lab.side_by_side import on_each, one_at_a_time
from kplay.lab.snapshot import readable_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kplay.lab.fault import Fault
    from kplay.lab.model import Lab
    from kplay.lab.provider import Progress
    from kplay.lab.snapshot import SnapshotFacts

_PROGRAMS = {
    "ip": "iproute2",
    "losetup": "mount",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
# Systemd gives a unit 90 s to stop; one that takes that long in a lab is stuck.
_SHUT_DOWN = 60.0


class Nspawn:
    """Implements all protocols of ``kplay.lab.provider``."""

    def up(self, lab: Lab, progress: Progress) -> Path:
        """Make what is missing and wait for every host; hosts that answer are left alone."""
        check(lab)
        need_root()
        say = one_at_a_time(progress)
        for package in need_programs(_PROGRAMS):
            say(lab.name, f"installed {package}")
        place = Place(lab.name)
        with coming_up(), held(place.path):
            place.path.chmod(0o700)
            record = Record.load(place)
            for gone in record.surplus(lab):
                say(gone, "no longer in the lab file: removing")
                remove_host(lab, place, record, gone)
            record = settle(lab, place, say)
            if finished := snapshots.finish(place, record):
                say(lab.name, f"finished putting back the snapshot `{finished}`")
            bring_up(lab, place, record, say)
        return place.inventory

    def status(self, lab: Lab) -> list[HostStatus]:
        """The state of every host, asked in parallel."""
        need_root()
        record = Record.load(Place(lab.name))
        with ThreadPoolExecutor(max_workers=8) as pool:
            return list(pool.map(lambda host: self._state(lab, record, host.name), lab.hosts))

    def halt(self, lab: Lab, progress: Progress) -> None:
        """Shut every host down, in parallel; one that takes too long has its plug pulled.

        Raises:
            NotUpError: the lab is not up.
            KplayError: something of a host does not go away.
        """
        say = one_at_a_time(progress)
        with self._standing(lab) as (_, record):

            def shut_down(host: str) -> None:
                site = faults.Site(lab.name, host, record.cables(lab.name, host))
                said = "already stopped"
                if machine.running(site.files):
                    machine.thaw(site.files)
                    # What a full disk has let pass would go with the machine's memory.
                    disk.free(site.files)
                    clean = machine.shut_down(site.files, seconds=_SHUT_DOWN)
                    late = f"not down after {_SHUT_DOWN:.0f} s, so its plug was pulled"
                    said = "stopped" if clean else late
                machine.stop(site.files)
                slow.end(site.files, network.lab_namespace(lab.name), site.cables)
                say(host, said)

            on_each(record.hosts, shut_down)

    def down(self, lab: Lab, progress: Progress) -> None:
        """Remove processes, cgroups, namespaces, links and files, whatever is left of them."""
        need_root()
        place = Place(lab.name)
        if not place.path.exists() and network.lab_namespace(lab.name) not in network.namespaces():
            progress(lab.name, "not up")
            return
        with held(place.path):
            hosts = place.path / "hosts"
            for files in sorted(hosts.iterdir()) if hosts.is_dir() else []:
                slow.stop(place.host(files.name))
                machine.stop(place.host(files.name))
                machine.forget(f"{lab.name}-{files.name}")
                progress(files.name, "removed")
            network.remove_all(lab.name)
            run(["rm", "-rf", "--one-file-system", str(place.path)])
        with suppress(OSError):
            place.path.parent.rmdir()
        progress(lab.name, "down")

    def begun(self, lab: Lab) -> list[str] | None:
        """The hosts that run; None where nothing of the lab is left."""
        place = Place(lab.name)
        if not place.path.exists():
            return None
        return [one.name for one in lab.hosts if machine.running(place.host(one.name))]

    def ssh_argv(self, lab: Lab, host: str, command: Sequence[str], user: str) -> list[str]:
        """The ``ssh`` command line to a host of a lab that is up.

        Raises:
            NotUpError: the host is not up.
        """
        place = _readable(lab)
        record = Record.load(place)
        if not record.hosts:
            raise lab_not_up(lab)
        if not machine.running(place.host(host)):
            raise host_not_up(lab, host)
        return argv_to(lab, record, host, command, user)

    def inventory(self, lab: Lab) -> Path:
        """Where the lab's inventory is while it is up.

        Raises:
            KplayError: it is up, and only root may look at it.
        """
        return _readable(lab).inventory

    def become_password(self, lab: Lab) -> str:
        """The password of ``ops``.

        Raises:
            NotUpError: the lab is not up.
        """
        try:
            return Place(lab.name).password.read_text()
        except FileNotFoundError as error:
            raise lab_not_up(lab) from error

    def take(self, lab: Lab, name: str, progress: Progress) -> None:
        """Keep every host as it is, all at the same moment; running hosts stand still meanwhile.

        Raises:
            NotUpError: the lab is not up.
            KplayError: a host could not be frozen or copied.
        """
        with self._standing(lab) as (place, record):
            snapshots.take(place, record, name, one_at_a_time(progress))
            size = next(one.size for one in snapshots.facts(place) if one.name == name)
            progress(lab.name, f"snapshot `{name}`: {readable_size(size or 0)}")

    def restore(self, lab: Lab, name: str, progress: Progress) -> None:
        """Cut all hosts' power, put their files back, and boot them.

        Raises:
            NotUpError: the lab is not up.
            KplayError: it has no such snapshot, or a host does not answer.
        """
        say = one_at_a_time(progress)
        with self._standing(lab) as (place, record):
            snapshots.restore(place, record, name)
            say(lab.name, f"snapshot `{name}` put back")
            bring_up(lab, place, record, say)

    def names(self, lab: Lab) -> list[str]:
        """The snapshots that there are, oldest first."""
        return [one.name for one in self.facts(lab)]

    def facts(self, lab: Lab) -> list[SnapshotFacts]:
        """What there is to say of every snapshot, oldest first.

        Raises:
            NotUpError: the lab is not up.
        """
        return snapshots.facts(self._made(lab))

    def remove(self, lab: Lab, name: str) -> None:
        """Remove a snapshot.

        Raises:
            NotUpError: the lab is not up.
            KplayError: it has no such snapshot.
        """
        with self._standing(lab) as (place, _):
            snapshots.remove(place, name)

    def kill(self, lab: Lab, host: str) -> None:
        """Stop a host at once: every process of it dies, nothing is flushed by it."""
        self._record(lab, host)
        machine.stop(Place(lab.name).host(host))

    def start(self, lab: Lab, host: str, progress: Progress) -> None:
        """Boot a stopped host with what it had written, in a new network namespace."""
        record = self._record(lab, host)
        off = not machine.running(Place(lab.name).host(host))
        host_up(lab, record, host, progress, off=off)

    def set_link(self, lab: Lab, host: str, *, connected: bool) -> None:
        """Plug a host's cables in or out at the bridges."""
        cables = self._record(lab, host).cables(lab.name, host)
        network.set_ports(lab.name, cables, connected=connected)

    def fault(self, lab: Lab, host: str, fault: Fault, progress: Progress) -> None:
        """Bring a fault about on a host that is up."""
        record = self._record(lab, host)
        site = faults.Site(lab.name, host, record.cables(lab.name, host))
        # Only a reboot gives power to a host that is off.
        if fault.kind != "reboot" and not machine.running(site.files):
            raise host_not_up(lab, host)
        with held(Place(lab.name).path):
            faults.bring(site, fault, lambda: self.start(lab, host, progress))
            stand = faults.standing(site)
        progress(host, ", ".join(stand) if stand else "no fault stands")

    def heal(self, lab: Lab, host: str, progress: Progress) -> None:
        """Take every fault of a host away and wait until it answers."""
        record = self._record(lab, host)
        site = faults.Site(lab.name, host, record.cables(lab.name, host))
        # A controller that rebooted has none of the lab's links.
        if network.lab_namespace(lab.name) not in network.namespaces():
            raise host_not_up(lab, host)
        with held(Place(lab.name).path):
            healed = faults.heal(site)
        if not machine.running(site.files):
            raise host_not_up(lab, host)
        wait(lab, record, host)
        progress(host, f"healed: {', '.join(healed)}" if healed else "had no fault")

    def upper(self, lab: Lab, host: str) -> Path:
        """What a host wrote, but for the directories of ``BESIDE`` and disks."""
        self._record(lab, host)
        return Place(lab.name).host(host).upper

    def _record(self, lab: Lab, host: str) -> Record:
        """The record of a lab that has a host."""
        record = Record.load(self._made(lab))
        if host not in record.hosts:
            raise host_not_up(lab, host)
        return record

    @contextmanager
    def _standing(self, lab: Lab) -> Iterator[tuple[Place, Record]]:
        """The files and record of a lab that was made, held against other deeds."""
        place = self._made(lab)
        with held(place.path):
            yield place, Record.load(place)

    def _made(self, lab: Lab) -> Place:
        """The files of a lab that was made."""
        need_root()
        place = Place(lab.name)
        if not Record.load(place).hosts:
            raise lab_not_up(lab)
        return place

    def _state(self, lab: Lab, record: Record, host: str) -> HostStatus:
        address = record.address(host)
        if not address:
            return HostStatus(host, "absent", "")
        if not machine.running(Place(lab.name).host(host)):
            return HostStatus(host, "stopped", address)
        stand = faults.standing(faults.Site(lab.name, host, record.cables(lab.name, host)))
        others = tuple(fault for fault in stand if fault != "cut")
        if "cut" in stand:
            return HostStatus(host, "cut", address, others)
        # A link that is slow by seconds answers late.
        speaks = ssh.speaks(address, seconds=10.0 if others else 1.0)
        return HostStatus(host, "running" if speaks else "starting", address, others)


def _readable(lab: Lab) -> Place:
    """The files of a lab, which are closed to others than root while it is up."""
    place = Place(lab.name)
    if place.path.exists():
        need_root()
    return place
