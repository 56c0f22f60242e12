"""Gather packages of the distribution, with what they need, through apt.

apt works in a state directory of its own: nothing of the building host's package state is read
or changed but its list of sources and its keys, which verify what is fetched.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from kplay.bundle.model import BundleError, hash_file
from kplay.bundle.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_PLANNED = re.compile(r"^Inst (\S+) \((\S+) ")
_RELEASE = re.compile(r'^VERSION_CODENAME="?([^"\n]*)', re.MULTILINE)


class Package(NamedTuple):
    """A package that was fetched: its name, its version with the epoch, its file."""

    name: str
    version: str
    file: Path


class Apt:
    """apt with an empty host before it: everything that a package needs is to be fetched."""

    def __init__(self, state: Path, say: Callable[[str], None]) -> None:
        for name in ("lists/partial", "archives/partial"):
            (state / name).mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        self._say = say
        self._options = [
            f"-oDir::State={state}",
            f"-oDir::State::status={state / 'status'}",
            f"-oDir::State::lists={state / 'lists'}",
            f"-oDir::Cache={state}",
            "-oAPT::Sandbox::User=",
            "-oAPT::Architecture=amd64",
            "-oAPT::Install-Recommends=false",
            "-oAcquire::Languages=none",
            "-oAcquire::Retries=3",
            "-oDebug::NoLocking=true",
        ]

    def update(self) -> None:
        """Fetch the indexes.

        Raises:
            CommandError: apt-get failed.
        """
        run(["apt-get", *self._options, "-qq", "update"], say=self._say)

    def closure(self, names: Iterable[str]) -> dict[str, str]:
        """Give name and version of ``names`` and of all that they depend on.

        Raises:
            CommandError: a package is unknown or cannot be installed.
        """
        argv = ["apt-get", *self._options, "--simulate", "-qq", "install", *sorted(names)]
        lines = run(argv, say=self._say).decode().splitlines()
        return {found[1]: found[2] for line in lines if (found := _PLANNED.match(line))}

    def required(self) -> list[str]:
        """Name the packages that every host of the distribution has.

        Raises:
            CommandError: apt-cache failed.
        """
        text = run(["apt-cache", *self._options, "dumpavail"], say=self._say).decode()
        return sorted(
            {
                stanza.split("\n", 1)[0].removeprefix("Package: ")
                for stanza in text.strip().split("\n\n")
                if "\nPriority: required\n" in stanza or "\nEssential: yes\n" in stanza
            }
        )

    def download(self, versions: Mapping[str, str], target: Path) -> None:
        """Fetch packages of these versions into ``target``.

        Raises:
            CommandError: one cannot be fetched or is not what the signed index says.
        """
        exact = [f"{name}={version}" for name, version in sorted(versions.items())]
        run(["apt-get", *self._options, "-qq", "download", *exact], say=self._say, cwd=target)


def require_release(wanted: str, os_release: Path = Path("/etc/os-release")) -> None:
    """Refuse to gather packages on a host whose distribution is another release.

    Raises:
        BundleError: it is.
    """
    try:
        found = _RELEASE.search(os_release.read_text(encoding="utf-8"))
    except OSError:
        found = None
    if found is None or found[1] != wanted:
        here = found[1] if found else "no release that /etc/os-release names"
        raise BundleError(f"packages for {wanted} are gathered on {wanted}; this host has {here}")


def gather(
    names: Iterable[str], bundled: Iterable[str], target: Path, apt: Apt
) -> tuple[list[Package], list[Package]]:
    """Fetch ``names`` with what they need, and what only images need.

    The first list is for hosts: ``names`` and what they depend on beyond the required packages,
    in ``target``. The second has those of ``bundled`` that are not among them, in
    ``target/images``, since a host must not install them. Both are sorted by name.

    Raises:
        CommandError: apt failed.
    """
    names, bundled = list(names), list(bundled)
    apt.update()
    base = apt.closure(apt.required())
    everything = apt.closure([*names, *bundled])
    needed = apt.closure(names)
    hosts = {name: needed[name] for name in needed if name in names or name not in base}
    images = {name: everything[name] for name in bundled if name not in hosts}
    if target.exists():
        shutil.rmtree(target)
    return _fetch(hosts, target, apt), _fetch(images, target / "images", apt)


def _fetch(versions: Mapping[str, str], target: Path, apt: Apt) -> list[Package]:
    target.mkdir(parents=True)
    if versions:
        apt.download(versions, target)
    found = []
    for file in sorted(target.glob("*.deb")):
        name, version, rest = file.name.split("_")
        # apt writes a version's epoch into the name, as 1%3a; the archive itself leaves it out
        plain = file.with_name(f"{name}_{version.rpartition('%3a')[2]}_{rest}")
        found.append(Package(name, unquote(version), file.replace(plain)))
    return found


def write_index(directory: Path, files: Iterable[Path], say: Callable[[str], None]) -> Path:
    """Write ``Packages``, which makes ``directory`` a flat repository that apt can install from.

    Raises:
        CommandError: a file is not a package.
    """
    stanzas = []
    for file in sorted(files):
        control = run(["dpkg-deb", "--field", str(file)], say=say).decode().rstrip("\n")
        stanzas.append(
            f"{control}\nFilename: ./{file.name}\nSize: {file.stat().st_size}\n"
            f"SHA256: {hash_file(file)}\n"
        )
    index = directory / "Packages"
    index.write_text("\n".join(stanzas), encoding="utf-8")
    return index
