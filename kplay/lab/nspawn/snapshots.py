"""Snapshots: all that the hosts of a lab hold at one moment, copied beside them.

Every running host is frozen, then what is its own is copied: what the lab gave it, what it wrote
over that and over the base tree, and its disks. So a snapshot is what a power cut of the whole
lab at that moment would leave. Each is complete in itself: any can be removed, any put back.
Copies share blocks with what they are of where the file system can (btrfs, XFS).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kplay.errors import KplayError
from kplay.lab.commands import run
from kplay.lab.nspawn import disk, disks, machine
from kplay.lab.nspawn.place import read_json, write_json
from kplay.lab.side_by_side import on_each
from kplay.lab.snapshot import SnapshotFacts

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.lab.nspawn.place import Place
    from kplay.lab.nspawn.record import Record
    from kplay.lab.provider import Progress

_PARTS = ("given", "upper", "disk", "disks")
_FACTS = "snapshot.json"
# A cluster's hosts hold about a gigabyte each.
_PATIENCE = 3600.0


def take(place: Place, record: Record, name: str, say: Progress) -> None:
    """Keep the hosts as they are; a snapshot of that name is replaced once the new one is whole.

    Raises:
        KplayError: a host could not be frozen or copied; all run on and nothing is kept.
    """
    partial, old = place.snapshots / ".partial", place.snapshots / ".old"
    _remove(partial, old)
    hosts = {host: place.host(host) for host in record.hosts}
    standing = {host: files for host, files in hosts.items() if machine.running(files)}
    full = [host for host, files in standing.items() if disk.is_full(files)]
    if full:
        # What it has let pass is in the machine's memory.
        raise KplayError(f"the disk of {', '.join(full)} is full: `kplay lab heal` it first")
    taken = dt.datetime.now(tz=dt.UTC)
    try:
        for files in standing.values():
            machine.freeze(files)
        if any(disks.mounted(files) for files in hosts.values()):
            disks.sync()
        on_each(hosts, lambda host: _copy(hosts[host].path, partial / host))
    except BaseException:
        _remove(partial)
        raise
    finally:
        for files in standing.values():
            machine.thaw(files)
    for host in hosts:
        say(host, "kept" if host in standing else "kept, without power")
    size = int(run(["du", "-s", "--block-size=1", str(partial)]).split()[0])
    facts = {"taken": taken.isoformat(), "size": size, "hosts": _allotted(record)}
    write_json(partial / _FACTS, facts)
    target = place.snapshots / name
    if target.exists():
        target.rename(old)
    partial.rename(target)
    _remove(old)


def restore(place: Place, record: Record, name: str) -> None:
    """Put the files of all hosts, whose power is cut, back to a snapshot.

    Raises:
        KplayError: there is no such snapshot, or it is of other hosts.
    """
    source = _existing(place, name)
    kept = read_json(source / _FACTS).get("hosts", {})
    if kept != _allotted(record):
        raise KplayError(
            f"the snapshot `{name}` of lab `{place.lab}` is of other hosts or addresses:"
            f" {_listed(kept)}; now there are {_listed(_allotted(record))}"
        )
    write_json(place.restoring, {"name": name})
    finish(place, record)


def finish(place: Place, record: Record) -> str:
    """Put back what a restore that was broken off left undone; return its name, or nothing."""
    name = str(read_json(place.restoring).get("name", ""))
    if not name:
        return ""
    source = _existing(place, name)

    def put_back(host: str) -> None:
        files = place.host(host)
        machine.stop(files)
        _remove(*(files.path / part for part in (*_PARTS, "work")))
        _copy(source / host, files.path)

    on_each(record.hosts, put_back)
    place.restoring.unlink()
    return name


def remove(place: Place, name: str) -> None:
    """Remove a snapshot.

    Raises:
        KplayError: there is none of that name.
    """
    gone = place.snapshots / ".old"
    _remove(gone)
    _existing(place, name).rename(gone)
    _remove(gone)


def facts(place: Place) -> list[SnapshotFacts]:
    """What there is to say of every snapshot, oldest first."""
    found = []
    for path in place.snapshots.iterdir() if place.snapshots.is_dir() else []:
        told = read_json(path / _FACTS)
        if told and not path.name.startswith("."):
            taken = dt.datetime.fromisoformat(told["taken"])
            found.append(SnapshotFacts(path.name, taken, told["size"]))
    return sorted(found, key=lambda one: (one.taken, one.name))


def _existing(place: Place, name: str) -> Path:
    known = [one.name for one in facts(place)]
    if name not in known:
        raise KplayError(
            f"lab `{place.lab}` has no snapshot `{name}`; it has {', '.join(known) or 'none'}"
        )
    return place.snapshots / name


def _copy(source: Path, target: Path) -> None:
    """Copy a host's own files: owners, holes, links and attributes of the overlay included."""
    target.mkdir(parents=True, exist_ok=True)
    parts = [str(source / part) for part in _PARTS if (source / part).exists()]
    run(["cp", "-a", "--reflink=auto", *parts, str(target)], timeout=_PATIENCE)


def _remove(*paths: Path) -> None:
    run(["rm", "-rf", "--one-file-system", *map(str, paths)], timeout=_PATIENCE)


def _allotted(record: Record) -> dict[str, dict[str, str]]:
    return {host: record.addresses(host) for host in sorted(record.hosts)}


def _listed(hosts: dict[str, dict[str, str]]) -> str:
    return ", ".join(
        f"{host} {' '.join(addresses.values())}".rstrip() for host, addresses in hosts.items()
    )
