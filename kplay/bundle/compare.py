"""Compare a bundle's files with its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.bundle.model import LOCK_FILE, Problem, hash_file, load_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.bundle.model import Artifact


def verify(directory: Path) -> list[Problem]:
    """Hash every file of the bundle again; give what is not as the lock says, sorted by path.

    Files and directories of the bundle whose name begins with a dot are the builder's own and
    are not looked at.

    Raises:
        BundleInputError: the directory holds no bundle.
    """
    lock = load_lock(directory)
    named = {one.path: one for one in lock.artifacts}
    problems = [problem for one in lock.artifacts if (problem := problem_of(directory, one))]
    for file in directory.rglob("*"):
        path = file.relative_to(directory)
        if any(part.startswith(".") for part in path.parts):
            continue
        if not file.is_dir() and path.as_posix() not in {*named, LOCK_FILE}:
            problems.append(Problem(path.as_posix(), "is not in the lock"))
    return sorted(problems, key=lambda problem: problem.path)


def problem_of(
    directory: Path, artifact: Artifact, digest: Callable[[Path], str] = hash_file
) -> Problem | None:
    """Compare one file with the lock; ``digest`` gives the SHA-256 of a file's bytes."""
    file = directory / artifact.path
    if not file.resolve().is_relative_to(directory.resolve()):
        return Problem(artifact.path, "leads out of the bundle")
    if not file.is_file():
        return Problem(artifact.path, "is missing")
    size = file.stat().st_size
    if size != artifact.size:
        return Problem(artifact.path, f"has {size} bytes, expected {artifact.size}")
    found = digest(file)
    if found != artifact.sha256:
        return Problem(artifact.path, f"has SHA-256 {found}, expected {artifact.sha256}")
    return None
