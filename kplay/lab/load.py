"""Reading a lab file: every fault in it at once, each with its place."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any, TypeVar

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.lab.model import Lab, LabGroup, LabHost
from kplay.yaml_reader import load_file, load_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.source import Document, Sourced

T = TypeVar("T")
PROVIDERS = ("nspawn",)
RELEASES = ("bookworm", "trixie")
_KEYS = ("name", "provider", "release", "network", "packages", "hosts", "groups")
_HOST_KEYS = ("groups", "memory", "cpus", "vars")
_GROUP_KEYS = ("children", "vars")
# A lab's and a host's name together are a machine name, which Linux bounds at 64 characters.
_LAB_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}(?<!-)")
_HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}(?<!-)")
_GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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


class _Reader:
    """One pass over a document; faults are gathered and raised together at the end."""

    def __init__(self, document: Document) -> None:
        self.root = document.root
        self.file = document.file
        self.faults: list[Diagnostic] = []

    def lab(self) -> Lab:
        root = self.root
        if not isinstance(root.value, dict):
            self.fault("lab-file", "a lab file is a mapping with `name` and `hosts`", root)
            raise InputError(self.faults)
        self.known(root, _KEYS, "a lab file")
        for key in ("name", "hosts"):
            if root.get(key) is None:
                self.fault("lab-key-missing", f"a lab file needs `{key}`", root)
        groups = self.groups(root.get("groups"))
        lab = Lab(
            name=self.name(root.get("name")),
            provider=self.provider(root.get("provider")),
            hosts=self.hosts(root.get("hosts")),
            groups=groups,
            cidr=self.cidr(root.get("network")),
            release=self.release(root.get("release")),
            packages=self.packages(root.get("packages")),
            file=self.file,
        )
        if lab.cidr is not None and lab.cidr.num_addresses < len(lab.hosts) + 12:
            self.fault(
                "lab-network",
                f"`{lab.cidr}` is too small for {len(lab.hosts)} hosts",
                root.child("network"),
                "hosts are numbered from the eleventh address on",
            )
        if self.faults:
            raise InputError(self.faults)
        return lab

    def fault(self, code: str, message: str, at: Sourced, *lines: str, key: bool = False) -> None:
        span = at.key_span if key else at.span
        self.faults.append(Diagnostic(code, message, span, help=lines))

    def known(self, at: Sourced, keys: tuple[str, ...], where: str) -> None:
        for key, value in at.items():
            if key not in keys:
                self.fault(
                    "lab-unknown-key",
                    f"{where} has no key `{key}`",
                    value,
                    *(suggest(str(key), keys) or (f"it has: {', '.join(keys)}",)),
                    key=True,
                )

    def name(self, at: Sourced | None) -> str:
        if at is None:
            return ""
        if not isinstance(at.value, str) or not _LAB_NAME.fullmatch(at.value):
            self.fault(
                "lab-name",
                f"`{at.value}` cannot name a lab",
                at,
                "lower-case letters, digits and hyphens, 30 characters at most",
            )
        return str(at.value)

    def provider(self, at: Sourced | None) -> str:
        if at is None:
            return PROVIDERS[0]
        if at.value == "vagrant":
            self.fault(
                "lab-provider",
                "the provider `vagrant` is not available in this version",
                at,
                "`provider: nspawn` makes the same hosts without a hypervisor",
            )
        elif at.value not in PROVIDERS:
            self.fault(
                "lab-provider",
                f"no lab provider named `{at.value}`",
                at,
                f"known: {', '.join(PROVIDERS)}",
            )
        return str(at.value)

    def release(self, at: Sourced | None) -> str:
        if at is None:
            return RELEASES[0]
        if at.value not in RELEASES:
            self.fault(
                "lab-release",
                f"no Debian release named `{at.value}`",
                at,
                f"known: {', '.join(RELEASES)}",
            )
        return str(at.value)

    def cidr(self, at: Sourced | None) -> IPv4Network | None:
        if at is None:
            return None
        if not isinstance(at.value, dict):
            self.fault("lab-network", "`network` is a mapping with `cidr`", at)
            return None
        self.known(at, ("cidr",), "`network`")
        cidr = at.get("cidr")
        if cidr is None:
            return None
        try:
            network = IPv4Network(cidr.value if isinstance(cidr.value, str) else "")
        except ValueError:
            self.fault(
                "lab-network",
                f"`{cidr.value}` is not an IPv4 network",
                cidr,
                "an example: 10.90.7.0/24",
            )
            return None
        if not network.is_private or not 16 <= network.prefixlen <= 28:
            self.fault("lab-network", f"`{network}` is not a private network of /16 to /28", cidr)
            return None
        return network

    def packages(self, at: Sourced | None) -> tuple[str, ...]:
        return self.names(at, "packages", _PACKAGE, "a Debian package")

    def hosts(self, at: Sourced | None) -> tuple[LabHost, ...]:
        if at is None:
            return ()
        if not isinstance(at.value, dict) or not at.value:
            self.fault("lab-hosts", "`hosts` is a mapping of at least one host name", at)
            return ()
        return tuple(self.each(at, _HOST_NAME, "a host", _HOST_KEYS, self.host))

    def host(self, name: str, at: Sourced) -> LabHost:
        return LabHost(
            name=name,
            groups=self.names(at.get("groups"), "groups", _GROUP_NAME, "a group"),
            memory=self.count(at.get("memory"), "memory", "MiB"),
            cpus=self.count(at.get("cpus"), "cpus", "processors"),
            vars=self.vars(at.get("vars")),
        )

    def groups(self, at: Sourced | None) -> tuple[LabGroup, ...]:
        if at is None:
            return ()
        if not isinstance(at.value, dict):
            self.fault("lab-groups", "`groups` is a mapping of group names", at)
            return ()
        return tuple(self.each(at, _GROUP_NAME, "a group", _GROUP_KEYS, self.group))

    def group(self, name: str, at: Sourced) -> LabGroup:
        children = self.names(at.get("children"), "children", _GROUP_NAME, "a group")
        return LabGroup(name=name, children=children, vars=self.vars(at.get("vars")))

    def each(
        self,
        at: Sourced,
        names: re.Pattern[str],
        what: str,
        keys: tuple[str, ...],
        make: Callable[[str, Sourced], T],
    ) -> list[T]:
        made = []
        for name, value in at.items():
            if not isinstance(name, str) or not names.fullmatch(name):
                self.fault("lab-name", f"`{name}` cannot name {what}", value, key=True)
            elif value.value is None:
                made.append(make(name, _empty(value)))
            elif not isinstance(value.value, dict):
                self.fault("lab-value", f"{what} is a mapping of {', '.join(keys)}", value)
            else:
                self.known(value, keys, what)
                made.append(make(name, value))
        return made

    def names(
        self, at: Sourced | None, key: str, names: re.Pattern[str], what: str
    ) -> tuple[str, ...]:
        if at is None or at.value is None:
            return ()
        if not isinstance(at.value, list):
            self.fault("lab-value", f"`{key}` is a list of names", at)
            return ()
        for item in at.elements():
            if not isinstance(item.value, str) or not names.fullmatch(item.value):
                self.fault("lab-name", f"`{item.value}` cannot name {what}", item)
        return tuple(str(item) for item in at.value)

    def count(self, at: Sourced | None, key: str, unit: str) -> int | None:
        if at is None:
            return None
        if not isinstance(at.value, int) or isinstance(at.value, bool) or at.value < 1:
            self.fault("lab-value", f"`{key}` is a whole number of {unit}", at)
            return None
        return at.value

    def vars(self, at: Sourced | None) -> dict[str, Any]:
        if at is None or at.value is None:
            return {}
        if not isinstance(at.value, dict) or not all(isinstance(key, str) for key in at.value):
            self.fault("lab-value", "`vars` is a mapping of variable names", at)
            return {}
        return dict(at.value)


def _empty(at: Sourced) -> Sourced:
    from kplay.source import Sourced

    return Sourced({}, at.document, at.path)
