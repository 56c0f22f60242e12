"""The provider ``nspawn``: a lab's hosts from nothing to SSH, and back to nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import yaml

from kplay.errors import KplayError
from kplay.lab import ssh
from kplay.lab.commands import need_programs, run
from kplay.lab.inventory import connection, inventory
from kplay.lab.model import HostStatus
from kplay.lab.nspawn import faults, machine, network, slow, tree
from kplay.lab.nspawn.base import base_tree
from kplay.lab.nspawn.limits import check
from kplay.lab.nspawn.place import Place, held, need_root
from kplay.lab.nspawn.record import Record, other_networks
from kplay.lab.write import save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kplay.lab.fault import Fault
    from kplay.lab.model import Lab
    from kplay.lab.provider import Progress

_PROGRAMS = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
# From power-on to a login: 2 to 5 s on a quiet machine, far more where others build beside it.
_PATIENCE = 120.0
_USER = "kplay"


class Nspawn:
    """Implements all protocols of ``kplay.lab.provider`` but ``Snapshots``."""

    def up(self, lab: Lab, progress: Progress) -> Path:
        """Make what is missing and wait for every host; hosts that answer are left alone."""
        check(lab)
        need_root()
        say = _one_at_a_time(progress)
        for package in need_programs(_PROGRAMS):
            say(lab.name, f"installed {package}")
        base = base_tree(lab, lambda message: say(lab.name, message))
        place = Place(lab.name)
        with held(place.path):
            place.path.chmod(0o700)
            record = self._settle(lab, place, base)
            for gone in record.surplus(lab):
                say(gone, "no longer in the lab file: removing")
                self._remove_host(lab, record, gone)
            network.make_bridge(lab.name, record.network)
            tree.lab_keys(place)
            off = [one.name for one in lab.hosts if not machine.running(place.host(one.name))]
            for name in off:
                machine.stop(place.host(name))
                tree.host_layer(
                    place,
                    name,
                    record.base,
                    cgroup_root=cgroup_root(lab.name, name),
                    resolver=str(network.gateway(record.network)),
                )
            self._write_inventory(lab, place, record)
            with ThreadPoolExecutor(max_workers=8) as pool:
                tasks = [
                    pool.submit(self._host_up, lab, record, host.name, say, off=host.name in off)
                    for host in lab.hosts
                ]
            errors = [str(error) for task in tasks if (error := task.exception()) is not None]
            if errors:
                raise KplayError("\n".join(errors))
        return place.inventory

    def status(self, lab: Lab) -> list[HostStatus]:
        """The state of every host, asked in parallel."""
        need_root()
        record = Record.load(Place(lab.name))
        with ThreadPoolExecutor(max_workers=8) as pool:
            return list(pool.map(lambda host: self._state(lab, record, host.name), lab.hosts))

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

    def ssh_argv(self, lab: Lab, host: str, command: Sequence[str], user: str) -> list[str]:
        """The ``ssh`` command line to a host of a lab that is up.

        Raises:
            KplayError: the host is not up.
        """
        place = Place(lab.name)
        address = Record.load(place).address(host)
        if not address:
            raise KplayError(f"host `{host}` of lab `{lab.name}` is not up")
        return ssh.argv(
            address,
            user or _USER,
            key_file=place.key,
            known_hosts=place.known_hosts,
            command=command,
        )

    def inventory(self, lab: Lab) -> Path:
        """Where the lab's inventory is while it is up."""
        return Place(lab.name).inventory

    def become_password(self, lab: Lab) -> str:
        """The password of ``ops``.

        Raises:
            KplayError: the lab is not up.
        """
        try:
            return Place(lab.name).password.read_text()
        except FileNotFoundError as error:
            raise KplayError(f"lab `{lab.name}` is not up") from error

    def kill(self, lab: Lab, host: str) -> None:
        """Stop a host at once: every process of it dies, nothing is flushed by it."""
        self._number(lab, host)
        machine.stop(Place(lab.name).host(host))

    def start(self, lab: Lab, host: str, progress: Progress) -> None:
        """Boot a stopped host with what it had written, in a new network namespace."""
        record = Record.load(Place(lab.name))
        self._number(lab, host)
        off = not machine.running(Place(lab.name).host(host))
        self._host_up(lab, record, host, progress, off=off)

    def set_link(self, lab: Lab, host: str, *, connected: bool) -> None:
        """Plug a host's cable in or out at the bridge."""
        network.set_port(lab.name, self._number(lab, host), connected=connected)

    def fault(self, lab: Lab, host: str, fault: Fault, progress: Progress) -> None:
        """Bring a fault about on a host that is up."""
        site = faults.Site(lab.name, host, self._number(lab, host))
        with held(Place(lab.name).path):
            faults.bring(site, fault, lambda: self.start(lab, host, progress))
            stand = faults.standing(site)
        progress(host, ", ".join(stand) if stand else "no fault stands")

    def heal(self, lab: Lab, host: str, progress: Progress) -> None:
        """Take every fault of a host away and wait until it answers."""
        site = faults.Site(lab.name, host, self._number(lab, host))
        with held(Place(lab.name).path):
            healed = faults.heal(site)
        if not machine.running(site.files):
            raise KplayError(f"host `{host}` is off: `kplay lab up {lab.name}` starts it")
        self._wait(lab, host, Record.load(Place(lab.name)).address(host))
        progress(host, f"healed: {', '.join(healed)}" if healed else "had no fault")

    def upper(self, lab: Lab, host: str) -> Path:
        """What a host wrote, but for ``/var/lib/containerd`` and ``/var/lib/kubelet``."""
        self._number(lab, host)
        return Place(lab.name).host(host).upper

    def _number(self, lab: Lab, host: str) -> int:
        need_root()
        number = Record.load(Place(lab.name)).numbers.get(host)
        if number is None:
            raise KplayError(f"host `{host}` of lab `{lab.name}` is not up")
        return number

    def _settle(self, lab: Lab, place: Place, base: Path) -> Record:
        """Allot the lab's network and its hosts' numbers; those allotted before stay."""
        cidr = lab.networks[0].cidr
        with held(place.path.parent):
            record = Record.load(place)
            if not record.network_text:
                others = other_networks(lab.name)
                chosen = network.choose_network(lab.name, cidr, others)
                record = Record(str(chosen), {}, str(base))
            elif cidr is not None and cidr != record.network:
                raise KplayError(
                    f"lab `{lab.name}` is up on {record.network}, its file says {cidr};"
                    " take it down first"
                )
            record = record.numbered([host.name for host in lab.hosts])
            record.save(place)
            save(lab, place.lab_file)
        if not record.base.is_dir():
            raise KplayError(
                f"the base tree {record.base} of lab `{lab.name}` is gone; take the lab down first"
            )
        return record

    def _write_inventory(self, lab: Lab, place: Place, record: Record) -> None:
        keys = {
            record.address(host.name): tree.host_key(place.host(host.name)) for host in lab.hosts
        }
        place.known_hosts.write_text(ssh.known_hosts_text(keys))
        data = inventory(
            lab,
            host_vars={
                host.name: {
                    "ansible_host": record.address(host.name),
                    "lab_address": record.address(host.name),
                    "lab_addresses": {lab.networks[0].name: record.address(host.name)},
                    "lab_cgroup_root": cgroup_root(lab.name, host.name),
                }
                for host in lab.hosts
            },
            shared=connection(_USER, key_file=place.key, known_hosts=place.known_hosts),
            containers=True,
        )
        text = yaml.safe_dump(data, sort_keys=False, default_flow_style=False)
        place.inventory.write_text(text)

    def _host_up(self, lab: Lab, record: Record, host: str, say: Progress, *, off: bool) -> None:
        files, number = Place(lab.name).host(host), record.numbers[host]
        if off:
            say(host, "booting")
            slow.end(files, network.lab_namespace(lab.name), network.cables(lab.name, host, number))
            space = network.plug_host(lab.name, host, number, record.network)
            cpus = next((one.cpus for one in lab.hosts if one.name == host), None) or 1
            machine.boot(files, f"{lab.name}-{host}", host, record.base, space, cpus=cpus)
        else:
            for fault in faults.heal(faults.Site(lab.name, host, number)):
                say(host, f"healed: {fault}")
        self._wait(lab, host, record.address(host))
        say(host, f"up at {record.address(host)}" if off else "already up")

    def _wait(self, lab: Lab, host: str, address: str) -> None:
        login = self.ssh_argv(lab, host, ["true"], _USER)
        reason = ssh.wait(address, login, seconds=_PATIENCE)
        if reason:
            console = machine.console_end(Place(lab.name).host(host))
            raise KplayError(f"host `{host}` does not answer: {reason}\n{console}".rstrip())

    def _state(self, lab: Lab, record: Record, host: str) -> HostStatus:
        address = record.address(host)
        if not address:
            return HostStatus(host, "absent", "")
        if not machine.running(Place(lab.name).host(host)):
            return HostStatus(host, "stopped", address)
        stand = faults.standing(faults.Site(lab.name, host, record.numbers[host]))
        others = tuple(fault for fault in stand if fault != "cut")
        if "cut" in stand:
            return HostStatus(host, "cut", address, others)
        # A link that is slow by seconds answers late.
        speaks = ssh.speaks(address, seconds=10.0 if others else 1.0)
        return HostStatus(host, "running" if speaks else "starting", address, others)

    def _remove_host(self, lab: Lab, record: Record, host: str) -> None:
        place = Place(lab.name)
        cables = network.cables(lab.name, host, record.numbers[host])
        slow.end(place.host(host), network.lab_namespace(lab.name), cables)
        machine.stop(place.host(host))
        machine.forget(f"{lab.name}-{host}")
        network.remove_host(lab.name, host, record.numbers.pop(host))
        run(["rm", "-rf", "--one-file-system", str(place.host(host).path)])
        record.save(place)


def cgroup_root(lab: str, host: str) -> str:
    """The cgroup below which a host's kubelet keeps its pods, as the host sees it."""
    return f"/{lab}-{host}"


def _one_at_a_time(progress: Progress) -> Progress:
    lock = threading.Lock()

    def say(host: str, message: str) -> None:
        with lock:
            progress(host, message)

    return say
