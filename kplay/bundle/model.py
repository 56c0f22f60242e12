"""What a bundle is: artifacts with their digests, kept in a lock file beside them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from kplay.errors import ExitCode, KplayError

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FILE = "bundle.lock.json"
SCHEMA = 1

Kind = Literal["binary", "package", "image", "index", "archive", "chart", "list"]


class BundleError(KplayError):
    """A bundle could not be made, or what was fetched for it is not what was pinned."""


class BundleInputError(KplayError):
    """The directory named is no bundle, or the component list is not one."""

    exit_code = ExitCode.BAD_INPUT


@dataclass(frozen=True)
class Artifact:
    """One file of a bundle.

    ``path`` is relative to the bundle's directory, POSIX style; ``sha256`` 64 hexadecimal
    digits; ``size`` in bytes; ``source`` says where the bytes come from (a module with its
    version, a distribution's package, a URL). Of an image, ``reference`` is the name that it is
    imported as and ``digest`` its manifest's (``sha256:…``); both are empty otherwise.
    """

    name: str
    kind: Kind
    path: str
    sha256: str
    size: int
    version: str
    source: str
    reference: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Lock:
    """All of a bundle's artifacts, sorted by path, and the Kubernetes version they make up."""

    kubernetes: str
    artifacts: tuple[Artifact, ...]
    schema: int = SCHEMA


@dataclass(frozen=True)
class Problem:
    """A file that is not as the lock says; ``path`` is relative to the bundle's directory."""

    path: str
    message: str


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write ``document`` at ``path`` so that a reader sees the old file or the new, whole."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def save_lock(directory: Path, lock: Lock) -> None:
    """Write the lock file of the bundle in ``directory``."""
    write_json(directory / LOCK_FILE, asdict(lock))


def load_lock(directory: Path) -> Lock:
    """Read the lock file of the bundle in ``directory``.

    Raises:
        BundleInputError: there is none, or it is not of a schema that this kplay reads.
    """
    path = directory / LOCK_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleInputError(f"no bundle at {directory}: {LOCK_FILE} is not there") from None
    except (OSError, ValueError) as error:
        raise BundleInputError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BundleInputError(f"{path} is not a lock file of schema {SCHEMA}")
    try:
        return Lock(
            kubernetes=str(document["kubernetes"]),
            artifacts=tuple(to_artifact(one) for one in document["artifacts"]),
        )
    except (KeyError, TypeError) as error:
        raise BundleInputError(f"{path} is damaged: {error}") from error


def to_artifact(document: dict[str, Any]) -> Artifact:
    """Make an artifact of its JSON object.

    Raises:
        TypeError: a field is missing, unknown or of an unknown kind.
    """
    artifact = Artifact(**document)
    if artifact.kind not in get_args(Kind):
        raise TypeError(f"unknown kind of artifact: {artifact.kind!r}")
    return artifact
