"""Boxes that no registry keeps: made here and made known to Vagrant before they are needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.commands import run
from kplay.lab.vagrant.place import folder

if TYPE_CHECKING:
    from kplay.lab.model import Lab
    from kplay.lab.provider import Progress
    from kplay.lab.vagrant.program import Vagrant

# What vagrant/lxc/build-box can build; the Vagrantfile says of others that there is no box.
_BUILT = ("debian-12", "debian-13")


def prepare(lab: Lab, vagrant: Vagrant, progress: Progress) -> None:
    """See that the boxes for lxc are there, those of hosts that are yet to be made.

    Raises:
        KplayError: a box has to be built, and only root can.
        CommandError: building it failed.
    """
    if vagrant.provider != "lxc":
        return
    made = vagrant.place.made()
    own = [one for one in lab.hosts if one.name not in made and not (one.box or lab.vagrant.box)]
    wanted = sorted({lab.os_of(host) for host in own}.intersection(_BUILT))
    known = _known(vagrant) if wanted else set()
    for system in wanted:
        name = f"kplay/{system}"
        if (name, "lxc") in known:
            continue
        builder = str(folder() / "lxc/build-box")
        add = f"vagrant box add --name {name} --provider lxc"
        if os.geteuid() != 0:
            raise KplayError(
                f"there is no Vagrant box `{name}` for lxc here\n"
                f" = help: make it as root, `sudo {builder} {system} FILE`, and then: {add} FILE"
            )
        progress(lab.name, f"building the box {name}, a minute unless it is in the cache")
        [*_, file] = run(["bash", builder, system], timeout=1800).splitlines()
        vagrant.told(*add.split()[1:], file)
        progress(lab.name, f"box {name} added")


def _known(vagrant: Vagrant) -> set[tuple[str, str]]:
    """The name and Vagrant provider of every box that there is."""
    found, name = set(), ""
    for message in vagrant.told("box", "list").messages:
        if message.kind == "box-name":
            name = message.data[0]
        elif message.kind == "box-provider":
            found.add((name, message.data[0]))
    return found
