"""The seam between labs and what makes their hosts.

A provider turns a ``Lab`` into hosts that answer to SSH with keys the provider itself made or
read, so that nothing is accepted blindly. What only some providers can do is a protocol of its
own: the power switch and the network plug (``Power``), and a view of what was written to a host
(``Layers``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kplay.lab.model import HostStatus, Lab

    Progress = Callable[[str, str], None]
    """Called with a host's name (or the lab's, for what concerns all) and a short message."""


class Provider(Protocol):
    """Makes, shows and removes the hosts of a lab."""

    def up(self, lab: Lab, progress: Progress) -> Path:
        """Make what is missing, wait until every host answers, return the inventory's path."""
        ...

    def status(self, lab: Lab) -> list[HostStatus]:
        """The state of every host, in the lab file's order; changes nothing."""
        ...

    def down(self, lab: Lab, progress: Progress) -> None:
        """Remove every trace of the lab, whatever state it is in."""
        ...

    def ssh_argv(self, lab: Lab, host: str, command: Sequence[str], user: str) -> list[str]:
        """The ``ssh`` command line to a host, with its host key pinned."""
        ...

    def inventory(self, lab: Lab) -> Path:
        """Where the lab's inventory is; it exists while the lab is up."""
        ...

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
    raise InputError(Diagnostic("lab-provider", f"no lab provider named `{lab.provider}`", None))


def power_of(lab: Lab) -> Power:
    """The power switch and network plug of a lab's hosts.

    Raises:
        KplayError: the lab's provider has none.
    """
    provider = provider_of(lab)
    if not isinstance(provider, Power):
        raise KplayError(f"the lab provider `{lab.provider}` cannot cut power or links")
    return provider


def layers_of(lab: Lab) -> Layers:
    """The view of what was written to a lab's hosts.

    Raises:
        KplayError: the lab's provider has none.
    """
    provider = provider_of(lab)
    if not isinstance(provider, Layers):
        raise KplayError(f"the lab provider `{lab.provider}` does not keep apart what hosts write")
    return provider
