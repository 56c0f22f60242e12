"""The contract of a controller half: from a bound task to an answer, or to calls of modules.

An action never touches a host. It answers at once (set_fact, debug, assert), or says which module
the agent is to call with which arguments and files (template becomes copy with content), and may
finish the result when it comes back (fetch writes a file on the controller).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.agent.session import BlobSource
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.vault.envelope import HEADER, is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.inventory.model import Inventory
    from kplay.playbook.model import Play, Task
    from kplay.resolve.scope import Scope

_NO = ("false", "no", "off", "0", "n", "f")
INLINE = 16 * 1024
"""Texts up to this many bytes travel inside the step; larger ones only when the host lacks them."""


@dataclass(slots=True)
class Context:
    """What an action may use. ``args`` are rendered, without omitted ones; may hold Unknown."""

    host: str
    task: Task
    play: Play
    scope: Scope
    args: dict[str, Any]
    planning: bool
    find_file: Callable[[str, str], Path]
    """(kind, name) -> path; kind is files, templates or vars. Raises InputError."""
    agreed: bool = False
    """Whether the host looks at it as a plan does before it applies it: a plan file is run."""
    no_log: bool = False
    diff: bool = False
    """Whether the texts before and after are shown."""
    secrets: set[str] = field(default_factory=set)
    """Values that must never be shown; the action adds those it comes by."""
    sealed: bool = False
    """Whether it read an encrypted file, whose lines no diff may show."""


@dataclass(slots=True)
class Answer:
    """A result that needed no host."""

    result: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    """Variables to set on the host with the precedence of set_fact."""
    cacheable: bool = False
    """Whether the variables are facts too, which a cache keeps."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Variables to set with the precedence of include_vars."""
    causes: tuple[str, ...] = ()
    """Why part of the result is not known yet."""
    after: float = 0.0
    """Seconds until it is an answer; a plan does not wait."""
    grow: Callable[[Inventory], None] | None = None
    """What it adds to the inventory, for the plays below."""


@dataclass(slots=True)
class Call:
    """A module to call on the host. ``finish`` turns its return fields into the task's."""

    module: str
    args: dict[str, Any]
    blobs: dict[str, BlobSource] = field(default_factory=dict)
    finish: Callable[[dict[str, Any], bool], dict[str, Any]] | None = None
    """(result fields, planning) -> result fields."""
    added: dict[str, Any] = field(default_factory=dict)
    """What the controller knows of the result beside the host, unless it fails."""
    facts: tuple[str, ...] = ()
    """Names of facts that it gives, of which a plan cannot tell more."""


Outcome = Answer | list[Call]


def fault(
    context: Context, code: str, message: str, argument: str = "", hints: tuple[str, ...] = ()
) -> InputError:
    """An error that points at an argument of the task, or at the task."""
    given = context.task.args.get(argument) if argument else None
    span = given.span if given is not None else context.task.span
    return InputError(Diagnostic(code, message, span, help=hints))


def sealed_file(context: Context, path: Path) -> bytes | None:
    """What an encrypted file holds, unless the task says ``decrypt: false``; None of plain ones.

    Raises:
        InputError: no password opens it.
    """
    with path.open("rb") as stream:
        sealed = is_sealed(stream.read(len(HEADER) + 1))
    if not sealed or str(context.args.get("decrypt", True)).lower() in _NO:
        return None
    return context.scope.store.vault.read(path)[0]


def source_content(context: Context, path: Path) -> tuple[Any, dict[str, BlobSource]]:
    """As ``file_content``, of a file that the user wrote and may have encrypted."""
    opened = sealed_file(context, path)
    if opened is None:
        return file_content(path)
    context.sealed = True
    return bytes_content(opened)


def file_content(path: Path) -> tuple[Any, dict[str, BlobSource]]:
    """A ``content`` argument for a file of the controller, and the blob behind it if any."""
    stat = path.stat()
    if stat.st_size <= INLINE:
        return bytes_content(path.read_bytes())
    digest = digest_of(path)
    blob = BlobSource(digest, stat.st_size, path)
    return {"$blob": digest, "size": stat.st_size}, {digest: blob}


def bytes_content(data: bytes) -> tuple[Any, dict[str, BlobSource]]:
    """A ``content`` argument for bytes: the text itself when small, else a blob."""
    if len(data) <= INLINE:
        try:
            return data.decode("utf-8"), {}
        except UnicodeDecodeError:
            pass
    blob = BlobSource.of_bytes(data)
    return {"$blob": blob.sha256, "size": blob.size}, {blob.sha256: blob}


def digest_of(path: Path) -> str:
    """SHA-256 of a file of the controller, hexadecimal; taken once while it stays as it is."""
    stat = path.stat()
    return _digest(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: str, size: int, mtime_ns: int) -> str:
    del size, mtime_ns
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
