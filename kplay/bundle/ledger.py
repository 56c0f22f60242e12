"""What a build has finished so far, so that the next one goes on from there."""

from __future__ import annotations

import fcntl
import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kplay.bundle.model import Artifact, hash_file, to_artifact, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class Ledger:
    """Finished parts of a bundle, each under its name with the key of what it was made from."""

    def __init__(self, path: Path, directory: Path) -> None:
        self._path = path
        self._directory = directory
        try:
            self._parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or cut off: everything is made again
            self._parts = {}

    def __str__(self) -> str:
        return str(self._directory)

    def artifacts(self) -> list[Artifact]:
        """Give what is noted of all parts, whether it is there or not."""
        noted = (one for part in self._parts.values() for one in part["artifacts"])
        return [to_artifact(one) for one in noted]

    def take(self, part: str, key: str, root: Path) -> list[Artifact] | None:
        """Find a part and have its files in the bundle at ``root`` too, without copying them.

        A file that is there already must be the same one.
        """
        found = self.find(part, key)
        for one in found or ():
            target = root / one.path
            if target.exists():
                if hash_file(target) == one.sha256:
                    continue
                target.unlink()
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(self._directory / one.path)
            except OSError:  # another file system, or one without links
                shutil.copyfile(self._directory / one.path, target)
        return found

    def part_from_others(self, part: str) -> None:
        """Remove a part's files that other bundles have too: they are not to be written over."""
        for one in self._parts.get(part, {"artifacts": ()})["artifacts"]:
            file = self._directory / one["path"]
            if file.is_file() and file.stat().st_nlink > 1:
                file.unlink()

    def find(self, part: str, key: str) -> list[Artifact] | None:
        """Give the artifacts of ``part`` if it was made under ``key`` and its files are intact."""
        noted = self._parts.get(part)
        if noted is None or noted["key"] != key:
            return None
        artifacts = [to_artifact(one) for one in noted["artifacts"]]
        intact = all(self._intact(one) for one in artifacts)
        return artifacts if intact else None

    def _intact(self, artifact: Artifact) -> bool:
        file = self._directory / artifact.path
        return (
            file.is_file()
            and file.stat().st_size == artifact.size
            and hash_file(file) == artifact.sha256
        )

    def note(self, part: str, key: str, artifacts: Sequence[Artifact]) -> None:
        """Record that ``part`` is there."""
        self._parts[part] = {"key": key, "artifacts": [asdict(one) for one in artifacts]}
        write_json(self._path, self._parts)


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock on ``path`` while the block runs; call ``waiting`` if another holds it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
