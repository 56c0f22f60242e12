"""Find an artifact of a bundle by the name and version that a task asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from kplay.bundle.compare import problem_of
from kplay.bundle.model import LOCK_FILE, BundleInputError, load_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kplay.bundle.model import Artifact, Lock


class LackingError(BundleInputError):
    """There is no such bundle, or it has no such artifact: building it would help."""


class AmbiguousError(BundleInputError):
    """Several artifacts answer to what was asked for."""


@dataclass(frozen=True)
class Found:
    """One file of a bundle; ``images`` are those that it holds, where it is an archive of them."""

    file: Path
    artifact: Artifact
    images: tuple[Artifact, ...] = ()


def find(directory: Path, name: str, version: str = "") -> Found:
    """Give the artifact of that name in the bundle in ``directory``.

    An archive of images goes by its file's name without the ending, as well as by the name of each
    image in it. A version's ``v`` may be left out.
    Without ``version`` it is any that the bundle has exactly one of.

    Raises:
        LackingError: there is no bundle, or it has none of the name, or not of the version.
        AmbiguousError: it has several of the name.
        BundleInputError: its lock file cannot be read.
    """
    lock = _lock(directory)
    named = [one for one in lock.artifacts if name in _names(one)]
    plain = version.removeprefix("v")
    fits = [one for one in named if plain in ("", one.version.removeprefix("v"))]
    if not named:
        raise LackingError(f"the bundle at {directory} has no `{name}`")
    if not fits:
        has = _listed(one.version for one in named)
        raise LackingError(
            f"the bundle at {directory} has no `{name}` of version {version}, only of {has}"
        )
    if len({one.path for one in fits}) > 1:
        by = "version" if len({one.version for one in fits}) > 1 else "path"
        has = _listed(getattr(one, by) for one in fits)
        raise AmbiguousError(f"the bundle at {directory} has several of `{name}`, by {by}: {has}")
    images = (one for one in lock.artifacts if one.kind == "image" and one.path == fits[0].path)
    return Found(directory / fits[0].path, fits[0], tuple(images))


def fault_of(directory: Path, found: Found, digest: Callable[[Path], str]) -> str:
    """Say how an artifact's file is not as the lock says; nothing where it is.

    ``digest`` gives the SHA-256 of a file's bytes.
    """
    problem = problem_of(directory, found.artifact, digest)
    return f"`{problem.path}` of the bundle at {directory} {problem.message}" if problem else ""


def _names(artifact: Artifact) -> set[str]:
    archive = PurePosixPath(artifact.path).stem
    return {artifact.name, archive} if artifact.kind == "image" else {artifact.name}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(set(words)))


def _lock(directory: Path) -> Lock:
    try:
        stat = (directory / LOCK_FILE).stat()
    except OSError as error:
        message = f"no bundle at {directory}: {LOCK_FILE} is not there"
        raise LackingError(message) from error
    return _read(directory, stat.st_ino, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _read(directory: Path, inode: int, changed: int) -> Lock:
    """The lock file, read once while it stays as it is."""
    del inode, changed
    return load_lock(directory)
