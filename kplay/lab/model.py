"""What a lab is: hosts made for testing, as a lab file describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True)
class LabHost:
    """One host of a lab.

    ``memory`` is in MiB and ``cpus`` a count; a provider that shares the controller's kernel gives
    every host what the controller has, and busy hosts their share of it by ``cpus``.
    """

    name: str
    groups: tuple[str, ...] = ()
    memory: int | None = None
    cpus: int | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabGroup:
    """One inventory group: child groups and variables, as written in the lab file."""

    name: str
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lab:
    """A whole lab file, checked.

    ``cidr`` is the network that the file asks for, or None when the provider is to choose a free
    one. ``packages`` come on top of those that every host of ``release`` has. ``file`` is where
    the lab was read from.
    """

    name: str
    provider: str
    hosts: tuple[LabHost, ...]
    groups: tuple[LabGroup, ...] = ()
    cidr: IPv4Network | None = None
    release: str = "bookworm"
    packages: tuple[str, ...] = ()
    file: str = ""


class HostStatus(NamedTuple):
    """One row of ``kplay lab status``.

    ``state`` is ``running`` (SSH answers), ``starting`` (booting, or SSH does not answer),
    ``cut`` (its link is down), ``stopped`` (made, but without power) or ``absent``.
    ``address`` is empty while none is allotted.
    """

    name: str
    state: str
    address: str
