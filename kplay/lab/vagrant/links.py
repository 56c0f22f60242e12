"""The cables of Vagrant machines: in and out, by the means of what makes the machines."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.commands import run

if TYPE_CHECKING:
    from collections.abc import Callable


def set_cables(provider: str, machine: str, *, connected: bool) -> None:
    """Put every cable of a running machine in or out.

    Args:
        provider: the Vagrant provider that made it.
        machine: what the provider calls it.
        connected: whether they are to be in.

    Raises:
        KplayError: nobody can do that to machines of this provider.
        CommandError: the provider's program is missing or failed.
    """
    if provider not in _SETTERS:
        raise KplayError(
            f"machines of the Vagrant provider `{provider}` have no cable that can be taken out;"
            f" those of {', '.join(_SETTERS)} have"
        )
    _SETTERS[provider](machine, connected)


def connected(provider: str, machine: str) -> bool:
    """Whether a machine's cables are in; those that nobody can take out are.

    Raises:
        CommandError: the provider's program is missing or failed.
    """
    return _LOOKS[provider](machine) if provider in _LOOKS else True


def _libvirt(*arguments: str) -> str:
    uri = os.environ.get("LIBVIRT_DEFAULT_URI", "qemu:///system")
    return run(["virsh", "--quiet", "--connect", uri, *arguments])


def _libvirt_cables(machine: str) -> list[str]:
    """The hardware addresses of a domain's interfaces."""
    return [line.split()[-1] for line in _libvirt("domiflist", machine).splitlines() if line.split()]


def _set_libvirt(machine: str, connected: bool) -> None:
    for cable in _libvirt_cables(machine):
        _libvirt("domif-setlink", machine, cable, "up" if connected else "down")


def _look_libvirt(machine: str) -> bool:
    cables = _libvirt_cables(machine)
    return not any("down" in _libvirt("domif-getlink", machine, cable) for cable in cables)


def _virtualbox_cables(machine: str) -> dict[str, bool]:
    """From a network card's number to whether its cable is in."""
    told = run(["VBoxManage", "showvminfo", machine, "--machinereadable"])
    return {
        number: state == "on"
        for number, state in re.findall(r'^cableconnected(\d+)="(on|off)"$', told, re.MULTILINE)
    }


def _set_virtualbox(machine: str, connected: bool) -> None:
    for number in _virtualbox_cables(machine):
        state = "on" if connected else "off"
        run(["VBoxManage", "controlvm", machine, f"setlinkstate{number}", state])


def _look_virtualbox(machine: str) -> bool:
    return all(_virtualbox_cables(machine).values())


def _lxc_cables(machine: str) -> dict[str, bool]:
    """From this machine's end of each of a container's cables to whether it is up."""
    if os.geteuid() != 0:
        raise KplayError("the cables of lxc containers need root: run the same command with sudo")
    init = run(["lxc-info", "--no-humanize", "--pid", "--name", machine]).strip()
    within = json.loads(run(["nsenter", f"--net=/proc/{init}/ns/net", "ip", "-j", "link"]))
    # The Vagrantfile calls the container's ends so; pods in it have cables of their own.
    ends = {one.get("link_index") for one in within if re.fullmatch(r"eth\d+", one["ifname"])}
    here = json.loads(run(["ip", "-j", "link"]))
    return {one["ifname"]: "UP" in one["flags"] for one in here if one["ifindex"] in ends}


def _set_lxc(machine: str, connected: bool) -> None:
    for cable in _lxc_cables(machine):
        run(["ip", "link", "set", cable, "up" if connected else "down"])


def _look_lxc(machine: str) -> bool:
    return all(_lxc_cables(machine).values())


_SETTERS: dict[str, Callable[[str, bool], None]] = {
    "libvirt": _set_libvirt,
    "virtualbox": _set_virtualbox,
    "lxc": _set_lxc,
}
_LOOKS: dict[str, Callable[[str], bool]] = {
    "libvirt": _look_libvirt,
    "virtualbox": _look_virtualbox,
    "lxc": _look_lxc,
}
