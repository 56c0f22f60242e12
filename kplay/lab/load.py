"""Reading a lab file: every fault in it at once, each with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.errors import InputError
from kplay.inventory.build import GROUP_NAME
from kplay.lab.checks import Checks
from kplay.lab.load_networks import check_addresses, ipv4_address, networks
from kplay.lab.model import OSES, Lab, LabGroup, LabHost, LabNetwork, VagrantSettings
from kplay.yaml_reader import load_file, load_text

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.source import Document, Sourced

PROVIDERS = ("nspawn", "vagrant")
VAGRANT_PROVIDERS = ("virtualbox", "libvirt", "vmware_desktop", "docker", "lxc")
_KEYS = (
    "name", "provider", "os", "packages", "internet", "networks", "vagrant", "hosts", "groups",
)  # fmt: skip
_HOST_KEYS = (
    "groups", "memory", "cpus", "disks", "os", "box", "address", "networks", "vars",
)  # fmt: skip
_GROUP_KEYS = ("children", "vars")
# A lab's and a host's name together are a machine name, which Linux bounds at 64 characters.
LAB_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}(?<!-)")
HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}(?<!-)")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def load(path: Path) -> Lab:
    """Read a lab file.

    Raises:
        InputError: the file cannot be read, is not YAML, or says what no lab can be.
    """
    return _Reader(load_file(path)).lab()


def load_string(text: str, file: str) -> Lab:
    """Read a lab from text, named ``file`` in diagnostics; raises InputError as ``load`` does."""
    return _Reader(load_text(text, file)).lab()


class _Reader(Checks):
    """One pass over a document; faults are gathered and raised together at the end."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.root = document.root
        self.file = document.file
        self.networks: tuple[LabNetwork, ...] = ()

    def lab(self) -> Lab:
        root = self.root
        if not isinstance(root.value, dict):
            self.fault("lab-file", "a lab file is a mapping with `name` and `hosts`", root)
            raise InputError(self.faults)
        if not {"name", "provider"} & set(root.value):
            self.fault(
                "lab-file",
                "this is no lab file: it has neither `name` nor `provider`",
                root,
                "`kplay lab init --from FILE` makes a lab file of an inventory",
            )
            raise InputError(self.faults)
        self.known(root, _KEYS, "a lab file")
        for key in ("name", "hosts"):
            if root.get(key) is None:
                self.fault("lab-key-missing", f"a lab file needs `{key}`", root)
        self.networks = networks(self, root.get("networks"))
        lab = Lab(
            name=self.name(root.get("name")),
            provider=self.choice(root.get("provider"), PROVIDERS, "lab-provider", "lab provider")
            or PROVIDERS[0],
            hosts=self.hosts(root.get("hosts")),
            groups=self.groups(root.get("groups")),
            networks=self.networks,
            os=self.os(root.get("os")) or OSES[0],
            packages=self.names(root.get("packages"), "packages", _PACKAGE, "a Debian package"),
            internet=self.truth(root.get("internet"), "internet"),
            vagrant=self.vagrant(root.get("vagrant")),
            file=self.file,
            source=root,
        )
        if not self.faults:
            check_addresses(self, lab, root)
        if self.faults:
            raise InputError(self.faults)
        return lab

    def name(self, at: Sourced | None) -> str:
        if at is None:
            return ""
        if not isinstance(at.value, str) or not LAB_NAME.fullmatch(at.value):
            self.fault(
                "lab-name",
                f"`{at.value}` cannot name a lab",
                at,
                "lower-case letters, digits and hyphens, 30 characters at most",
            )
        return str(at.value)

    def os(self, at: Sourced | None) -> str | None:
        return self.choice(at, OSES, "lab-os", "operating system")

    def vagrant(self, at: Sourced | None) -> VagrantSettings:
        if at is None or at.value is None:
            return VagrantSettings()
        if not isinstance(at.value, dict):
            self.fault("lab-value", "`vagrant` is a mapping of provider, box", at)
            return VagrantSettings()
        self.known(at, ("provider", "box"), "`vagrant`")
        return VagrantSettings(
            provider=self.choice(
                at.get("provider"), VAGRANT_PROVIDERS, "lab-provider", "Vagrant provider"
            ),
            box=self.text(at.get("box"), "box", "a Vagrant box"),
        )

    def hosts(self, at: Sourced | None) -> tuple[LabHost, ...]:
        if at is None:
            return ()
        if not isinstance(at.value, dict) or not at.value:
            self.fault("lab-hosts", "`hosts` is a mapping of at least one host name", at)
            return ()
        return tuple(self.each(at, HOST_NAME, "a host", _HOST_KEYS, self.host))

    def host(self, name: str, at: Sourced) -> LabHost:
        return LabHost(
            name=name,
            groups=self.names(at.get("groups"), "groups", GROUP_NAME, "a group"),
            memory=self.count(at.get("memory"), "memory", "MiB"),
            cpus=self.count(at.get("cpus"), "cpus", "processors"),
            disks=self.counts(at.get("disks"), "disks", "GiB"),
            os=self.os(at.get("os")),
            box=self.text(at.get("box"), "box", "a Vagrant box"),
            address=ipv4_address(self, at.get("address")),
            networks=self.networks_of(at.get("networks")),
            vars=self.vars(at.get("vars")),
        )

    def networks_of(self, at: Sourced | None) -> tuple[str, ...] | None:
        """The networks that a host names but for the first, which every host is in."""
        if at is None:
            return None
        known = [one.name for one in self.networks]
        if not isinstance(at.value, list):
            self.fault("lab-value", "`networks` is a list of names", at)
            return None
        for item in at.elements():
            self.choice(item, known, "lab-network", "network of this lab")
        return tuple(str(name) for name in at.value if name != known[0])

    def groups(self, at: Sourced | None) -> tuple[LabGroup, ...]:
        if at is None:
            return ()
        if not isinstance(at.value, dict):
            self.fault("lab-groups", "`groups` is a mapping of group names", at)
            return ()
        return tuple(self.each(at, GROUP_NAME, "a group", _GROUP_KEYS, self.group))

    def group(self, name: str, at: Sourced) -> LabGroup:
        children = self.names(at.get("children"), "children", GROUP_NAME, "a group")
        return LabGroup(name=name, children=children, vars=self.vars(at.get("vars")))
