"""The seam between labs and what makes their hosts.

A provider turns a ``Lab`` into hosts that answer to SSH with keys the provider itself made or
read, so that nothing is accepted blindly. What only some providers can do is a protocol of its
own, and a function ``…_of`` that says plainly when a lab's provider is not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kplay.lab.fault import Fault
    from kplay.lab.model import HostStatus, Lab
    from kplay.lab.snapshot import SnapshotFacts

    Progress = Callable[[str, str], None]
    """Called with a host's name (or the lab's, for what concerns all) and a short message."""


class Provider(Protocol):
    """Makes, shows and removes the hosts of a lab."""

    def up(self, lab: Lab, progress: Progress) -> Path:
        """Make what is missing, wait until every host answers, return the inventory's path."""
        ...

    def begun(self, lab: Lab) -> list[str] | None:
        """The hosts that there are, told at once, from files alone; None without any trace."""
        ...

    def status(self, lab: Lab) -> list[HostStatus]:
        """The state of every host, in the lab file's order; changes nothing."""
        ...

    def halt(self, lab: Lab, progress: Progress) -> None:
        """Shut every host down and keep all that it has; ``up`` boots it again."""
        ...

    def down(self, lab: Lab, progress: Progress) -> None:
        """Remove every trace of the lab, whatever state it is in."""
        ...

    def ssh_argv(self, lab: Lab, host: str, command: Sequence[str], user: str) -> list[str]:
        """The ``ssh`` command line to a host, with its host key pinned.

        Without ``user`` it is the provider's own, whose sudo asks nothing.
        """
        ...

    def inventory(self, lab: Lab) -> Path:
        """Where the lab's inventory is; it exists while the lab is up."""
        ...


@runtime_checkable
class Snapshots(Protocol):
    """A provider that keeps states of all hosts of a lab, and puts one back."""

    def take(self, lab: Lab, name: str, progress: Progress) -> None:
        """Keep every host as it is now; a snapshot of that name is replaced."""
        ...

    def restore(self, lab: Lab, name: str, progress: Progress) -> None:
        """Put every host back to a snapshot and wait until it answers."""
        ...

    def names(self, lab: Lab) -> list[str]:
        """The snapshots that there are, oldest first."""
        ...

    def remove(self, lab: Lab, name: str) -> None:
        """Forget a snapshot."""
        ...


@runtime_checkable
class DatedSnapshots(Snapshots, Protocol):
    """One that knows when a snapshot was taken and how much it takes."""

    def facts(self, lab: Lab) -> list[SnapshotFacts]:
        """What there is to say of every snapshot, oldest first."""
        ...


@runtime_checkable
class Faults(Protocol):
    """A provider whose hosts can be given a fault to rehearse with."""

    def fault(self, lab: Lab, host: str, fault: Fault, progress: Progress) -> None:
        """Bring a fault about; it lasts until it is healed (a reboot until the host is back)."""
        ...

    def heal(self, lab: Lab, host: str, progress: Progress) -> None:
        """Take every fault away again and wait until the host answers."""
        ...


@runtime_checkable
class Accounts(Protocol):
    """A provider whose hosts have a user ``ops``, whose sudo asks for a password."""

    def become_password(self, lab: Lab) -> str:
        """The password of the user ``ops``, whose sudo asks for it."""
        ...


@runtime_checkable
class Power(Protocol):
    """A provider that can pull a host's plug and its network cable."""

    def kill(self, lab: Lab, host: str) -> None:
        """Stop a host at once, as a power cut would."""
        ...

    def start(self, lab: Lab, host: str, progress: Progress) -> None:
        """Give a stopped host power again and wait until it answers."""
        ...

    def set_link(self, lab: Lab, host: str, *, connected: bool) -> None:
        """Plug the host's network cable in or out."""
        ...


@runtime_checkable
class Layers(Protocol):
    """A provider whose hosts keep what was written to them apart from what they came with."""

    def upper(self, lab: Lab, host: str) -> Path:
        """The directory of every file that the host has written, changed or removed."""
        ...


def provider_of(lab: Lab) -> Provider:
    """The provider that a lab names.

    Raises:
        InputError: there is none of that name.
    """
    if lab.provider == "nspawn":
        from kplay.lab.nspawn.provider import Nspawn

        return Nspawn()
    if lab.provider == "vagrant":
        from kplay.lab.vagrant.provider import VagrantLab

        return VagrantLab()
    message = f"no lab provider named `{lab.provider}`"
    raise InputError(Diagnostic("lab-provider", message, lab.span("provider")))


def snapshots_of(lab: Lab) -> Snapshots:
    """The snapshots of a lab; raises KplayError where its provider takes none."""
    provider = provider_of(lab)
    if not isinstance(provider, Snapshots):
        raise _unable(lab, "take snapshots")
    return provider


def faults_of(lab: Lab) -> Faults:
    """What brings faults about; raises KplayError where the lab's provider cannot."""
    provider = provider_of(lab)
    if not isinstance(provider, Faults):
        raise _unable(lab, "bring faults about")
    return provider


def accounts_of(lab: Lab) -> Accounts:
    """The user with a password; raises KplayError where the lab's hosts have none."""
    provider = provider_of(lab)
    if not isinstance(provider, Accounts):
        raise _unable(lab, "make users with a password")
    return provider


def power_of(lab: Lab) -> Power:
    """The power switch and network plug; raises KplayError where the lab's provider has none."""
    provider = provider_of(lab)
    if not isinstance(provider, Power):
        raise _unable(lab, "cut power or links")
    return provider


def layers_of(lab: Lab) -> Layers:
    """The view of what hosts wrote; raises KplayError where the lab's provider has none."""
    provider = provider_of(lab)
    if not isinstance(provider, Layers):
        raise _unable(lab, "keep apart what hosts write")
    return provider


def _unable(lab: Lab, deed: str) -> KplayError:
    return KplayError(f"the lab provider `{lab.provider}` cannot {deed}")
