"""Writes and edits vaulted files on the controller, each change whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, KplayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


def read(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror}"
        raise InputError(Diagnostic("unreadable-file", message, None)) from error


def write(path: Path, data: bytes) -> None:
    """Put bytes in the place of a file's content; its mode and owner stay, a new one gets 0600.

    Raises:
        InputError: it cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        before = target.stat() if target.exists() else None
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                if before is not None:
                    _like(stream.fileno(), before)
                os.fsync(stream.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"cannot write `{path}`: {error.strerror}"
        raise InputError(Diagnostic("unwritable-file", message, None)) from error


def _like(descriptor: int, before: os.stat_result) -> None:
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def edited(data: bytes, name: str) -> bytes:
    """What the user makes of some bytes in ``$EDITOR``.

    They lie in a file of mode 0600 in a directory of mode 0700 while the editor runs.

    Raises:
        KplayError: the editor cannot be run, or fails.
    """
    argv = shlex.split(os.environ.get("EDITOR", "")) or ["vi"]
    with _unbroken(), tempfile.TemporaryDirectory(prefix="kplay-vault-") as folder:
        path = Path(folder) / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        try:
            done = subprocess.run([*argv, str(path)], check=False)
        except OSError as error:
            message = f"cannot run the editor `{argv[0]}` of $EDITOR: {error.strerror}"
            raise InputError(Diagnostic("no-editor", message, None)) from error
        if done.returncode:
            raise KplayError(f"`{argv[0]}` ended with {done.returncode}: nothing was changed")
        return read(path)


@contextlib.contextmanager
def _unbroken() -> Iterator[None]:
    """Ctrl-C is the editor's while it runs; other signals end kplay with its files removed."""

    def end(signum: int, frame: FrameType | None) -> None:
        del frame
        raise KplayError(f"ended by {signal.Signals(signum).name}: nothing was changed")

    try:
        before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
        before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread: the caller owns the signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
