"""Hosts made for testing: a lab file in, an inventory of hosts that answer to SSH out.

These functions are all that the rest of kplay, and its tests, use of labs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.lab.model import HostStatus, Lab, LabGroup, LabHost, LabNetwork, VagrantSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kplay.lab.fault import Fault
    from kplay.lab.snapshot import SnapshotFacts

__all__ = [
    "HostStatus",
    "Lab",
    "LabGroup",
    "LabHost",
    "LabNetwork",
    "VagrantSettings",
    "become_password",
    "begun",
    "cut_link",
    "down",
    "fault_host",
    "find_lab",
    "halt",
    "heal_host",
    "inventory_path",
    "kill_host",
    "lab_with_host",
    "labs_up",
    "load_lab",
    "remove_snapshot",
    "restore_link",
    "restore_snapshot",
    "snapshots",
    "ssh_argv",
    "standing_inventory",
    "start_host",
    "status",
    "take_snapshot",
    "under_provider",
    "up",
    "upper_directory",
]


def load_lab(path: Path) -> Lab:
    """Read a lab file.

    Raises:
        InputError: it cannot be read, or says what no lab can be.
    """
    from kplay.lab.load import load

    return load(path)


def find_lab(name_or_path: str) -> Lab:
    """The lab at a path, or of that name: one that is up, or a ready-made one.

    Raises:
        InputError: there is no such lab, or its file has faults.
    """
    from kplay.lab.find import find

    return find(name_or_path)


def lab_with_host(host: str, name: str = "") -> Lab:
    """The lab that is up and has such a host: the one of that name or file, or the only one.

    Raises:
        InputError: there is no such lab or host, or there are several.
        NotUpError: the lab is not up.
        KplayError: only root may look at it.
    """
    from kplay.lab.standing import with_host

    return with_host(host, find_lab(name) if name else None)


def labs_up() -> list[tuple[str, str, Lab | None]]:
    """Name, provider and lab of all that are up; None for a lab that only root may look at."""
    from kplay.lab.standing import everything

    return everything()


def under_provider(lab: Lab, provider: str) -> Lab:
    """The same lab by another provider than its file names.

    Raises:
        KplayError: the lab is up under yet another one.
    """
    from kplay.lab.find import under

    return under(lab, provider)


def up(lab: Lab, *, progress: Callable[[str, str], None]) -> Path:
    """Make every host of a lab that is missing, wait for all, return the inventory's path.

    Args:
        lab: what to bring up.
        progress: called with a host's name (or the lab's) and a short message, one at a time.

    Raises:
        KplayError: without root, or a host did not come up (exit code 4).
        CommandError: a program of the controller failed (4, too).
    """
    from kplay.lab.provider import provider_of

    return provider_of(lab).up(lab, progress)


def begun(lab: Lab) -> list[str] | None:
    """What an ``up`` that was broken off left: the hosts that there are; None without any trace.

    Asks no host and no program, so it is told at once.
    """
    from kplay.lab.provider import provider_of

    return provider_of(lab).begun(lab)


def status(lab: Lab) -> list[HostStatus]:
    """The state of every host, in the lab file's order; changes nothing."""
    from kplay.lab.provider import provider_of

    return provider_of(lab).status(lab)


def halt(lab: Lab, *, progress: Callable[[str, str], None]) -> None:
    """Shut every host down and keep all that it has; ``up`` boots it again.

    Raises:
        NotUpError: the lab is not up.
    """
    from kplay.lab.provider import provider_of

    provider_of(lab).halt(lab, progress)


def down(lab: Lab, *, progress: Callable[[str, str], None]) -> None:
    """Remove every trace of a lab, whatever state it is in; nothing to do is fine."""
    from kplay.lab.provider import provider_of

    provider_of(lab).down(lab, progress)


def take_snapshot(lab: Lab, name: str, *, progress: Callable[[str, str], None]) -> None:
    """Keep every host as it is; a snapshot of that name is replaced.

    Raises:
        UsageError: that cannot be a name.
        NotUpError: the lab is not up.
        KplayError: its provider takes no snapshots.
    """
    from kplay.lab.provider import snapshots_of
    from kplay.lab.snapshot import checked_name

    snapshots_of(lab).take(lab, checked_name(name), progress)


def restore_snapshot(lab: Lab, name: str, *, progress: Callable[[str, str], None]) -> None:
    """Put every host back to a snapshot, the newest without a name, and wait for them.

    Raises:
        NotUpError: the lab is not up.
        KplayError: it has no such snapshot, or a host does not come up again.
    """
    from kplay.errors import KplayError
    from kplay.lab.provider import snapshots_of

    provider = snapshots_of(lab)
    names = [] if name else provider.names(lab)
    if not name and not names:
        raise KplayError(f"lab `{lab.name}` has no snapshot; `kplay lab snapshot` takes one")
    provider.restore(lab, name or names[-1], progress)


