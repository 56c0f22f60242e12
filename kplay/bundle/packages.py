"""Gather packages of the distribution, with what they need, through apt.

apt works in a state directory of its own: nothing of the building host's package state is read
or changed but its list of sources and its keys, which verify what is fetched.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError, hash_file
from kplay.bundle.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PLANNED = re.compile(r"^Inst (\S+) \((\S+) ")
_RELEASE = re.compile(r'^VERSION_CODENAME="?([^"\n]*)', re.MULTILINE)


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

    def download(self, versions: dict[str, str], target: Path) -> None:
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
    names: Iterable[str], exact: Iterable[str], target: Path, apt: Apt
) -> list[tuple[str, str, Path]]:
    """Fetch ``names`` with what they need beyond the required packages, and ``exact`` alone.

    Return (name, version, file) of each, sorted by name; the files are named as in the
    distribution's archive.

    Raises:
        CommandError: apt failed.
    """
    names = list(names)
    apt.update()
    everything = apt.closure([*names, *exact])
    base = apt.closure(apt.required())
    chosen = {
        name: version
        for name, version in everything.items()
        if name in {*names, *exact} or name not in base
    }
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    apt.download(chosen, target)
    files = sorted(target.glob("*.deb"))
    return [(*file.name.split("_")[:2], file) for file in files]  # type: ignore[misc]


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
