"""What a build has finished so far, so that the next one goes on from there."""

from __future__ import annotations

import fcntl
import json
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