def snapshots(lab: Lab) -> list[SnapshotFacts]:
    """The snapshots of a lab, oldest first.

    Raises:
        NotUpError: the lab is not up.
        KplayError: its provider takes none.
    """
    from kplay.lab.provider import DatedSnapshots, snapshots_of
    from kplay.lab.snapshot import SnapshotFacts

    provider = snapshots_of(lab)
    if isinstance(provider, DatedSnapshots):
        return provider.facts(lab)
    return [SnapshotFacts(name) for name in provider.names(lab)]


def remove_snapshot(lab: Lab, name: str) -> None:
    """Forget a snapshot.

    Raises:
        NotUpError: the lab is not up.
        KplayError: there is none of that name.
    """
    from kplay.lab.provider import snapshots_of

    snapshots_of(lab).remove(lab, name)


def ssh_argv(lab: Lab, host: str, command: Sequence[str], *, user: str = "") -> list[str]:
    """The ``ssh`` command line to a host, key and host key included.

    Args:
        lab: a lab that is up.
        host: one of its hosts.
        command: what to run there, joined by blanks for the host's shell; a login if empty.
        user: whom to log in as; the provider's own user, whose sudo asks nothing, if empty. Where
            the provider has ``Accounts``, ``ops`` is one whose sudo asks for a password.

    Raises:
        InputError: the lab has no such host.
        NotUpError: the host is not up.
    """
    from kplay.lab.provider import provider_of
    from kplay.lab.standing import no_host

    names = [one.name for one in lab.hosts]
    if host not in names:
        raise no_host(host, f"lab `{lab.name}`", names)
    return provider_of(lab).ssh_argv(lab, host, command, user)


def inventory_path(lab: Lab) -> Path:
    """Where the lab's inventory is; the file exists while the lab is up."""
    from kplay.lab.provider import provider_of

    return provider_of(lab).inventory(lab)


def standing_inventory(name_or_path: str) -> Path:
    """The inventory of a lab that is up.

    Raises:
        InputError: there is no such lab.
        NotUpError: it is not up.
    """
    from kplay.lab.not_up import lab_not_up

    lab = find_lab(name_or_path)
    path = inventory_path(lab)
    if not path.is_file():
        raise lab_not_up(lab)
    return path


def become_password(lab: Lab) -> str:
    """The password that sudo asks of the user ``ops`` on every host of a lab that is up."""
    from kplay.lab.provider import accounts_of

    return accounts_of(lab).become_password(lab)


def upper_directory(lab: Lab, host: str) -> Path:
    """The directory that holds every file which a host has written since it was made."""
    from kplay.lab.provider import layers_of

    return layers_of(lab).upper(lab, host)


def kill_host(lab: Lab, host: str) -> None:
    """Pull a host's plug: all its processes die at once."""
    from kplay.lab.provider import power_of

    power_of(lab).kill(lab, host)


def start_host(
    lab: Lab, host: str, *, progress: Callable[[str, str], None] = lambda _host, _message: None
) -> None:
    """Give a stopped host power again and wait until it answers."""
    from kplay.lab.provider import power_of

    power_of(lab).start(lab, host, progress)


def cut_link(lab: Lab, host: str) -> None:
    """Unplug a host's network cable; connections hang as they would."""
    from kplay.lab.provider import power_of

    power_of(lab).set_link(lab, host, connected=False)


def restore_link(lab: Lab, host: str) -> None:
    """Plug a host's network cable in again."""
    from kplay.lab.provider import power_of

    power_of(lab).set_link(lab, host, connected=True)


def fault_host(lab: Lab, host: str, fault: Fault, *, progress: Callable[[str, str], None]) -> None:
    """Bring a fault about on a host, such as a slow link; it lasts until it is healed.

    Raises:
        NotUpError: the host is not up.
        KplayError: the provider's hosts cannot have it.
        CommandError: a program of the controller failed.
    """
    from kplay.lab.provider import faults_of

    faults_of(lab).fault(lab, host, fault, progress)


def heal_host(lab: Lab, host: str, *, progress: Callable[[str, str], None]) -> None:
    """Take every fault of a host away and wait until it answers; none is fine.

    Raises:
        NotUpError: the host is not up.
        KplayError: it does not answer.
        CommandError: a program of the controller failed.
    """
    from kplay.lab.provider import faults_of

    faults_of(lab).heal(lab, host, progress)
